import { one } from "./elements.js";

/** On a phone the panel is a sheet at the bottom: a peek, half or all of the screen. */
export class Sheet {
  #panel = one("panel");
  #grip = one("grip");
  #start = null;
  #changed;

  /** changed(pixels): how much of the map the sheet covers; 0 where the panel stands beside it */
  constructor(changed) {
    this.#changed = changed;
    this.#grip.addEventListener("click", () => this.set({ peek: "half", half: "full", full: "half" }[this.height]));
    this.#grip.addEventListener("pointerdown", (event) => this.#press(event));
    this.#grip.addEventListener("pointermove", (event) => this.#drag(event));
    this.#grip.addEventListener("pointerup", (event) => this.#release(event));
    this.#grip.addEventListener("pointercancel", () => this.#settle());
    addEventListener("resize", () => this.#tell());
    this.set(this.height);
  }

  get height() { return this.#panel.dataset.sheet; }

  set(height) {
    this.#panel.dataset.sheet = height;
    this.#grip.setAttribute("aria-expanded", String(height !== "peek"));
    this.#tell();
  }

  /** Results have come: make room for them. */
  rise() { if (this.height === "peek") this.set("half"); }

  /** Something on the map is to be seen. */
  sink() { if (this.height === "full") this.set("half"); }

  #tell() {
    const covering = getComputedStyle(this.#grip).display !== "none";
    const share = { peek: 0, half: 0.5, full: 0.5 }[this.height];
    this.#changed(covering ? Math.round(innerHeight * share) : 0);
  }

  #press(event) {
    this.#start = { y: event.clientY, height: this.#panel.offsetHeight };
    this.#grip.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    if (!this.#start) return;
    this.#panel.classList.add("panel--dragged");
    this.#panel.style.height = `${this.#start.height + this.#start.y - event.clientY}px`;
  }

  #release(event) {
    const moved = this.#start ? this.#start.y - event.clientY : 0;
    const share = this.#panel.offsetHeight / innerHeight;
    this.#settle();
    if (Math.abs(moved) < 8) return; // a tap: the click does it
    this.#grip.addEventListener("click", (click) => click.stopImmediatePropagation(), { once: true, capture: true });
    this.set(share < 0.33 ? "peek" : share < 0.7 ? "half" : "full");
  }

  #settle() {
    this.#start = null;
    this.#panel.classList.remove("panel--dragged");
    this.#panel.style.height = "";
  }
}
