import { Latest } from "./latest.js";
import { hasQuery, searchBody } from "./query.js";

/** Keeps the results in step with the state: asks when what is looked for changes, and only then. */
export class Searching {
  #api;
  #store;
  #on;
  #latest = new Latest();
  #asked = null;
  #failed = null;

  /** on: {none(), loading(), answer(found), failure(error)} */
  constructor({ api, store, on }) {
    this.#api = api;
    this.#store = store;
    this.#on = on;
    addEventListener("online", () => this.#failed?.status === 0 && this.again());
  }

  get failed() { return this.#failed; }

  render() {
    const body = hasQuery(this.#store.state) ? JSON.stringify(searchBody(this.#store.state)) : null;
    if (body === this.#asked) return;
    this.#asked = body;
    if (body) this.again();
    else this.#stop();
  }

  again() {
    const body = searchBody(this.#store.state);
    if (!hasQuery(this.#store.state)) return;
    this.#latest.run((signal) => this.#ask(body, signal), {
      start: () => this.#on.loading(),
      done: (answer) => { this.#failed = null; this.#on.answer(answer); },
      failed: (error) => { this.#failed = error; this.#on.failure(error); },
    });
  }

  /** Beside an exact answer what the index would have answered, as `indexed`. */
  async #ask(body, signal) {
    if (!body.exact) return this.#api.search(body, signal);
    const both = [body, { ...body, exact: false }].map((asked) => this.#api.search(asked, signal));
    const [answer, indexed] = await Promise.all(both);
    return { ...answer, indexed };
  }

  #stop() {
    this.#latest.cancel();
    this.#failed = null;
    this.#on.none();
  }
}
