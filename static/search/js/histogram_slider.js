import { one, show } from "./elements.js";
import { count } from "./format.js";
import { drawHistogram } from "./histogram.js";
import { Scale } from "./histogram_scale.js";

const WAIT = 250; // ms that a thumb must rest before anything is asked
const CROSSED = "The lower end is above the upper one.";
const ENDS = [0, 1];

/**
 * A histogram with a slider of two ends below it, and the two ends as fields to type in.
 *
 * The ends are two <input type="range"> on one track, so keys, screen readers and fingers work as they do on any
 * slider; a press between them moves the nearer one.  A range is [low, high]; null is no bound.
 */
export class HistogramSlider {
  #root;
  #thumbs;
  #fields;
  #scale;
  #range = [null, null];
  #counts = { all: [] };
  #changed;
  #read;
  #write;
  #timer = 0;

  /**
   * root: a copy of the template "range"; title; kind: "number" or "date" (values are days since 1970); scale; changed(range)
   */
  constructor(root, { title, unit = "", kind = "number", scale, changed }) {
    this.#root = root;
    this.#thumbs = [one("low", root), one("high", root)];
    this.#fields = [one("from", root), one("to", root)];
    this.#changed = changed;
    [this.#read, this.#write] = kind === "date" ? [readDay, writeDay] : [Number, String];
    this.#name(title, unit, kind);
    this.scale = scale;
    ENDS.forEach((end) => {
      this.#thumbs[end].addEventListener("input", () => this.#slide(end));
      this.#thumbs[end].addEventListener("change", () => this.#settle());
      this.#fields[end].addEventListener("input", () => this.#type());
      this.#fields[end].addEventListener("change", () => this.#settle());
    });
    one("histogram", root).addEventListener("pointerdown", (event) => this.#press(event));
  }

  set scale(scale) {
    this.#scale = scale;
    for (const thumb of this.#thumbs) thumb.max = scale.last;
    ENDS.forEach((end) => { this.#fields[end].placeholder = this.#write(scale.ends[end]); });
    this.#draw();
  }

  /** What the filter says now; never under the hands of someone who types or slides. */
  set range(range) {
    if (this.#timer || this.#root.contains(document.activeElement) && this.#wrong) return;
    this.#range = range;
    this.#draw();
    this.#check();
  }

  /** facet: {edges, low, high, all, kept, unknown}, as the API answers; low and high are of all tiles, beyond the bars */
  fill({ edges, low, high, all, kept, unknown = 0 }) {
    const known = all.some((tiles) => tiles > 0);
    const flat = known && low === high && low !== undefined;
    if (String(edges) !== String(this.#scale.edges)) this.scale = new Scale(edges);
    for (const thumb of this.#thumbs) thumb.disabled = flat || !known;
    this.#root.classList.toggle("column--flat", flat || !known);
    this.#counts = { all, kept };
    this.#draw();
    if (!known) this.note("No tile has a value.");
    else if (flat) this.note(`All tiles have the value ${this.#write(low)}.`);
    else this.note(unknown ? `${count(unknown)} tiles have no value.` : "");
  }

  note(words) {
    one("remark", this.#root).textContent = words;
    show(one("remark", this.#root), words);
  }

  /** A sentence next to the field, "" for none but what is wrong with the field itself. */
  problem(words) {
    const said = words || (this.#timer ? "" : this.#wrong);
    one("wrong", this.#root).textContent = said;
    show(one("wrong", this.#root), said);
    for (const field of this.#fields) field.setAttribute("aria-invalid", String(Boolean(said)));
  }

  #name(title, unit, kind) {
    const [low, high] = kind === "date" ? ["from", "to"] : ["at least", "at most"];
    one("title", this.#root).textContent = title;
    one("unit", this.#root).textContent = unit;
    this.#root.setAttribute("aria-label", title);
    [low, high].forEach((end, at) => {
      this.#fields[at].type = kind;
      this.#fields[at].ariaLabel = `${title}, ${end}`;
      this.#thumbs[at].ariaLabel = `${title}: ${at ? "upper" : "lower"} end`;
    });
  }

  /** The ends don't pass one another. */
  #slide(end) {
    const [low, high] = this.#thumbs.map(({ value }) => Number(value));
    if (low > high) this.#thumbs[end].value = end === 0 ? high : low;
    const value = this.#scale.value(Number(this.#thumbs[end].value), end);
    this.#range = this.#range.with(end, value);
    this.#draw();
    this.#soon();
  }

  #type() {
    this.#range = this.#fields.map(({ value }) => (value === "" ? null : this.#read(value)));
    this.#draw(false);
    this.#soon();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), WAIT);
  }

  #settle() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#check();
    if (!this.#wrong) this.#changed(this.#range);
  }

  get #wrong() {
    const [low, high] = this.#range;
    if (this.#fields.some(({ validity }) => validity.badInput)) return "Write a number.";
    return low !== null && high !== null && low > high ? CROSSED : "";
  }

  #check() { this.problem(this.#wrong); }

  /** A press on the track brings the nearer end there; the browser then drags it no further. */
  #press({ target, clientX, button }) {
    if (this.#thumbs.includes(target) || button > 0 || this.#thumbs[0].disabled) return;
    const { left, width } = this.#thumbs[0].getBoundingClientRect();
    const at = Math.round(Math.min(1, Math.max(0, (clientX - left) / width)) * this.#scale.last);
    const far = this.#thumbs.map(({ value }) => Math.abs(value - at));
    const end = far[0] < far[1] || (far[0] === far[1] && at < this.#thumbs[0].value) ? 0 : 1;
    this.#thumbs[end].value = at;
    this.#slide(end);
    setTimeout(() => this.#thumbs[end].focus());
  }

  #draw(fields = true) {
    const places = ENDS.map((end) => this.#scale.position(this.#range[end], end));
    ENDS.forEach((end) => {
      const [thumb, field, value] = [this.#thumbs[end], this.#fields[end], this.#range[end]];
      thumb.value = places[end];
      thumb.ariaValueText = value === null ? "no bound" : this.#write(value);
      if (fields && (field !== document.activeElement || value === null)) field.value = value === null ? "" : this.#write(value);
    });
    const { last } = this.#scale;
    drawHistogram(one("bars", this.#root), this.#counts, places.map((place) => this.#scale.bars(place)));
    const span = one("span", this.#root);
    span.style.left = `${(100 * places[0]) / last}%`;
    span.style.right = `${100 - (100 * places[1]) / last}%`;
    one("low", this.#root).classList.toggle("histogram__thumb--front", places[0] > last / 2);
    this.#root.classList.toggle("column--used", this.#range.some((end) => end !== null));
  }
}

const DAY = 86_400_000;
const readDay = (text) => Date.parse(`${text}T00:00:00Z`) / DAY;
const writeDay = (days) => new Date(Math.round(days) * DAY).toISOString().slice(0, 10);
