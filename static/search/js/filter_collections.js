import { all, make, one, show } from "./elements.js";
import { count } from "./format.js";
import { sideOf, withCollection } from "./filter_json.js";

const SIDES = { collections: "in", not_collections: "not in" };

/** Collections that a tile must be in, or must not be in. */
export class FilterCollections {
  #group;
  #write;
  #known = [];
  #filter = {};

  constructor(root, write) {
    this.#group = one("in-group", root);
    this.#write = write;
    one("group", this.#group).addEventListener("click", ({ target }) => this.#choose(target.closest("[data-side]")));
  }

  get open() { return this.#group.open; }

  /** collections: [{name, count}] */
  fill(collections, filter) {
    this.#known = collections;
    this.render(filter);
  }

  render(filter) {
    this.#filter = filter;
    const used = [...(filter.collections ?? []), ...(filter.not_collections ?? [])];
    const gone = used.filter((name) => !this.#known.some((one) => one.name === name)).map((name) => ({ name, count: null }));
    const rows = [...this.#known, ...gone];
    const { name, side } = document.activeElement?.dataset ?? {};
    one("group", this.#group).replaceChildren(...rows.map((one) => this.#row(one)));
    if (side) all("side", this.#group).find(({ dataset }) => dataset.name === name && dataset.side === side)?.focus();
    show(one("none", this.#group), !rows.length);
    one("used", this.#group).textContent = used.length;
    show(one("used", this.#group), used.length);
  }

  #row({ name, count: tiles }) {
    const row = make("collection-side");
    one("name", row).textContent = name;
    one("count", row).textContent = tiles === null ? "" : count(tiles);
    for (const button of all("side", row)) {
      button.dataset.name = name;
      button.ariaPressed = String(sideOf(this.#filter, name) === button.dataset.side);
      button.ariaLabel = `Only tiles ${SIDES[button.dataset.side]} ${name}`;
    }
    return row;
  }

  #choose(button) {
    if (!button) return;
    const { name, side } = button.dataset;
    const pressed = button.ariaPressed === "true";
    this.#write((filter) => withCollection(filter, name, pressed ? null : side));
  }
}
