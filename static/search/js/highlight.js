/** The one result under the pointer or the focus, so that list and map light it together. */
export class Highlight {
  #key = null;
  #listeners = [];

  onChange(listener) { this.#listeners.push(listener); }

  /** source names who asked ("map", "list"), so that the other may scroll to it. */
  set(key, source) {
    if (key === this.#key) return;
    this.#key = key;
    for (const listener of this.#listeners) listener(key, source);
  }
}
