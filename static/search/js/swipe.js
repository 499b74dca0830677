import { clamp } from "./degrees.js";
import { one, show } from "./elements.js";

const STEP = 0.02; // of the map's width, by an arrow key

/** Two pictures side by side in one place: the first is drawn left of the divider, the second right of it. */
export class Swipe {
  #ol = globalThis.ol;
  #map;
  #divider = one("divider");
  #split = 0.5;
  #on = false;
  #changed;

  /** changed(share): the divider was moved there by hand */
  constructor({ map, first, second, changed }) {
    this.#map = map;
    this.#changed = changed;
    for (const layer of first) this.#clip(layer, () => [0, this.#split]);
    for (const layer of second) this.#clip(layer, () => [this.#split, 1]);
    this.#wire();
  }

  /** Is this pixel of the map right of the divider? */
  isSecond([x]) { return this.#on && x > this.#split * this.#map.getSize()[0]; }

  set(on, split) {
    this.#on = on;
    this.#move(split);
    show(this.#divider, on);
  }

  #move(split) {
    this.#split = split;
    this.#divider.style.left = `${split * 100}%`;
    this.#divider.setAttribute("aria-valuenow", Math.round(split * 100));
    this.#map.render();
  }

  #clip(layer, share) {
    layer.on("prerender", (event) => this.#on && this.#begin(event, share()));
    layer.on("postrender", ({ context }) => this.#on && context.restore());
  }

  #begin(event, [from, to]) {
    const [width, height] = this.#map.getSize();
    const corners = [[from, 0], [to, 0], [to, 1], [from, 1]].map(([x, y]) => (
      this.#ol.render.getRenderPixel(event, [x * width, y * height])
    ));
    const { context } = event;
    context.save();
    context.beginPath();
    corners.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.clip();
  }

  #wire() {
    let dragged = false;
    this.#divider.addEventListener("pointerdown", (event) => {
      dragged = true;
      this.#divider.setPointerCapture(event.pointerId);
    });
    this.#divider.addEventListener("pointermove", ({ clientX }) => dragged && this.#move(this.#share(clientX)));
    for (const end of ["pointerup", "pointercancel"]) {
      this.#divider.addEventListener(end, () => { dragged = false; this.#changed(this.#split); });
    }
    this.#divider.addEventListener("keydown", (event) => this.#press(event));
  }

  #share(clientX) {
    const { left, width } = this.#divider.parentElement.getBoundingClientRect();
    return clamp((clientX - left) / width, 0, 1);
  }

  #press(event) {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP, PageDown: -5 * STEP, PageUp: 5 * STEP }[event.key];
    const split = step ? this.#split + step : { Home: 0, End: 1 }[event.key];
    if (split === undefined) return;
    event.preventDefault();
    this.#changed(clamp(split, 0, 1));
  }
}
