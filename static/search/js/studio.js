/**
 * The studio's state: all tiles of a dataset as arrays, which of them are in the view, marked, or chosen.
 *
 * Rows are positions in the frame (search/frames.py), from 0.  Whoever shows something listens:
 * "view" (the filter has another answer), "marked", "selection", "colour", "collections", "layouts".
 */
import { ApiError, WORDS, failure, unpacked } from "./studio_http.js";

export class Studio extends EventTarget {
  slug; name; kind; api; frame; tiles; columns; collections; layouts; views; mayEdit; mayManage;
  view; marked; shown;
  filter = {};
  colour = "";
  inView = 0;
  markedCount = 0;
  #token;
  #keys = null;
  #loaded = new Map();
  #asked = 0;

  /** config: {slug, name, kind, api}; answer: of GET …/studio/; token: against forged requests */
  constructor(config, answer, token) {
    super();
    this.#token = token;
    Object.assign(this, { slug: config.slug, name: config.name, kind: config.kind, api: config.api });
    this.#take(answer);
    this.frame = answer.frame;
    this.tiles = answer.tiles;
    this.view = new Uint8Array(this.tiles).fill(1);
    this.marked = new Uint8Array(this.tiles);
    this.shown = new Int32Array(this.tiles).fill(-1);
    this.inView = this.tiles;
  }

  static async open(config, token) {
    const answer = await ask(`${config.api}studio/`, { token });
    return new Studio(config, await answer.json(), token);
  }

  /** Keys of all tiles in the order of the rows; asked for once. */
  get keys() {
    this.#keys ??= this.binary(`studio/keys?frame=${this.frame}`).then((bytes) => new BigInt64Array(bytes));
    return this.#keys;
  }

  /** Columns, collections and layouts anew: somebody has made one. */
  async refresh() {
    const answer = await this.json("studio/");
    if (answer.frame !== this.frame) throw new ApiError(409, WORDS[409], { code: "stale_frame" });
    this.#take(answer);
    this.#tell("collections");
    this.#tell("layouts");
  }

  /** filter: as docs/filters.md has it; {} for every tile.  Rejected with the API's words when it is refused. */
  async setFilter(filter) {
    const number = ++this.#asked;
    const empty = Object.keys(filter).length === 0;
    const body = { filter, frame: this.frame };
    const kept = empty ? new Uint8Array(this.tiles).fill(1)
      : unpacked(await this.binary("studio/mask", { method: "POST", body }), this.tiles);
    if (number !== this.#asked) return; // a newer one has been set meanwhile
    this.filter = filter;
    this.view = kept;
    this.inView = sum(kept);
    this.#tell("view");
  }

  /** rowsOrMask: rows, or a Uint8Array of all tiles that says 1 for those meant.  mode: "replace", "add" or "remove" */
  mark(rowsOrMask, mode = "replace") {
    const next = mode === "replace" ? new Uint8Array(this.tiles) : this.marked;
    const value = mode === "remove" ? 0 : 1;
    if (rowsOrMask instanceof Uint8Array) rowsOrMask.forEach((meant, row) => { if (meant) next[row] = value; });
    else for (const row of rowsOrMask) next[row] = value;
    this.marked = next;
    this.markedCount = sum(next);
    this.#tell("marked");
  }

  /** rows: in the order in which they were chosen; none: no selection is shown any more */
  showSelection(rows) {
    this.shown = new Int32Array(this.tiles).fill(-1);
    rows.forEach((row, rank) => { if (row >= 0) this.shown[row] = rank; });
    this.#tell("selection");
    return this.colourBy(rows.length ? "@selection" : "");
  }

  /** name: of a column, "@selection" for the order of the selection shown, or "" for one colour */
  async colourBy(name) {
    if (name && name !== "@selection" && !this.columns.some((column) => column.name === name)) return;
    this.colour = name;
    this.#tell("colour");
  }

  column(name) { return this.columns.find((column) => column.name === name) ?? null; }

  /** What a column says of every tile: {numbers: Float32Array} (NaN: unknown) or {codes: Int32Array, texts} (-1). */
  values(name) {
    if (name === "@selection") return Promise.resolve({ numbers: Float32Array.from(this.shown, (rank) => (rank < 0 ? NaN : rank + 1)) });
    if (!this.#loaded.has(name)) {
      const asked = this.#values(name);
      asked.catch(() => this.#loaded.delete(name));
      this.#loaded.set(name, asked);
    }
    return this.#loaded.get(name);
  }

  /** A column may have changed: collections do. */
  forget(name) { this.#loaded.delete(name); }

  async json(path, options = {}) {
    const answer = await ask(this.api + path, { ...options, token: this.#token });
    return answer.status === 204 ? null : answer.json();
  }

  async binary(path, options = {}) {
    return (await ask(this.api + path, { ...options, token: this.#token })).arrayBuffer();
  }

  /** For eyes and ears: a line at the foot of the page, and to screen readers. */
  say(text, kind = "") { this.dispatchEvent(new CustomEvent("say", { detail: { text, kind } })); }

  #take({ columns, collections, layouts, views, may_edit: mayEdit, may_manage: mayManage }) {
    for (const { name } of columns) if (name.startsWith("@collection:")) this.#loaded.delete(name);
    Object.assign(this, { columns, collections, layouts, views, mayEdit, mayManage });
  }

  async #values(name) {
    const path = `studio/columns/${encodeURIComponent(name)}?frame=${this.frame}`;
    const answer = await ask(this.api + path, { token: this.#token });
    const bytes = await answer.arrayBuffer();
    const texts = answer.headers.get("X-Values");
    if (texts === null) return { numbers: new Float32Array(bytes) };
    return { codes: new Int32Array(bytes), texts: JSON.parse(decodeURIComponent(texts)) };
  }

  #tell(what) { this.dispatchEvent(new Event(what)); }
}

const ask = async (url, { method = "GET", body, signal, token }) => {
  const json = body !== undefined && !(body instanceof FormData);
  const headers = { ...(method !== "GET" && { "X-CSRFToken": token }), ...(json && { "Content-Type": "application/json" }) };
  const options = { method, signal, headers, credentials: "same-origin", body: json ? JSON.stringify(body) : body };
  const answer = await fetch(url, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, WORDS[0]);
  });
  if (!answer.ok) throw await failure(answer);
  return answer;
};

const sum = (bytes) => {
  let found = 0;
  for (let row = 0; row < bytes.length; row += 1) found += bytes[row];
  return found;
};
