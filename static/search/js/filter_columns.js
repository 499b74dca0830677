import { all, make, one, show } from "./elements.js";
import { count } from "./format.js";
import { withEntry } from "./filter_json.js";
import { Scale } from "./histogram_scale.js";
import { HistogramSlider } from "./histogram_slider.js";

const MANY = 10; // texts from which they can be searched
const NONE = "No tile has a value.";
const FREE = [null, null];
const UNMEASURED = "Not measured on all tiles: those without it do not pass. The dataset's page offers to measure them.";

/** A column of numbers or dates: its histogram, which is its slider. */
class NumberColumn {
  #slider;
  #name;
  #measured;

  constructor({ name, title, unit, kind, low, high, measured = true }, write) {
    this.element = make("range");
    this.element.dataset.column = name;
    this.#name = name;
    const scale = Scale.even(low ?? 0, high ?? 1);
    this.#measured = measured;
    const changed = (range) => write((filter) => withEntry(filter, "metrics", name, range));
    this.#slider = new HistogramSlider(this.element, { title, unit, kind, scale, changed });
  }

  render(filter) { this.#slider.range = filter.metrics?.[this.#name] ?? FREE; }

  fill(facet) {
    this.#slider.fill(facet);
    if (!this.#measured) this.#slider.note(UNMEASURED);
  }

  problem(words) { this.#slider.problem(words); }
}

/** A column of texts: the values that there are, to tick. */
class TextColumn {
  #name;
  #write;
  #chosen = [];
  #values = [];

  constructor({ name, title }, write) {
    this.element = make("values");
    this.element.dataset.column = name;
    this.#name = name;
    this.#write = write;
    one("title", this.element).textContent = title;
    this.element.setAttribute("aria-label", title);
    one("search", this.element).ariaLabel = `Find a value of ${title}`;
    one("search", this.element).addEventListener("input", () => this.#draw());
    this.#list.addEventListener("change", ({ target }) => this.#tick(target));
  }

  get #list() { return one("list", this.element); }

  render(filter) {
    this.#chosen = filter.values?.[this.#name] ?? [];
    this.element.classList.toggle("column--used", this.#chosen.length > 0);
    this.#draw();
  }

  fill({ values, others, unknown }) {
    this.#values = values;
    const more = others ? `${count(others)} further values are not listed. ` : "";
    const note = values.length ? `${more}${unknown ? `${count(unknown)} tiles have none.` : ""}` : NONE;
    one("remark", this.element).textContent = note;
    show(one("remark", this.element), note);
    show(one("search", this.element), values.length > MANY);
    this.#draw();
  }

  problem(words) {
    one("wrong", this.element).textContent = words;
    show(one("wrong", this.element), words);
  }

  /** What is chosen stays in sight, also where no tile has it any more. */
  #draw() {
    const wanted = one("search", this.element).value.trim().toLowerCase();
    const missing = this.#chosen.filter((text) => !this.#values.some(({ value }) => value === text));
    const known = [...missing.map((value) => ({ value, kept: 0 })), ...this.#values];
    const shown = known.filter(({ value }) => this.#chosen.includes(value) || value.toLowerCase().includes(wanted));
    const had = this.#list.contains(document.activeElement) && document.activeElement.value;
    this.#list.replaceChildren(...shown.map((one) => this.#box(one)));
    if (had) all("value", this.#list).find(({ value }) => value === had)?.focus();
  }

  #box({ value, kept }) {
    const row = make("value");
    const box = one("value", row);
    [box.value, box.checked] = [value, this.#chosen.includes(value)];
    one("words", row).textContent = value === "" ? "(empty)" : value;
    one("kept", row).textContent = count(kept);
    return row;
  }

  #tick({ value, checked, dataset }) {
    if (!("value" in dataset)) return;
    const others = this.#chosen.filter((text) => text !== value);
    this.#write((filter) => withEntry(filter, "values", this.#name, checked ? [...others, value] : others));
  }
}

/** Measures of the tiles and what people brought of their own, each with its histogram. */
export class FilterColumns {
  #columns = new Map();
  #groups;

  /** root has two groups, "measures" and "own"; write(change: filter => patch) */
  constructor(root, columns, write) {
    this.#groups = { measures: one("measures-group", root), own: one("own-group", root) };
    for (const column of columns) {
      const kind = column.source === "metric" || column.source === undefined ? "measures" : "own";
      const made = column.kind === "text" ? new TextColumn(column, write) : new NumberColumn(column, write);
      this.#columns.set(column.name, Object.assign(made, { kind }));
      one("group", this.#groups[kind]).append(made.element);
    }
    for (const [kind, group] of Object.entries(this.#groups)) show(group, this.#of(kind).length);
  }

  #of(kind) { return [...this.#columns].filter(([, column]) => column.kind === kind); }

  /** Names of the columns that are in sight. */
  get open() { return [...this.#columns].filter(([, { kind }]) => this.#groups[kind].open).map(([name]) => name); }

  render(filter) {
    for (const [name, column] of this.#columns) {
      column.render(filter);
      column.used = name in (filter.metrics ?? {}) || name in (filter.values ?? {});
    }
    for (const [kind, group] of Object.entries(this.#groups)) {
      const used = this.#of(kind).filter(([, column]) => column.used).length;
      one("used", group).textContent = used;
      show(one("used", group), used);
    }
  }

  fill(facets) {
    for (const [name, facet] of Object.entries(facets)) {
      this.#columns.get(name)?.problem("");
      this.#columns.get(name)?.fill(facet);
    }
  }

  /** A refusal that names a column stands next to it; whether there was one. */
  problem(words) {
    const named = [...this.#columns].filter(([name, column]) => column.used && words.includes(name));
    for (const [, column] of named) column.problem(words);
    return named.length > 0;
  }
}
