/** The map of embeddings: positions, colours and what is drawn of them, in step with the studio's state. */
import { Camera } from "./studio_camera.js";
import { coloured } from "./studio_colours.js";
import { Drawing } from "./studio_drawing.js";
import { PointIndex } from "./studio_index.js";
import { PlainDrawing } from "./studio_plain.js";
import { quick } from "./motion.js";

const FLIGHT = 900; // milliseconds from one map to another
const FADED = 0.38; // of the colour of what is not marked, once something is
const NEAR = 12; // pixels in which a click finds a point
const NEAR_FINGER = 24;

/** Tells "legend" when colours mean something else, "placed" when points lie elsewhere. */
export class StudioMap extends EventTarget {
  camera = new Camera();
  drawing;
  positions = null;
  legend = { kind: "none", entries: [] };
  colours = null; // Uint8Array(3n): red, green and blue by row
  #studio;
  #index = null;
  #number = 0;

  constructor(canvas, studio) {
    super();
    this.#studio = studio;
    this.drawing = drawn(canvas, this.camera, studio);
    studio.addEventListener("colour", () => this.recolour());
    studio.addEventListener("view", () => this.recolour());
    studio.addEventListener("selection", () => studio.colour === "@selection" && this.recolour());
    studio.addEventListener("marked", () => this.#paint());
  }

  /** positions: Float32Array(2n) */
  place(positions) {
    const first = this.positions === null;
    this.positions = positions;
    this.#index = null;
    if (!this.colours) this.colours = coloured(null, null, this.#studio.view).colours; // until those asked for are here
    if (first) this.#paint();
    this.drawing.place(positions, first ? 0 : quick(FLIGHT));
    globalThis.requestIdleCallback?.(() => this.index, { timeout: 3000 }); // sorted before the first hand comes near
    this.dispatchEvent(new Event("placed"));
  }

  async recolour() {
    const number = ++this.#number;
    const { colour } = this.#studio;
    const values = colour ? await this.#studio.values(colour).catch((error) => this.#refused(error)) : null;
    if (number !== this.#number) return;
    const column = this.#studio.column(colour) ?? { name: colour, kind: "number" };
    const found = coloured(column, values, this.#studio.view);
    this.colours = found.colours;
    this.legend = found.legend;
    this.#paint();
    this.dispatchEvent(new Event("legend"));
  }

  /** The row under a point of the screen; -1: none. */
  at(x, y, finger = false) {
    if (!this.positions) return -1;
    const reach = Math.max(this.drawing.size, finger ? NEAR_FINGER : NEAR) / this.camera.scale;
    return this.index.nearest(...this.camera.toMap(x, y), reach, this.#studio.view);
  }

  /** Rows inside a line of points of the screen. */
  inside(line) { return this.positions ? this.index.inside(line.map(([x, y]) => this.camera.toMap(x, y)), this.#studio.view) : []; }

  get index() {
    this.#index ??= new PointIndex(this.positions);
    return this.#index;
  }

  where(row) { return this.camera.toScreen(this.positions[2 * row], this.positions[2 * row + 1]); }

  /** Bring a tile into the middle, near enough that its neighbours are told apart. */
  find(row, zoom = Math.max(this.camera.zoom, 6)) {
    this.camera.look(this.positions[2 * row], this.positions[2 * row + 1], zoom);
  }

  #paint() {
    if (!this.colours) return;
    const { view, marked, markedCount, tiles } = this.#studio;
    const found = new Uint8Array(4 * tiles);
    const { colours } = this;
    for (let row = 0; row < tiles; row += 1) {
      found[4 * row] = colours[3 * row];
      found[4 * row + 1] = colours[3 * row + 1];
      found[4 * row + 2] = colours[3 * row + 2];
      found[4 * row + 3] = view[row] ? (marked[row] ? 255 : 128) : 0;
    }
    this.drawing.paint(found, markedCount ? FADED : 1);
  }

  #refused(error) {
    this.#studio.say(error.message, "error");
    return null;
  }
}

function drawn(canvas, camera, studio) {
  try {
    return new Drawing(canvas, camera, studio.tiles);
  } catch (error) {
    studio.withoutWebGL = error.message;
    return new PlainDrawing(canvas, camera, studio.tiles);
  }
}
