/**
 * A million points with WebGL2, smoothly also where a processor has to do a graphics card's work.
 *
 * Few points are drawn anew in every frame.  Many are drawn in portions, as large as a frame allows, onto a sheet
 * somewhat larger than the screen; what was drawn last is moved and stretched meanwhile, and where it does not reach a
 * random part of the points is drawn.  So dragging never waits for a million points.  docs/decisions/020.
 */
import { attribute, points, sheet, SPACE } from "./studio_gl.js";
import { arranged, between, eased, pointSize, shuffled } from "./studio_order.js";

const MARGIN = 0.15; // of the screen, that a sheet reaches beyond each side
const FEW = 50_000; // points that any machine draws within a frame
const STILL = 90; // milliseconds after the last movement
const FAST = 18; // milliseconds of a portion that may grow
const SLOW = 40;
const LEAST = 16_384; // points of a portion

export class Drawing {
  size = 1;
  drawnAt = 0; // when all points were last on the screen
  #canvas; #camera; #order; #gl;
  #from; #to; #colours; #upload;
  #way = 1;
  #began = 0;
  #lasts = 0;
  #faded = 1;
  #front = null; #back = null;
  #drawn = 0; #current = false; #fence = null; #sent = 0;
  #portion = 32_768;
  #direct = FEW;
  #moved = -Infinity;
  #ticked = -Infinity;
  #asked = false;
  #placed = false;
  #painted = false;
  #seen = false;

