/** Tiles by row, asked for together: whoever wants some within the same moment shares one request. */
const MOST = 300; // of one request
const SOON = 30; // milliseconds
const KEPT = 20_000;

export class RowBook {
  #studio;
  #known = new Map();
  #wanted = new Map();
  #timer = null;

  constructor(studio) { this.#studio = studio; }

  /** The tile if it is known already, else undefined. */
  known(row) { return this.#known.get(row); }

  /** Promise of a tile with its metrics; rejected with the API's words. */
  get(row) {
    if (this.#known.has(row)) return Promise.resolve(this.#known.get(row));
    if (!this.#wanted.has(row)) this.#want(row);
    return this.#wanted.get(row).promise;
  }

  #want(row) {
    let settle;
    const promise = new Promise((done, failed) => { settle = { done, failed }; });
    promise.catch(() => {}); // whoever asked hears of it; nobody has to
    this.#wanted.set(row, { promise, ...settle });
    this.#timer ??= setTimeout(() => this.#ask(), SOON);
  }

  #ask() {
    this.#timer = null;
    const rows = [...this.#wanted].filter(([, { sent }]) => !sent).slice(-MOST).map(([row]) => row); // the latest first
    if (!rows.length) return;
    for (const row of rows) this.#wanted.get(row).sent = true;
    if (this.#known.size > KEPT) this.#known.clear();
    const body = { frame: this.#studio.frame, rows };
    this.#studio.json("studio/tiles", { method: "POST", body }).then(
      ({ results }) => rows.forEach((row, at) => this.#settle(row, ({ done }) => { this.#known.set(row, results[at]); done(results[at]); })),
      (error) => rows.forEach((row) => this.#settle(row, ({ failed }) => failed(error))),
    );
    if ([...this.#wanted.values()].some(({ sent }) => !sent)) this.#timer = setTimeout(() => this.#ask(), SOON);
  }

  #settle(row, how) {
    const wanted = this.#wanted.get(row);
    this.#wanted.delete(row);
    how(wanted);
  }
}
