import { show, one, all } from "./elements.js";
import { fresh, like, unlike } from "./query.js";

/** What the keys held with a click or Enter say: "like", "unlike" or null. */
export const meant = ({ shiftKey, altKey }) => (shiftKey ? "like" : altKey ? "unlike" : null);

/** What choosing a tile means: a new search, or one more example for or against it. */
export class Examples {
  #store;
  #mode = null;
  #announce;

  constructor({ store, announce }) {
    this.#store = store;
    this.#announce = announce;
    for (const button of all("pick")) button.addEventListener("click", () => this.pick(button.dataset.pick));
    one("mode-cancel")?.addEventListener("click", () => this.leave());
  }

  get mode() { return this.#mode; }

  /** how: "like", "unlike", or null for what the mode says; level: the size to look for, null for galleries */
  choose(tile, level, how) {
    const meaning = how ?? this.#mode;
    if (meaning) this.refine(meaning, tile, level);
    else this.#store.change({ ...fresh({ positives: [tile.key] }), level });
  }

  refine(meaning, { key }, level = null) {
    const { state } = this.#store;
    const first = meaning === "like" && !state.positives.length;
    const examples = meaning === "like" ? like(state, key) : unlike(state, key);
    this.#store.change({ ...examples, ...(first && { minScore: 0, level: state.level ?? level }) });
    this.#announce(meaning === "like" ? "Added as an example." : "Added as a counter-example.");
  }

  /** The next clicks add examples, until left; the same mode again leaves it. */
  pick(mode) { this.#set(this.#mode === mode ? null : mode); }

  leave() { this.#set(null); }

  #set(mode) {
    this.#mode = mode;
    for (const button of all("pick")) button.setAttribute("aria-pressed", String(button.dataset.pick === mode));
    const words = { like: "Click tiles to look for them too", unlike: "Click tiles that are not meant" }[mode];
    this.hint(words);
  }

  /** A line on the map that says what the next click does; nothing takes it away. */
  hint(words) {
    show(one("mode-hint"), words);
    if (one("mode-text")) one("mode-text").textContent = words ?? "";
    if (words) this.#announce(`${words}. Escape ends this.`);
  }
}
