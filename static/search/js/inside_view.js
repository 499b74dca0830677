import { all, make, one, show } from "./elements.js";
import { score, subtitle, title } from "./format.js";
import { InsideChildren } from "./inside_children.js";
import { InsideHeat } from "./inside_heat.js";
import { examplesOf } from "./query.js";

/** One tile, large: where in it the likeness is, the smaller squares inside, the same place at other sizes. */
export class InsideView {
  #dialog = one("inside");
  #api;
  #store;
  #act;
  #sizeName;
  #heat;
  #children = null; // galleries have none
  #trail = []; // from the tile first opened to the one in sight

  /** act(action, tile, heat): what the buttons say; sizeName(level); deepest: the finest level there can be */
  constructor({ api, store, act, sizeName, deepest, announce }) {
    this.#api = api;
    this.#store = store;
    this.#act = act;
    this.#sizeName = sizeName;
    const ask = (key, signal) => api.heat(key, this.#query, signal);
    this.#heat = new InsideHeat({ ask, sizeName, announce });
    if (one("inside-children")) this.#children = this.#makeChildren(deepest);
    this.#wire();
  }

  /** result: {tile, score, also} */
  open(result) {
    this.#trail = [result];
    this.#show();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  get #query() { return examplesOf(this.#store.state); }

  get #result() { return this.#trail.at(-1); }

  #makeChildren(deepest) {
    return new InsideChildren({
      ask: (key, depth, signal) => this.#api.children(key, this.#query, depth, signal),
      sizeName: this.#sizeName, deepest, open: (result) => this.#into(result), point: (tile) => this.#box(tile),
    });
  }

  #wire() {
    one("inside-close").addEventListener("click", () => this.#dialog.close());
    one("inside-back").addEventListener("click", () => { this.#trail.pop(); this.#show(); });
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("close", () => { this.#heat.close(); this.#children?.close(); });
    for (const button of all("inside-act")) {
      button.addEventListener("click", () => this.#leave(button.dataset.insideAct));
    }
  }

  #leave(action) {
    const { heat } = this.#heat;
    this.#dialog.close();
    this.#act(action, this.#result.tile, heat);
  }

  #into(result) {
    this.#trail.push(result);
    this.#show();
    this.#dialog.scrollTop = 0;
    one("inside-back").focus();
  }

  #show() {
    const { tile, score: value, also } = this.#result;
    const parts = [subtitle(tile), tile.center && this.#sizeName(tile.level), `likeness ${score(value)}`];
    one("inside-title").textContent = title(tile);
    one("inside-subtitle").textContent = parts.filter(Boolean).join(" · ");
    one("inside-image").src = tile.image;
    show(one("inside-back"), this.#trail.length > 1);
    this.#box(null);
    this.#showAlso(also ?? []);
    this.#heat.open(tile.key);
    this.#children?.open(tile);
  }

  #showAlso(also) {
    show(one("inside-also"), also.length);
    one("inside-also-list")?.replaceChildren(...also.map((result) => this.#alsoItem(result)));
  }

  #alsoItem(result) {
    const item = make("also");
    item.querySelector("button").textContent = `${this.#sizeName(result.tile.level)}: ${score(result.score)}`;
    item.querySelector("button").addEventListener("click", () => this.#into(result));
    return item;
  }

  /** Frame a child on the picture of its tile. */
  #box(child) {
    const box = one("inside-box");
    show(box, child);
    if (!child) return;
    const { tile } = this.#result;
    const share = 100 / 2 ** (child.level - tile.level);
    const steps = child.level - tile.level;
    box.style.width = box.style.height = `${share}%`;
    box.style.left = `${(child.col - tile.col * 2 ** steps) * share}%`;
    box.style.top = `${(child.row - tile.row * 2 ** steps) * share}%`;
  }
}
