/** A picture enlarged and moved about; it never leaves its frame. */
const MOST = 8, USUAL = 2.5;

export class Zoom {
  #image;
  #told;
  #scale = 1;
  #x = 0;
  #y = 0;
  #pinch = null;

  constructor(image, told) {
    this.#image = image;
    this.#told = told;
  }

  get isOn() { return this.#scale > 1.01; }

  toggle(at = null) {
    if (this.isOn) { this.reset(); return; }
    this.#about(at ?? this.#middle(), USUAL);
  }

  reset() { this.#set(1, 0, 0); }

  pan(dx, dy) { this.#set(this.#scale, this.#x + dx, this.#y + dy); }

  pinch(fingers) { this.#pinch = { ...span(fingers), scale: this.#scale }; }

  pinching(fingers) {
    const now = span(fingers), before = this.#pinch;
    if (!before) return;
    this.#about([now.x, now.y], Math.min(MOST, Math.max(1, before.scale * now.width / before.width)));
    this.pan(now.x - before.x, now.y - before.y);
    this.#pinch = { ...now, scale: this.#scale };
  }

  /** Enlarge so that what is under a point of the screen stays there. */
  #about([px, py], scale) {
    const [cx, cy] = this.#middle(), ratio = scale / this.#scale;
    this.#set(scale, (px - cx) * (1 - ratio) + this.#x * ratio, (py - cy) * (1 - ratio) + this.#y * ratio);
  }

  #middle() {
    const box = this.#image()?.parentElement.getBoundingClientRect();
    return box ? [box.left + box.width / 2, box.top + box.height / 2] : [innerWidth / 2, innerHeight / 2];
  }

  #set(scale, x, y) {
    const image = this.#image(), was = this.isOn;
    const room = image ? [image.clientWidth * (scale - 1) / 2, image.clientHeight * (scale - 1) / 2] : [0, 0];
    this.#scale = scale;
    this.#x = Math.max(-room[0], Math.min(room[0], x));
    this.#y = Math.max(-room[1], Math.min(room[1], y));
    if (image) image.style.transform = this.isOn ? `translate(${this.#x}px, ${this.#y}px) scale(${scale})` : "";
    if (was !== this.isOn) this.#told(this.isOn);
  }
}

function span([[ax, ay], [bx, by]]) {
  return { x: (ax + bx) / 2, y: (ay + by) / 2, width: Math.max(1, Math.hypot(ax - bx, ay - by)) };
}
