import { one } from "./elements.js";

/** A search with words, where the encoder understands them. */
export class TextSearch {
  #input = one("text");
  #store;

  /** level: () => the size to look for */
  constructor({ store, level }) {
    this.#store = store;
    if (!this.#input) return;
    one("text-form").addEventListener("submit", (event) => this.#search(event, level()));
    store.onChange((state, previous) => { if (state.text !== previous.text) this.#input.value = state.text; });
    this.#input.value = store.state.text;
  }

  #search(event, level) {
    event.preventDefault();
    this.#store.change({ text: this.#input.value.trim(), level, minScore: 0 });
  }
}
