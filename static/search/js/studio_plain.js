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
  #placed = false;

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
    this.#placed = true;
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
    if (!this.#placed) return;
    if (this.#lasts) this.#way = Math.min(1, (performance.now() - this.#began) / this.#lasts);
    const pixels = this.#blank();
    const positions = between(this.#from, this.#to, eased(this.#way));
    this.size = pointSize(this.n, this.#camera);
    for (const marked of [false, true]) this.#dots(pixels, positions, marked);
    this.#context.putImageData(this.#image, 0, 0);
    this.drawnAt = performance.now();
    if (!this.#canvas.dataset.drawn) performance.mark("studio-all-points");
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
    const colours = this.#colours;
    const [right, down] = [(width - side) / 2, (height - side) / 2];
    for (let at = 0; at < this.n; at += 1) {
      const kind = colours[4 * at + 3];
      if (kind === 0 || kind > 200 !== marked) continue;
      const x = Math.round((positions[2 * at] - left) * scale + right);
      const y = Math.round((top - positions[2 * at + 1]) * scale + down);
      if (x <= -side || y <= -side || x >= w || y >= h) continue;
      square(pixels, w, h, x, y, side, marked ? WHITE : pixel(colours, at, this.#faded));
      if (marked && side > 2) square(pixels, w, h, x + 1, y + 1, side - 2, pixel(colours, at, 1));
    }
  }
}

function pixel(colours, at, share) {
  const red = colours[4 * at] * share + (SPACE & 255) * (1 - share);
  const green = colours[4 * at + 1] * share + ((SPACE >> 8) & 255) * (1 - share);
  const blue = colours[4 * at + 2] * share + ((SPACE >> 16) & 255) * (1 - share);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function square(pixels, w, h, x, y, side, colour) {
  const left = Math.max(0, x);
  const right = Math.min(w, x + side);
  const bottom = Math.min(h, y + side);
  for (let j = Math.max(0, y); j < bottom; j += 1) for (let i = j * w + left; i < j * w + right; i += 1) pixels[i] = colour;
}
