/** Where in the world the marked tiles are: the dataset's own map, small, a dot a tile. */
import { hex, onScheme } from "./colours.js";
import { one } from "./elements.js";
import { count } from "./format.js";

const WIDE = 360; // CSS pixels drawn, at most

export class Inset {
  #element = one("inset");
  #canvas = document.createElement("canvas");
  #studio; #grid; #bits;
  #places = null;
  #background = null;

  /** grid, bits: as the page's configuration has them */
  constructor({ studio, grid, bits }) {
    [this.#studio, this.#grid, this.#bits] = [studio, grid, bits];
    this.#element.append(this.#canvas);
    for (const kind of ["marked", "view"]) studio.addEventListener(kind, () => this.#later(kind));
    new IntersectionObserver(() => this.#draw()).observe(this.#element);
    onScheme(() => {
      this.#background = null;
      this.#draw();
    });
    studio.keys.then((keys) => {
      this.#places = this.#located(new Uint32Array(keys.buffer));
      this.#draw();
    }, ({ message }) => studio.say(message, "error"));
  }

  #later(kind) {
    if (kind === "view") this.#background = null;
    requestAnimationFrame(() => this.#draw());
  }

  /** Lower halves of the keys → Float32Array(3n): left, top and side, in widths of the map, to the right and down */
  #located(halves) {
    const { origin, extent: [west, , east, north], levels } = this.#grid;
    const spans = levels.map(({ span }) => span);
    const part = (half, name) => (half >>> this.#bits[name].shift) & (2 ** this.#bits[name].width - 1);
    const found = new Float32Array(this.#studio.tiles * 3);
    for (let row = 0; row < this.#studio.tiles; row += 1) {
      const half = halves[2 * row];
      const moved = part(half, "offset") / 2;
      const span = spans[part(half, "level")];
      found[3 * row] = (origin[0] + (part(half, "col") + moved) * span - west) / (east - west);
      found[3 * row + 1] = (north - origin[1] + (part(half, "row") + moved) * span) / (east - west);
      found[3 * row + 2] = span / (east - west);
    }
    return found;
  }

  #draw() {
    const { markedCount, marked, inView, view } = this.#studio;
    one("inset-words").textContent = markedCount ? `${count(markedCount)} marked among ${count(inView)} in the view.` : `${count(inView)} in the view; marked ones light up.`;
    const width = Math.min(WIDE, this.#element.clientWidth);
    if (!this.#places || !width) return;
    const { extent: [west, south, east, north] } = this.#grid;
    const ratio = Math.min(2, devicePixelRatio);
    const size = { width: Math.round(width * ratio), height: Math.round(width * ratio * Math.min(1, (north - south) / (east - west))) };
    if (this.#canvas.width !== size.width || this.#canvas.height !== size.height) {
      Object.assign(this.#canvas, size);
      this.#background = null;
    }
    const context = this.#canvas.getContext("2d");
    this.#background ??= this.#squares(context.createImageData(size.width, size.height), view, hex("--border-strong", this.#element));
    const picture = new ImageData(this.#background.data.slice(), size.width, size.height);
    if (markedCount) this.#squares(picture, marked, hex("--accent", this.#element), view);
    context.putImageData(picture, 0, 0);
  }

  #squares(picture, mask, colour, also = mask) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    const pixels = new Uint32Array(picture.data.buffer);
    const ink = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    for (let row = 0; row < mask.length; row += 1) {
      if (!mask[row] || !also[row]) continue;
      const [left, top, side] = [0, 1, 2].map((at) => this.#places[3 * row + at] * picture.width);
      const [x, right] = [Math.max(0, Math.floor(left)), Math.min(picture.width, Math.ceil(left + side))];
      const [y, bottom] = [Math.max(0, Math.floor(top)), Math.min(picture.height, Math.ceil(top + side))];
      for (let line = y; line < bottom; line += 1) pixels.fill(ink, line * picture.width + x, line * picture.width + right);
    }
    return picture;
  }
}
