/** The points without WebGL: pixels of a plain canvas, reckoned by the processor.  The same methods as Drawing. */
import { between, coloursIn, eased, placesIn, pointSize, shuffled } from "./studio_order.js";

const SPACE = 0xff140b06; // --map-space, as a pixel: alpha, blue, green, red
const WHITE = 0xffffffff;

export class PlainDrawing {
  size = 1;
  drawnAt = 0;
  inPortions = false;
  #context; #canvas; #camera; #order; #from; #to; #colours;
  #faded = 1;
  #way = 1;
  #began = 0;
  #lasts = 0;
  #asked = false;
  #image = null;

  constructor(canvas, camera, n) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#camera = camera;
    this.#order = shuffled(n);
    this.#from = this.#to = new Float32Array(2 * n);
    this.#colours = new Uint8Array(4 * n);
    camera.addEventListener("move", () => this.#ask());
  }

  get n() { return this.#order.length; }

  place(positions, ms = 0) {
    const to = placesIn(positions, this.#order);
    this.#from = ms ? between(this.#from, this.#to, eased(this.#way)) : to;
    [this.#to, this.#way, this.#began, this.#lasts] = [to, ms ? 0 : 1, performance.now(), ms];
    this.#ask();
  }

  paint(colours, faded) {
    this.#colours = coloursIn(colours, this.#order);
    this.#faded = faded;
    this.#ask();
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#asked = false;
    if (this.#lasts) this.#way = Math.min(1, (performance.now() - this.#began) / this.#lasts);
    const pixels = this.#blank();
    const positions = between(this.#from, this.#to, eased(this.#way));
    this.size = pointSize(this.n, this.#camera);
    for (const marked of [false, true]) this.#dots(pixels, positions, marked);
    this.#context.putImageData(this.#image, 0, 0);
    this.drawnAt = performance.now();
    this.#canvas.dataset.drawn = String(Number(this.#canvas.dataset.drawn ?? 0) + 1);
    if (this.#way < 1) this.#ask();
  }

  /** Uint32Array, one a pixel */
  #blank() {
    const [width, height] = [Math.round(this.#camera.width), Math.round(this.#camera.height)];
    if (this.#canvas.width !== width || this.#canvas.height !== height || !this.#image) {
      Object.assign(this.#canvas, { width, height });
      this.#image = this.#context.createImageData(width, height);
    }
    return new Uint32Array(this.#image.data.buffer).fill(SPACE);
  }

  #dots(pixels, positions, marked) {
    const { x: left, y: top, scale, width, height } = this.#camera;
    const [w, h] = [this.#canvas.width, this.#canvas.height];
    const side = Math.max(1, Math.round(this.size) + (marked ? 2 : 0));
    for (let at = 0; at < this.n; at += 1) {
      const kind = this.#colours[4 * at + 3];
      if (kind === 0 || kind > 200 !== marked) continue;
      const x = Math.round((positions[2 * at] - left) * scale + width / 2 - side / 2);
      const y = Math.round((top - positions[2 * at + 1]) * scale + height / 2 - side / 2);
      if (x <= -side || y <= -side || x >= w || y >= h) continue;
      square(pixels, w, h, x, y, side, marked ? WHITE : this.#pixel(at, this.#faded));
      if (marked && side > 2) square(pixels, w, h, x + 1, y + 1, side - 2, this.#pixel(at, 1));
    }
  }

  #pixel(at, share) {
    const [red, green, blue] = [0, 1, 2].map((part) => (
      Math.round(this.#colours[4 * at + part] * share + ((SPACE >> (8 * part)) & 255) * (1 - share))
    ));
    return (255 << 24) | (blue << 16) | (green << 8) | red;
  }
}

function square(pixels, w, h, x, y, side, colour) {
  const [left, right] = [Math.max(0, x), Math.min(w, x + side)];
  for (let j = Math.max(0, y); j < Math.min(h, y + side); j += 1) pixels.fill(colour, j * w + left, j * w + right);
}
