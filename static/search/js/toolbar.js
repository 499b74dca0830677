import { all, fill, one, show } from "./elements.js";
import { date, size } from "./format.js";

const MOST = 400; // dates of a list that one can still look through

/** The dates to choose from: all, or of a long archive those of the year shown and one of each other year. */
export function dateOptions(dates, shown) {
  const near = dates.length <= MOST ? dates : dates.filter((text, index) => (
    text.slice(0, 4) === shown?.slice(0, 4) || text.slice(0, 4) !== dates[index - 1]?.slice(0, 4)
  ));
  return near.map((text) => [text, date(text)]);
}

/** Product, date and size: what the map shows and what a click looks for. */
export class Toolbar {
  #dataset;
  #store;
  #level;
  #timeline;
  #listed = "";

  /** level: () => the size in force; pickLevel(level), lock(locked): what the person decides; timeline: its dates */
  constructor({ dataset, store, level, pickLevel, lock, timeline }) {
    this.#dataset = dataset;
    this.#store = store;
    this.#level = level;
    this.#timeline = timeline;
    fill(one("product"), dataset.products.map(({ name, title }) => [name, title]), store.state.product);
    show(one("product-group"), dataset.products.length > 1);
    fill(one("level"), dataset.levels.map((known) => [known.level, size(known)]), level());
    one("product").addEventListener("change", ({ target }) => this.#pickProduct(target.value));
    one("date").addEventListener("change", ({ target }) => store.change({ date: target.value }));
    one("level").addEventListener("change", ({ target }) => pickLevel(Number(target.value)));
    one("level-lock").addEventListener("click", () => lock(!store.state.locked));
    for (const button of all("date-step")) button.addEventListener("click", () => this.#step(button));
  }

  render() {
    const { product, date: shown, locked } = this.#store.state;
    one("product").value = product;
    this.#list(product, shown);
    for (const button of all("date-step")) button.disabled = !this.#beside(button);
    one("level").value = this.#level();
    one("level-lock").setAttribute("aria-pressed", String(locked));
  }

  /** Thousands of dates are listed when they change, not whenever anything does. */
  #list(product, shown) {
    const dates = this.#dates(product);
    const listed = `${product} ${dates.length > MOST ? shown?.slice(0, 4) : dates.length}`;
    if (listed !== this.#listed) {
      fill(one("date"), dateOptions(dates, shown), shown);
      show(one("date-group"), dates.some((text) => text !== "static"));
    }
    this.#listed = listed;
    one("date").value = shown;
  }

  #dates(name) {
    const scenes = this.#dataset.products.find((product) => product.name === name)?.dates ?? [];
    return scenes.map(({ date: text }) => text);
  }

  /** The date that a step leads to, or undefined. */
  #beside(button) {
    const { product, date: shown } = this.#store.state;
    const dates = this.#dates(product);
    return dates[dates.indexOf(shown) + Number(button.dataset.dateStep)];
  }

  /** Of the other product the same date, or the one nearest to it. */
  #pickProduct(product) {
    const [dates, { date: shown }] = [this.#dates(product), this.#store.state];
    const near = dates.includes(shown) ? shown : this.#timeline.line(product).closest(shown) ?? dates.at(-1);
    this.#store.change({ product, date: near ?? null });
  }

  #step(button) {
    const next = this.#beside(button);
    if (next) this.#store.change({ date: next });
  }
}
