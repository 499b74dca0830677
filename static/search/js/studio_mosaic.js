/**
 * Thumbnails over the map: a grid that zooms with it in steps of two, in each cell the tile nearest to its middle.
 * So one sees what the axes mean.
 */
import { cleared } from "./studio_canvas.js";
import { pictured } from "./studio_words.js";

const SIDE = 56; // CSS pixels of a cell at its smallest; the next step comes at twice that
const NARROW = [600, 40]; // screens less wide than this have smaller cells
const AT_ONCE = 6; // pictures on their way
const KEPT = 3000; // pictures
const TOGETHER = 300; // tiles

export class Mosaic {
  shown = false;
  #canvas; #context; #map; #book; #studio;
  #cells = new Map();
  #pictures = new Map();
  #queue = [];
  #loading = 0;
  #asked = false;

  constructor(canvas, { map, book, studio }) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    [this.#map, this.#book, this.#studio] = [map, book, studio];
    map.camera.addEventListener("move", () => this.ask());
    for (const [teller, kind] of [[map, "placed"], [studio, "view"], [studio, "marked"]]) teller.addEventListener(kind, () => this.#anew(kind));
  }

  show(shown) {
    this.shown = shown;
    this.#canvas.hidden = !shown;
    this.ask();
  }

  ask() {
    if (this.#asked || !this.shown) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #anew(kind) {
    if (kind !== "marked") this.#cells.clear();
    this.ask();
  }

  #draw() {
    this.#asked = false;
    const { camera } = this.#map;
    cleared(this.#canvas, camera);
    if (!this.#map.positions) return;
    const step = Math.floor(Math.log2(camera.scale / (camera.width < NARROW[0] ? NARROW[1] : SIDE))); // a cell is 2^-step wide
    this.#queue = [];
    for (const [i, j] of this.#inSight(step)) this.#cell(step, i, j);
    for (const row of this.#queue.slice(0, TOGETHER)) this.#book.get(row); // asked for in one request
    this.#load();
  }

  /** [column, row] of the cells that the screen shows, from its middle outwards */
  #inSight(step) {
    const { camera } = this.#map;
    const width = 2 ** -step;
    const [[west, north], [east, south]] = [camera.toMap(0, 0), camera.toMap(camera.width, camera.height)];
    const found = [];
    for (let i = Math.floor(Math.max(-1, west) / width); i * width <= Math.min(1, east); i += 1) {
      for (let j = Math.floor(Math.max(-1, south) / width); j * width <= Math.min(1, north); j += 1) found.push([i, j]);
    }
    const away = ([i, j]) => Math.hypot((i + 0.5) * width - camera.x, (j + 0.5) * width - camera.y);
    return found.sort((one, other) => away(one) - away(other));
  }

  #cell(step, i, j) {
    const row = this.#rowOf(step, i, j);
    if (row < 0) return;
    const width = 2 ** -step;
    const side = width * this.#map.camera.scale;
    const [x, y] = this.#map.camera.toScreen(i * width, (j + 1) * width);
    const picture = this.#pictures.get(row);
    if (picture?.complete && picture.naturalWidth) this.#paint(picture, row, x, y, side);
    else if (!picture) this.#queue.push(row);
  }

  #rowOf(step, i, j) {
    const name = `${step}/${i}/${j}`;
    if (!this.#cells.has(name)) {
      const width = 2 ** -step;
      const [x, y] = [(i + 0.5) * width, (j + 0.5) * width];
      const row = this.#map.index.nearest(x, y, width * 0.7072, this.#studio.view);
      const { positions } = this.#map;
      const inCell = (value, at) => Math.floor(value / width) === at; // a point on an edge belongs to one cell only
      const within = row >= 0 && inCell(positions[2 * row], i) && inCell(positions[2 * row + 1], j);
      this.#cells.set(name, within ? row : -1);
    }
    return this.#cells.get(name);
  }

  #paint(picture, row, x, y, side) {
    const context = this.#context;
    const { naturalWidth: w, naturalHeight: h } = picture;
    const part = Math.min(w, h); // the middle square of a picture that is none
    context.fillStyle = "#060b14"; // --map-space, so that no points show between the pictures
    context.fillRect(x, y, side, side);
    context.drawImage(picture, (w - part) / 2, (h - part) / 2, part, part, x + 1, y + 1, side - 2, side - 2);
    if (!this.#studio.marked[row]) return;
    context.strokeStyle = "#ffffff";
    context.lineWidth = 3;
    context.strokeRect(x + 2.5, y + 2.5, side - 5, side - 5);
  }

  #load() {
    while (this.#loading < AT_ONCE && this.#queue.length) {
      const rows = this.#queue.splice(0, AT_ONCE - this.#loading);
      this.#loading += rows.length;
      for (const row of rows) this.#fetch(row);
    }
  }

  async #fetch(row) {
    if (this.#pictures.size > KEPT) this.#pictures.clear();
    const picture = new Image();
    this.#pictures.set(row, picture);
    try {
      picture.src = pictured(await this.#book.get(row), 128);
      await picture.decode();
    } catch {
      this.#pictures.set(row, { complete: false }); // a picture that cannot be had leaves its points to be seen
    }
    this.#loading -= 1;
    this.ask();
    this.#load();
  }
}
