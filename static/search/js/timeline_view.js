import { debounce, one, show } from "./elements.js";
import { date as written } from "./format.js";
import { Timeline } from "./timeline.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
const JUMPS = { PageUp: 365, PageDown: -365 }; // days
const SETTLE = 90; // milliseconds before a date that is dragged over is drawn

/** The line of dates below the map: drag, click, or use the arrow keys; a second handle while two dates are compared. */
export class TimelineView {
  #root = one("timeline");
  #track = one("timeline-track");
  #dataset;
  #store;
  #lines = new Map(); // product → Timeline
  #drawn = "";
  #dragged = null;
  #settle = debounce(() => this.#dragged && this.#set(this.#dragged.handle, this.#dragged.date, "keep"), SETTLE);

  constructor({ dataset, store }) {
    this.#dataset = dataset;
    this.#store = store;
    for (const handle of this.#handles) this.#wire(handle);
    this.#track.addEventListener("pointerdown", (event) => this.#press(event, one("timeline-first")));
    new ResizeObserver(() => this.#draw()).observe(this.#track);
  }

  /** The dates of a product. */
  line(product) {
    if (!this.#lines.has(product)) {
      const scenes = (name) => this.#dataset.products.find((known) => known.name === name)?.dates ?? [];
      const all = this.#dataset.products.flatMap(({ dates }) => dates.map(({ date }) => date));
      this.#lines.set(product, new Timeline(scenes(product).map(({ date }) => date), all));
    }
    return this.#lines.get(product);
  }

  render() {
    const { state } = this.#store;
    show(this.#root, this.line(state.product).useful && state.date !== "static");
    show(one("timeline-second"), state.compare && state.otherDate !== "static");
    this.#draw();
    for (const handle of this.#handles) if (handle !== this.#dragged?.handle) this.#place(handle, this.#value(handle));
  }

  get #handles() { return [one("timeline-first"), one("timeline-second")]; }

  #isOther(handle) { return "timelineSecond" in handle.dataset; }

  #value(handle) { return this.#isOther(handle) ? this.#store.state.otherDate : this.#store.state.date; }

  #lineOf(handle) {
    const { product, otherProduct } = this.#store.state;
    return this.line(this.#isOther(handle) ? otherProduct : product);
  }

  #wire(handle) {
    handle.addEventListener("pointerdown", (event) => this.#press(event, handle));
    for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => this.#release());
    handle.addEventListener("pointermove", (event) => this.#drag(event));
    handle.addEventListener("keydown", (event) => this.#key(event, handle));
  }

  #press(event, handle) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    this.#dragged = { handle, date: this.#value(handle), from: this.#value(handle) };
    if (event.currentTarget === this.#track) this.#drag(event);
  }

  #drag({ clientX }) {
    if (!this.#dragged) return;
    const { left, width } = this.#track.getBoundingClientRect();
    const date = this.#lineOf(this.#dragged.handle).nearest(Math.min(Math.max((clientX - left) / width, 0), 1));
    if (!date || date === this.#dragged.date) return;
    this.#dragged.date = date;
    this.#place(this.#dragged.handle, date);
    this.#settle();
  }

  /** Back leads to the date before the dragging, not to one on the way. */
  #release() {
    const { handle, date, from } = this.#dragged ?? {};
    this.#dragged = null;
    if (date !== from) this.#set(handle, date, "push");
  }

  #set(handle, date, how) { this.#store.change({ [this.#isOther(handle) ? "otherDate" : "date"]: date }, how); }

  #key(event, handle) {
    const [line, date] = [this.#lineOf(handle), this.#value(handle)];
    const ends = { Home: line.dates[0], End: line.dates.at(-1) };
    const step = STEPS[event.key] && line.step(date, STEPS[event.key]);
    const next = step || (JUMPS[event.key] && line.jump(date, JUMPS[event.key])) || ends[event.key];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== date) this.#set(handle, next, "replace");
  }

  #place(handle, date) {
    if (!date || date === "static") return;
    const line = this.#lineOf(handle);
    handle.style.left = `${line.share(date) * 100}%`;
    handle.setAttribute("aria-valuetext", written(date));
    handle.setAttribute("aria-valuenow", Math.max(0, line.dates.indexOf(date)) + 1);
    handle.setAttribute("aria-valuemax", line.dates.length);
    handle.querySelector("[data-timeline-label]").textContent = written(date);
  }

  /** The stretches with imagery and the years, when the width or the product is another. */
  #draw() {
    const [line, width] = [this.line(this.#store.state.product), this.#track.clientWidth];
    const now = `${this.#store.state.product} ${width}`;
    if (!line.useful || !width || now === this.#drawn) return;
    this.#drawn = now;
    one("timeline-runs").setAttribute("d", line.runs(width).map(([from, to]) => `M${from} 0H${to}V6H${from}Z`).join(""));
    one("timeline-ticks").replaceChildren(...line.ticks(width).map((tick) => this.#tick(tick)));
  }

  #tick({ x, label }) {
    const item = document.createElement("span");
    item.className = "timeline__tick";
    item.style.left = `${x}px`;
    item.textContent = label;
    return item;
  }
}
