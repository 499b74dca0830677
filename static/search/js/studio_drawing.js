/**
 * A million points with WebGL2, smoothly also where a processor has to do a graphics card's work.
 *
 * Few points are drawn anew in every frame.  Many are drawn in portions onto a sheet somewhat larger than the screen,
 * which is copied to the canvas once it is full; until then the canvas keeps what was drawn last, and only its place
 * and size on the page change with the camera.  So dragging never waits for points.  docs/decisions/020.
 */
import { attribute, points, sheet, SPACE } from "./studio_gl.js";
import { between, coloursIn, eased, placesIn, pointSize, shuffled } from "./studio_order.js";

const MARGIN = 0.25; // of the screen, that the canvas reaches beyond each side when it is moved instead of redrawn
const FEW = 10_000; // points that any machine draws within a frame
const STILL = 90; // milliseconds after the last movement
const FRAME = 18; // milliseconds in which all points must be drawn to be drawn in every frame
const FAST = 60; // milliseconds of a portion that may grow
const SLOW = 160;
const LEAST = 65_536; // points of a portion

export class Drawing {
  size = 1;
  drawnAt = 0; // when all points were last on the screen
  #canvas; #camera; #order; #gl;
  #from; #to; #colours; #upload;
  #way = 1;
  #began = 0;
  #lasts = 0;
  #faded = 1;
  #sheet = null; #shown = null; // what is being drawn; the camera of what the canvas shows
  #drawn = 0; #current = false; #fence = null; #sent = 0;
  #portion = LEAST;
  #direct = FEW;
  #moved = -Infinity;
  #ticked = -Infinity;
  #asked = false;
  #placed = false;
  #painted = false;
  #seen = false;
  #growing = false;

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
    const to = placesIn(positions, this.#order);
    this.#from = ms ? between(this.#from, this.#to, eased(this.#way)) : to;
    [this.#to, this.#way, this.#began, this.#lasts] = [to, ms ? 0 : 1, performance.now(), ms];
    this.#placed = true;
    this.#upload.from(this.#from);
    this.#upload.to(this.#to);
    this.#renew();
  }

  /** colours: Uint8Array(4n) by row: red, green, blue, and 0 not in the view, 128 in it, 255 marked.  faded: 0 to 1 */
  paint(colours, faded) {
    this.#colours = coloursIn(colours, this.#order);
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
    this.#sheet = this.#shown = this.#fence = null;
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
    if (this.#sheet) this.#sheet.camera = null;
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

  /** How many times the screen the canvas is, in both directions. */
  get #wide() { return this.inPortions ? 1 + 2 * MARGIN : 1; }

  /** The canvas covers its place in the page, or reaches beyond it; a sheet that no longer fits is thrown away. */
  #measure() {
    this.size = pointSize(this.n, this.#camera);
    this.ratio = Math.min(devicePixelRatio, this.inPortions ? 1 : 2);
    const pixels = (side) => Math.max(1, Math.round(side * this.#wide * this.ratio));
    const [width, height] = [pixels(this.#camera.width), pixels(this.#camera.height)];
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    Object.assign(this.#canvas, { width, height });
    const beyond = `${(-100 * (this.#wide - 1)) / 2}%`;
    Object.assign(this.#canvas.style, { inset: `${beyond} auto auto ${beyond}`, width: `${100 * this.#wide}%`, height: `${100 * this.#wide}%` });
    this.#sheet?.free();
    this.#sheet = this.#shown = this.#fence = null;
    this.#current = false;
  }

  /** Straight onto the canvas; sheets are of no use until the points have arrived. */
  #fly() {
    this.#way = Math.min(1, (performance.now() - this.#began) / this.#lasts);
    this.#toCanvas();
    this.#points(0, this.inPortions ? Math.min(this.n, this.#portion) : this.n);
    this.#place(this.#camera.state);
    if (this.#way === 1) this.#renew();
    this.#ask();
  }

  #all() {
    this.#toCanvas();
    this.#points(0, this.n);
    this.#place(this.#camera.state);
    this.#finished();
  }

  #portions(now) {
    const still = now - this.#moved > Math.max(STILL, 3 * (now - this.#ticked)); // slow machines send movements seldom
    this.#ticked = now;
    const right = this.#current && same(this.#shown, this.#camera.state);
    if (still && !right) this.#advance(now);
    if (this.#shown) this.#place(this.#shown);
    if (!right) this.#ask();
  }

  /** One more portion onto the sheet, once the last one is done. */
  #advance(now) {
    if (this.#fence && !this.#arrived(now)) return;
    const camera = this.#camera.state;
    this.#sheet ??= sheet(this.#gl, this.#canvas.width, this.#canvas.height);
    this.#gl.bindFramebuffer(this.#gl.FRAMEBUFFER, this.#sheet.frame);
    this.#gl.viewport(0, 0, this.#sheet.width, this.#sheet.height);
    if (!same(this.#sheet.camera, camera)) this.#clear(camera);
    if (this.#drawn >= this.n) return this.#show(true);
    const count = Math.min(this.#portion, this.n - this.#drawn);
    this.#points(this.#drawn, count);
    this.#drawn += count;
    if (!this.#shown || this.#growing) this.#show(false);
    this.#fence = this.#gl.fenceSync(this.#gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.#gl.flush();
    this.#sent = now;
    return undefined;
  }

  #clear(camera) {
    this.#gl.clear(this.#gl.COLOR_BUFFER_BIT | this.#gl.DEPTH_BUFFER_BIT);
    this.#sheet.camera = camera;
    this.#drawn = 0;
  }

  /** Is the last portion on the sheet?  How long it took says how large the next one is. */
  #arrived(now) {
    if (this.#gl.getSyncParameter(this.#fence, this.#gl.SYNC_STATUS) !== this.#gl.SIGNALED) return false;
    this.#gl.deleteSync(this.#fence);
    this.#fence = null;
    const took = now - this.#sent;
    if (took < FRAME && this.#portion >= this.n) this.#direct = this.n;
    if (took < FAST) this.#portion *= 2;
    if (took > SLOW) this.#portion = Math.max(LEAST, this.#portion >> 1);
    return true;
  }

  /** What is on the sheet onto the canvas.  full: it holds all points; the first one is shown while it grows. */
  #show(full) {
    const [gl, { width, height }] = [this.#gl, this.#canvas];
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#sheet.frame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    this.#shown = this.#sheet.camera;
    this.#growing = !full;
    if (!this.#seen) performance.mark("studio-first-points");
    this.#seen = true;
    if (!full) return;
    this.#current = true;
    this.#finished();
  }

  #finished() {
    this.drawnAt = performance.now();
    if (!this.#canvas.dataset.drawn) performance.mark("studio-all-points");
    this.#canvas.dataset.drawn = String(Number(this.#canvas.dataset.drawn ?? 0) + 1);
  }

  /** The canvas, which was drawn for one camera, to where it belongs for the present one. */
  #place(drawn) {
    const { x, y, scale } = this.#camera;
    const moved = !same(drawn, this.#camera.state);
    const [right, down] = [(drawn.x - x) * scale, (y - drawn.y) * scale];
    this.#canvas.style.transform = moved ? `translate(${right}px, ${down}px) scale(${scale / drawn.scale})` : "";
  }

  #toCanvas() {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  #points(first, count) {
    const [gl, camera, { made, at }] = [this.#gl, this.#camera, this.#upload.points];
    gl.useProgram(made);
    gl.enable(gl.DEPTH_TEST);
    const scale = (2 * camera.scale) / this.#wide;
    gl.uniform4f(at.camera, camera.x, camera.y, scale / camera.width, scale / camera.height);
    gl.uniform1f(at.way, eased(this.#way));
    gl.uniform1f(at.size, this.size * this.ratio);
    gl.uniform1f(at.faded, this.#faded);
    gl.drawArrays(gl.POINTS, first, count);
  }
}

const same = (one, other) => Boolean(one && other) && one.x === other.x && one.y === other.y && one.scale === other.scale;
