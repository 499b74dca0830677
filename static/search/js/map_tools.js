import { all, fill, one, show } from "./elements.js";
import { date as written } from "./format.js";
import { dateOptions } from "./toolbar.js";

/** The box behind the layers button: two dates or products compared, opacity, the tile grid, links. */
export class MapTools {
  #dataset;
  #store;
  #timeline;
  #listed = "";

  /** timeline: the dates of a product */
  constructor({ dataset, store, timeline }) {
    this.#dataset = dataset;
    this.#store = store;
    this.#timeline = timeline;
    fill(one("other-product"), dataset.products.map(({ name, title }) => [name, title]), store.state.otherProduct);
    show(one("other-product-field"), dataset.products.length > 1);
    one("tools-toggle").addEventListener("click", () => this.open(one("tools").hidden));
    one("tools-close").addEventListener("click", () => this.close());
    one("other-product").addEventListener("change", ({ target }) => this.#pickProduct(target.value));
    one("other-date").addEventListener("change", ({ target }) => store.change({ otherDate: target.value }));
    one("opacity").addEventListener("input", ({ target }) => store.change({ opacity: Number(target.value) }, "replace"));
    one("tile-grid").addEventListener("change", ({ target }) => store.change({ tileGrid: target.checked }));
    for (const button of all("compare")) button.addEventListener("click", () => this.#compare(button.dataset.compare));
  }

  get isOpen() { return !one("tools").hidden; }

  open(opened) {
    show(one("tools"), opened);
    one("tools-toggle").setAttribute("aria-expanded", String(opened));
  }

  /** Back to where one came from. */
  close() {
    if (this.isOpen && one("tools").contains(document.activeElement)) one("tools-toggle").focus();
    this.open(false);
  }

  render() {
    const { state } = this.#store;
    for (const button of all("compare")) button.setAttribute("aria-pressed", String(button.dataset.compare === state.compare));
    show(one("other"), state.compare);
    show(one("opacity-field"), state.compare !== "swipe");
    one("opacity").value = state.opacity;
    one("opacity-value").textContent = `${Math.round(state.opacity * 100)}%`;
    one("tile-grid").checked = state.tileGrid;
    one("divider-first").textContent = this.#name(state.product, state.date);
    one("divider-second").textContent = this.#name(state.otherProduct, state.otherDate);
    if (state.compare) this.#list(state);
  }

  /** A date to compare with is chosen for the beginning: the one before the date shown, or else after it. */
  #compare(compare) {
    const { state } = this.#store;
    const same = state.otherProduct === state.product && state.otherDate === state.date;
    this.#store.change({
      compare, ...(same && { otherDate: this.#beside(state) }), ...(compare === "fade" && state.opacity === 1 && { opacity: 0.5 }),
      ...(compare !== "fade" && state.compare === "fade" && { opacity: 1 }),
    });
  }

  #beside({ product, date }) {
    const line = this.#timeline.line(product);
    const before = line.step(date, -1);
    return (before === date ? line.step(date, 1) : before) ?? date;
  }

  #pickProduct(otherProduct) {
    const dates = this.#dates(otherProduct);
    const { otherDate: shown } = this.#store.state;
    const near = dates.includes(shown) ? shown : this.#timeline.line(otherProduct).closest(shown) ?? dates.at(-1);
    this.#store.change({ otherProduct, otherDate: near ?? null });
  }

  #list({ otherProduct, otherDate }) {
    const dates = this.#dates(otherProduct);
    const listed = `${otherProduct} ${otherDate?.slice(0, 4)} ${dates.length}`;
    if (listed !== this.#listed) fill(one("other-date"), dateOptions(dates, otherDate), otherDate);
    this.#listed = listed;
    one("other-product").value = otherProduct;
    one("other-date").value = otherDate;
    show(one("other-date-field"), dates.some((text) => text !== "static"));
  }

  #dates(name) { return this.#dataset.products.find((product) => product.name === name)?.dates.map(({ date }) => date) ?? []; }

  /** "1 Mar 2004", and which product where two are compared. */
  #name(product, date) {
    const { product: first, otherProduct: second } = this.#store.state;
    const title = this.#dataset.products.find(({ name }) => name === product)?.title ?? "";
    return [first === second ? "" : title, date ? written(date) : ""].filter(Boolean).join(", ");
  }
}
