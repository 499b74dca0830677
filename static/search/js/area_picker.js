import { all, one, show } from "./elements.js";

/** A box drawn on a flat Earth fills the four fields, and they draw the box. */
export class AreaPicker {
  #form;
  #area;
  #from = null;

  constructor(form) { this.#form = form; this.#area = one("area", form); }

  start() {
    this.#area.addEventListener("pointerdown", (event) => { this.#from = this.#place(event); this.#area.setPointerCapture(event.pointerId); });
    this.#area.addEventListener("pointermove", (event) => { if (this.#from) this.#choose(this.#from, this.#place(event)); });
    this.#area.addEventListener("pointerup", () => { this.#from = null; });
    this.#area.addEventListener("pointercancel", () => { this.#from = null; });
    for (const field of all("side", this.#form)) field.addEventListener("input", () => this.#draw());
    this.#draw();
    if (this.#area.dataset.backdrop) this.#paint(this.#area.dataset.backdrop);
  }

  /** The Earth behind it: level 2 of a map that is here, 5 × 3 tiles of 72 degrees. */
  #paint(address) {
    for (let number = 0; number < 15; number += 1) {
      const [row, col] = [Math.floor(number / 5), number % 5];
      const image = Object.assign(new Image(), { src: address.replace("ROW", row).replace("COL", col), alt: "", loading: "lazy" });
      Object.assign(image.style, { left: `${col * 20}%`, top: `${row * 40}%`, width: "20%", height: "40%" });
      this.#area.prepend(image);
    }
  }

  #place({ clientX, clientY }) {
    const box = this.#area.getBoundingClientRect();
    const share = (value, size) => Math.min(1, Math.max(0, value / size));
    return [share(clientX - box.left, box.width) * 360 - 180, 90 - share(clientY - box.top, box.height) * 180];
  }

  #choose([lonA, latA], [lonB, latB]) {
    const sides = { west: Math.min(lonA, lonB), east: Math.max(lonA, lonB), south: Math.min(latA, latB), north: Math.max(latA, latB) };
    for (const field of all("side", this.#form)) field.value = sides[field.dataset.side].toFixed(1);
    this.#draw();
  }

  #draw() {
    const sides = Object.fromEntries(all("side", this.#form).map((field) => [field.dataset.side, field.value.trim()]));
    const [west, south, east, north] = ["west", "south", "east", "north"].map((side) => Number(sides[side]));
    const box = one("area-box", this.#area);
    const shown = Object.values(sides).every(Boolean) && [west, south, east, north].every(Number.isFinite) && west < east && south < north;
    show(box, shown);
    if (!shown) return;
    box.style.left = `${(west + 180) / 3.6}%`;
    box.style.top = `${(90 - north) / 1.8}%`;
    box.style.width = `${(east - west) / 3.6}%`;
    box.style.height = `${(north - south) / 1.8}%`;
  }
}
