/** "How it chooses": the objectives with their strengths, and the thresholds, each to be seen and changed. */
import { all, fill, make, one, show } from "./elements.js";
import { KINDS, objective, strengthWords } from "./studio_select_recipe.js";

const MOST_SHARES = 20; // classes whose shares can be said in the form

export class Objectives extends EventTarget {
  list = [];
  thresholds = [];
  #root; #studio;

  constructor(root, studio) {
    super();
    this.#root = root;
    this.#studio = studio;
    const add = one("objective-add", root);
    fill(add, [["", "Add another …"], ...Object.entries(KINDS).map(([kind, { title }]) => [kind, title])], "");
    add.addEventListener("change", () => {
      if (add.value) this.set([...this.list, this.#filled(objective(add.value))], true);
      add.value = "";
    });
    one("threshold-add", root).addEventListener("click", () => {
      this.thresholds.push({ column: this.columns("number")[0]?.[0] ?? "", low: "", high: "" });
      this.#drawThresholds();
    });
    studio.addEventListener("collections", () => this.#draw());
  }

  /** byHand: whoever listens is told that it is no ready-made recipe any more */
  set(list, byHand = false) {
    this.list = list.map((one) => this.#filled(one));
    this.#draw();
    if (byHand) this.dispatchEvent(new Event("changed"));
  }

  setThresholds(given) {
    this.thresholds = Object.entries(given ?? {}).map(([column, [low, high]]) => ({ column, low: low ?? "", high: high ?? "" }));
    this.#drawThresholds();
  }

  /** As the API takes them; empty ones are left out. */
  get sentThresholds() {
    const end = (text) => (text === "" ? null : Number(text));
    const given = this.thresholds.filter(({ low, high }) => low !== "" || high !== "");
    return Object.fromEntries(given.map(({ column, low, high }) => [column, [end(low), end(high)]]));
  }

  columns(kind) {
    const fit = this.#studio.columns.filter((column) => kind === "any" || column.kind !== "text");
    return fit.map(({ name, title, unit }) => [name, `${title || name}${unit ? ` (${unit})` : ""}`]);
  }

  collections() { return this.#studio.collections.map(({ name, count }) => [name, `${name} (${count.toLocaleString("en-GB")})`]); }

  /** The first column or collection there is, where none is chosen. */
  #filled(one) {
    const made = { ...one };
    for (const field of KINDS[made.kind]?.fields ?? []) {
      const choice = field.columns ? this.columns(field.columns) : field.collections ? this.collections() : null;
      if (choice && !made[field.name]) made[field.name] = choice[0]?.[0] ?? "";
    }
    return made;
  }

  #draw() {
    one("objectives", this.#root).replaceChildren(...this.list.map((one, at) => this.#row(one, at)));
    show(one("objectives-none", this.#root), !this.list.length);
  }

  #row(given, at) {
    const row = make("objective");
    const { title, words, fields } = KINDS[given.kind];
    one("title", row).textContent = title;
    one("words", row).textContent = words;
    one("error", row).dataset.error = `objectives.${at}`;
    const [slider, output] = [one("strength", row), one("strength-words", row)];
    slider.value = given.strength;
    slider.setAttribute("aria-label", `Strength of ${title}`);
    const say = () => { slider.setAttribute("aria-valuetext", output.textContent = strengthWords(given.strength)); };
    slider.addEventListener("input", () => { given.strength = Number(slider.value); say(); this.dispatchEvent(new Event("changed")); });
    say();
    const remove = one("remove", row);
    remove.setAttribute("aria-label", `Remove ${title}`);
    remove.addEventListener("click", () => this.set(this.list.filter((other) => other !== given), true));
    one("fields", row).replaceChildren(...fields.map((field) => this.#field(given, field, row)));
    this.#shares(given, row);
    return row;
  }

  #field(given, { name, label, options, number, columns, collections }, row) {
    const holder = make(number ? "objective-number" : "objective-choice");
    const input = one("value", holder);
    one("label", holder).textContent = label;
    if (number) [input.min, input.max] = number;
    else fill(input, options ?? (columns ? this.columns(columns) : this.collections()), given[name]);
    input.value = given[name];
    input.addEventListener("change", () => {
      given[name] = number ? Number(input.value) : input.value;
      this.#shares(given, row);
      this.dispatchEvent(new Event("changed"));
    });
    return holder;
  }

  /** Shares of the classes, in per cent, where a balance is to be as somebody says. */
  async #shares(given, row) {
    const place = one("shares", row);
    show(place, given.kind === "balance" && given.target === "given");
    if (place.hidden) return;
    const values = await this.#studio.values(given.column).catch((error) => ({ error }));
    const texts = values.texts?.slice(0, MOST_SHARES);
    if (!texts) {
      place.textContent = values.error?.message ?? "This column holds numbers: choose the same of each step, or as in the whole dataset.";
      return;
    }
    given.shares = Object.fromEntries(texts.map((text) => [text, given.shares?.[text] ?? +(1 / texts.length).toFixed(4)]));
    place.replaceChildren(...texts.map((text) => {
      const holder = make("objective-number");
      one("label", holder).textContent = `${text} (%)`;
      const input = one("value", holder);
      Object.assign(input, { min: 0, max: 100, step: "any", value: +(given.shares[text] * 100).toFixed(2) });
      input.addEventListener("change", () => { given.shares[text] = Number(input.value) / 100; });
      return holder;
    }));
  }

  #drawThresholds() {
    one("thresholds", this.#root).replaceChildren(...this.thresholds.map((given) => {
      const row = make("threshold");
      fill(one("column", row), this.columns("number"), given.column);
      for (const name of ["column", "low", "high"]) {
        const input = one(name, row);
        input.value = given[name];
        input.addEventListener("change", () => { given[name] = input.value; });
      }
      one("remove", row).addEventListener("click", () => {
        this.thresholds = this.thresholds.filter((other) => other !== given);
        this.#drawThresholds();
      });
      return row;
    }));
  }

  /** The elements in which refusals are written. */
  get errors() { return all("error", this.#root); }
}
