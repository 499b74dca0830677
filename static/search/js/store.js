/** What is being looked at and looked for, in one frozen object; listeners hear every change. */
export class Store {
  #state;
  #listeners = [];

  constructor(state) { this.#state = Object.freeze({ ...state }); }

  get state() { return this.#state; }

  onChange(listener) { this.#listeners.push(listener); }

  /** history: "push" adds a step for Back, "replace" amends the current one, "keep" leaves the address alone. */
  change(patch, history = "push") {
    const previous = this.#state;
    this.#state = Object.freeze({ ...previous, ...patch });
    for (const listener of this.#listeners) listener(this.#state, previous, history);
  }
}
