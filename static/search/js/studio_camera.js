/**
 * Where one looks at the map of embeddings: a middle and a scale, CSS pixels a unit.  The map reaches from -1 to 1 in
 * both directions, y upwards; screens count y downwards.
 */
const RIM = 0.92; // of the screen's shorter side that the whole map takes
const DEEPEST = 4000; // times the scale at which the whole map is seen

export class Camera extends EventTarget {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  #fit = 1;

  get zoom() { return this.scale / this.#fit; }

  /** The size of the screen in CSS pixels; what was in its middle stays there. */
  resize(width, height) {
    const zoom = this.zoom;
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.#fit = (Math.min(this.width, this.height) * RIM) / 2;
    this.#set(this.x, this.y, this.#fit * zoom);
  }

  whole() { this.#set(0, 0, this.#fit); }

  look(x, y, zoom = this.zoom) { this.#set(x, y, this.#fit * zoom); }

  /** By so many pixels, as a finger drags the map. */
  pan(dx, dy) { this.#set(this.x - dx / this.scale, this.y + dy / this.scale, this.scale); }

  /** What lies under a point of the screen stays there. */
  zoomAt(screenX, screenY, factor) {
    const [x, y] = this.toMap(screenX, screenY);
    const scale = this.#within(this.scale * factor);
    this.#set(x - (screenX - this.width / 2) / scale, y + (screenY - this.height / 2) / scale, scale);
  }

  toScreen(x, y) { return [(x - this.x) * this.scale + this.width / 2, (this.y - y) * this.scale + this.height / 2]; }

  toMap(screenX, screenY) {
    return [this.x + (screenX - this.width / 2) / this.scale, this.y - (screenY - this.height / 2) / this.scale];
  }

  /** A copy that does not change. */
  get state() { return { x: this.x, y: this.y, scale: this.scale }; }

  #within(scale) { return Math.min(this.#fit * DEEPEST, Math.max(this.#fit / 2, scale)); }

  #set(x, y, scale) {
    const within = (value) => Math.min(1.2, Math.max(-1.2, value));
    [this.x, this.y, this.scale] = [within(x), within(y), this.#within(scale)];
    this.dispatchEvent(new Event("move"));
  }
}
