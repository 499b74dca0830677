import { all, fill, one, show } from "./elements.js";
import { date, size } from "./format.js";

/** Product, date and size: what the map shows and what a click looks for. */
export class Toolbar {
  #dataset;
  #store;
  #level;

  /** level: () => the size in force; pickLevel(level), lock(locked): what the person decides */
  constructor({ dataset, store, level, pickLevel, lock }) {
    this.#dataset = dataset;
    this.#store = store;
    this.#level = level;
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
    const dates = this.#dates(product);
    one("product").value = product;
    fill(one("date"), dates.map((text) => [text, date(text)]), shown);
    show(one("date-group"), dates.some((text) => text !== "static"));
    for (const button of all("date-step")) button.disabled = !this.#beside(button);
    one("level").value = this.#level();
    one("level-lock").setAttribute("aria-pressed", String(locked));
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

  #pickProduct(product) {
    const dates = this.#dates(product);
    const same = dates.includes(this.#store.state.date);
    this.#store.change({ product, date: same ? this.#store.state.date : dates.at(-1) ?? null });
  }

  #step(button) {
    const next = this.#beside(button);
    if (next) this.#store.change({ date: next });
  }
}