  /** Throws where the browser has no WebGL2. */
  constructor(canvas, camera, n) {
    this.#canvas = canvas;
    this.#camera = camera;
    this.#order = shuffled(n);
    this.#from = this.#to = new Float32Array(2 * n);
    this.#colours = new Uint8Array(4 * n);
    this.#begin();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.#begin());
    camera.addEventListener("move", () => this.#move());
  }

  get n() { return this.#order.length; }
  get inPortions() { return this.n > this.#direct; }

  /** positions: Float32Array(2n) by row; the points fly there in so many milliseconds */
  place(positions, ms = 0) {
    const to = arranged(positions, this.#order, 2);
    this.#from = ms ? between(this.#from, this.#to, eased(this.#way)) : to;
    [this.#to, this.#way, this.#began, this.#lasts] = [to, ms ? 0 : 1, performance.now(), ms];
    this.#placed = true;
    this.#upload.from(this.#from);
    this.#upload.to(this.#to);
    this.#renew();
  }

  /** colours: Uint8Array(4n) by row: red, green, blue, and 0 not in the view, 128 in it, 255 marked.  faded: 0 to 1 */
  paint(colours, faded) {
    this.#colours = arranged(colours, this.#order, 4);
    this.#faded = faded;
    this.#painted = true;
    this.#upload.colours(this.#colours);
    this.#renew();
  }

  #begin() {
    const gl = this.#canvas.getContext("webgl2", { antialias: false, alpha: false, depth: true, powerPreference: "high-performance" });
    if (!gl) throw new Error("no WebGL2");
    this.#gl = gl;
    this.#upload = { points: points(gl) };
    this.#upload.from = attribute(gl, 0, 2, gl.FLOAT);
    this.#upload.to = attribute(gl, 1, 2, gl.FLOAT);
    this.#upload.colours = attribute(gl, 2, 4, gl.UNSIGNED_BYTE);
    this.#upload.from(this.#from);
    this.#upload.to(this.#to);
    this.#upload.colours(this.#colours);
    this.#front = this.#back = this.#fence = null;
    gl.depthFunc(gl.LEQUAL);
    gl.clearColor(...SPACE, 1);
    this.#renew();
  }

  #move() {
    this.#moved = performance.now();
    this.#ask();
  }

  /** What was drawn is no longer what there is. */
  #renew() {
    this.#current = false;
    if (this.#back) this.#back.camera = null;
    this.#ask();
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame((now) => this.#tick(now));
  }

  #tick() {
    this.#asked = false;
    if (this.#gl.isContextLost() || !this.#placed || !this.#painted) return;
    this.#measure();
    if (this.#way < 1) this.#fly();
    else if (!this.inPortions) this.#all();
    else this.#portions(performance.now());
  }

  /** The canvas is as large as its place in the page; a sheet that no longer fits is thrown away. */
  #measure() {
    const ratio = Math.min(devicePixelRatio, this.inPortions ? 1 : 2);
    const [width, height] = [this.#camera.width, this.#camera.height].map((side) => Math.max(1, Math.round(side * ratio)));
    this.size = pointSize(this.n, this.#camera);
    this.ratio = ratio;
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    Object.assign(this.#canvas, { width, height });
    for (const old of [this.#front, this.#back]) old?.free();
    this.#front = this.#back = this.#fence = null;
    this.#current = false;
  }

  /** Straight onto the screen; the sheets are of no use until the points have arrived. */
  #fly() {
    this.#way = Math.min(1, (performance.now() - this.#began) / this.#lasts);
    this.#toScreen();
    this.#points(0, this.inPortions ? Math.min(this.n, this.#portion) : this.n, 1);
    if (this.#way === 1) this.#renew();
    this.#ask();
  }

  #all() {
    this.#toScreen();
    this.#points(0, this.n, 1);
    this.#finished();
  }

  #portions(now) {
    const still = now - this.#moved > Math.max(STILL, 3 * (now - this.#ticked)); // slow machines send movements seldom
    this.#ticked = now;
    const right = this.#current && same(this.#front?.camera, this.#camera.state);
    if (still && !right) this.#advance(now);
    this.#show();
    if (!right) this.#ask();
  }

  /** One more portion onto the sheet behind, once the last one is done; the full sheet comes to the front. */
  #advance(now) {
    if (this.#fence && !this.#arrived(now)) return;
    const camera = this.#camera.state;
    this.#back ??= sheet(this.#gl, ...[this.#canvas.width, this.#canvas.height].map((side) => Math.ceil(side * (1 + 2 * MARGIN))));
    this.#gl.bindFramebuffer(this.#gl.FRAMEBUFFER, this.#back.frame);
    this.#gl.viewport(0, 0, this.#back.width, this.#back.height);
    if (!same(this.#back.camera, camera)) this.#clear(camera);
    if (this.#drawn >= this.n) return this.#swap();
    const count = Math.min(this.#portion, this.n - this.#drawn);
    this.#points(this.#drawn, count, 1 + 2 * MARGIN);
    this.#drawn += count;
    this.#fence = this.#gl.fenceSync(this.#gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.#gl.flush();
    this.#sent = now;
    return undefined;
  }

  #clear(camera) {
    this.#gl.clear(this.#gl.COLOR_BUFFER_BIT | this.#gl.DEPTH_BUFFER_BIT);
    this.#back.camera = camera;
    this.#drawn = 0;
  }

  /** Is the last portion on the sheet?  How long it took says how large the next one is. */
  #arrived(now) {
    if (this.#gl.getSyncParameter(this.#fence, this.#gl.SYNC_STATUS) !== this.#gl.SIGNALED) return false;
    this.#gl.deleteSync(this.#fence);
    this.#fence = null;
    const took = now - this.#sent;
    if (took < FAST && this.#portion >= this.n) this.#direct = this.n;
    if (took < FAST) this.#portion *= 2;
    if (took > SLOW) this.#portion = Math.max(LEAST, this.#portion >> 1);
    return true;
  }

  #swap() {
    [this.#front, this.#back] = [this.#back, this.#front];
    if (this.#back) this.#back.camera = null;
    this.#current = true;
    this.#finished();
  }

  #finished() {
    this.drawnAt = performance.now();
    if (!this.#canvas.dataset.drawn) performance.mark("studio-all-points");
    this.#canvas.dataset.drawn = String(Number(this.#canvas.dataset.drawn ?? 0) + 1);
  }

  /** The sheet in front, or the one behind while it is the first, where it now belongs. */
  #show() {
    const shown = this.#front?.camera ? this.#front : this.#back;
    const covers = Boolean(shown?.camera) && this.#paste(shown);
    if (!covers) this.#points(0, Math.min(this.n, this.#portion >> 1), 1);
    if (!this.#seen) performance.mark("studio-first-points");
    this.#seen = true;
  }

  /** Copied, not painted: that is a hundred times less work without a graphics card.  Answers whether it covers all. */
  #paste(shown) {
    const [gl, camera, { width, height }] = [this.#gl, this.#camera, this.#canvas];
    const stretch = camera.scale / shown.camera.scale;
    const x = Math.round(width / 2 + (shown.camera.x - camera.x) * camera.scale * this.ratio - (shown.width * stretch) / 2);
    const y = Math.round(height / 2 + (shown.camera.y - camera.y) * camera.scale * this.ratio - (shown.height * stretch) / 2);
    const [right, top] = [x + Math.round(shown.width * stretch), y + Math.round(shown.height * stretch)];
    const covers = x <= 0 && y <= 0 && right >= width && top >= height;
    if (covers) gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    else this.#toScreen();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, shown.frame);
    gl.blitFramebuffer(0, 0, shown.width, shown.height, x, y, right, top, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    return covers;
  }

  #toScreen() {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** wide: times the screen that is drawn onto */
  #points(first, count, wide) {
    const [gl, camera, { made, at }] = [this.#gl, this.#camera, this.#upload.points];
    gl.useProgram(made);
    gl.enable(gl.DEPTH_TEST);
    const scale = (2 * camera.scale) / wide;
    gl.uniform4f(at.camera, camera.x, camera.y, scale / camera.width, scale / camera.height);
    gl.uniform1f(at.way, eased(this.#way));
    gl.uniform1f(at.size, this.size * this.ratio);
    gl.uniform1f(at.faded, this.#faded);
    gl.drawArrays(gl.POINTS, first, count);
  }
}

const same = (one, other) => Boolean(one && other) && one.x === other.x && one.y === other.y && one.scale === other.scale;
