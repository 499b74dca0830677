/** Where in the world the tiles are: the dataset's own map, small, each tile in its colour; unmarked ones are pale. */
import { hex, onScheme } from "./colours.js";
import { one } from "./elements.js";
import { count } from "./format.js";

const WIDE = 360; // CSS pixels drawn, at most
const PALE = 0.18; // of the colour of what is not marked, once something is

export class Inset {
  #element = one("inset");
  #canvas = document.createElement("canvas");
  #studio; #map; #grid; #bits;
  #places = null;
  #asked = false;

  /** grid, bits: as the page's configuration has them */
  constructor({ studio, map, grid, bits }) {
    [this.#studio, this.#map, this.#grid, this.#bits] = [studio, map, grid, bits];
    this.#element.append(this.#canvas);
    for (const [teller, kind] of [[studio, "marked"], [map, "legend"]]) teller.addEventListener(kind, () => this.#ask());
    new IntersectionObserver(() => this.#ask()).observe(this.#element);
    onScheme(() => this.#ask());
    studio.keys.then((keys) => {
      this.#places = this.#located(new Uint32Array(keys.buffer));
      this.#ask();
    }, ({ message }) => studio.say(message, "error"));
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
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
    one("inset-words").textContent = markedCount ? `${count(markedCount)} marked among ${count(inView)} in the view.` : `${count(inView)} in the view; mark some to see them stand out.`;
    const width = Math.min(WIDE, this.#element.clientWidth);
    if (!this.#places || !this.#map.colours || !width) return;
    const { extent: [west, south, east, north] } = this.#grid;
    const ratio = Math.min(2, devicePixelRatio);
    const size = { width: Math.round(width * ratio), height: Math.round(width * ratio * Math.min(1, (north - south) / (east - west))) };
    if (this.#canvas.width !== size.width || this.#canvas.height !== size.height) Object.assign(this.#canvas, size);
    const context = this.#canvas.getContext("2d");
    const picture = context.createImageData(size.width, size.height);
    this.#squares(picture, (row) => view[row], markedCount ? PALE : 1);
    if (markedCount) this.#squares(picture, (row) => view[row] && marked[row], 1);
    context.putImageData(picture, 0, 0);
  }

  /** share: of a tile's colour, the rest is the ground's */
  #squares(picture, wanted, share) {
    const pixels = new Uint32Array(picture.data.buffer);
    const { width, height } = picture;
    const { colours } = this.#map;
    const places = this.#places;
    const ground = [1, 3, 5].map((at) => parseInt(hex("--surface-sunken", this.#element).slice(at, at + 2), 16) * (1 - share));
    for (let row = 0; row < this.#studio.tiles; row += 1) {
      if (!wanted(row)) continue;
      const red = colours[3 * row] * share + ground[0];
      const green = colours[3 * row + 1] * share + ground[1];
      const blue = colours[3 * row + 2] * share + ground[2];
      const ink = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
      const left = places[3 * row] * width;
      const top = places[3 * row + 1] * width;
      const side = places[3 * row + 2] * width;
      const x = Math.max(0, Math.floor(left));
      const right = Math.min(width, Math.ceil(left + side));
      const y = Math.max(0, Math.floor(top));
      const bottom = Math.min(height, Math.ceil(top + side));
      for (let line = y; line < bottom; line += 1) for (let at = line * width + x; at < line * width + right; at += 1) pixels[at] = ink;
    }
  }
}
