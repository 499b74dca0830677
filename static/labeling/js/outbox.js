/**
 * Votes and undos that the site has not acknowledged, in the order in which they were made, and the history that undo
 * goes back through. Both outlive the page: IndexedDB, a database for each guest of each link.
 */
import { Journal } from "./journal.js";

const { openDB } = globalThis.idb;
const STORES = { waiting: { keyPath: "seq", autoIncrement: true }, history: { keyPath: "seq", autoIncrement: true } };

export class Outbox {
  #db;
  #journal;
  #waiting = []; // {message, card, kept}: kept is a promise of its row's key, null where nothing can be kept
  #history = []; // {vote, card, kept}

  static async open(name) {
    const box = new Outbox();
    box.#journal = new Journal(name);
    try {
      box.#db = await openDB(`lookalike-label-${name}`, 1, {
        upgrade: (db) => Object.entries(STORES).forEach(([store, options]) => db.createObjectStore(store, options)),
      });
      const restored = async (store) => (await box.#db.getAll(store)).map(({ seq, ...row }) => ({ ...row, kept: Promise.resolve(seq) }));
      box.#waiting = await restored("waiting");
      box.#history = await restored("history");
    } catch (error) { // a private window, or a full disk: the page says so and goes on
      console.warn("Answers cannot be kept on this device:", error);
      box.#db = null;
    }
    const known = new Set(box.all().map(({ id }) => id));
    box.#journal.left().filter(({ message }) => !known.has(message.id)).forEach(({ message, card }) => box.put(message, card));
    return box;
  }

  /** Whether what is put in outlives the page. */
  get lasts() { return Boolean(this.#db); }
  get unsent() { return this.#waiting.length; }

  /** By how much the person's count will change once all of it has arrived. */
  get pending() { return this.#waiting.reduce((sum, { message }) => sum + (message.type === "vote" ? 1 : -1), 0); }

  get canUndo() { return this.#history.length > 0; }

  all() { return this.#waiting.map(({ message }) => message); }
  cards() { return this.#waiting.filter(({ message }) => message.type === "vote").map(({ card }) => card.id); }

  /** Resolves to whether it is kept. */
  put(message, card) {
    const row = { message, card };
    this.#journal.write(row);
    const entry = { ...row, kept: this.#store("waiting", row) };
    entry.kept.then((seq) => seq !== null && this.#journal.forget(message.id));
    this.#waiting.push(entry);
    if (message.type === "vote") this.#history.push({ vote: message, card, kept: this.#store("history", { vote: message, card }) });
    return entry.kept.then((seq) => seq !== null);
  }

  /** The last answer, which is forgotten: its undo follows. */
  last() {
    const entry = this.#history.pop();
    if (entry) this.#remove("history", entry);
    return entry ?? null;
  }

  /** Acknowledged, or refused for good: then there is nothing to take back either. */
  done(id, refused = false) {
    const at = this.#waiting.findIndex(({ message }) => message.id === id);
    if (at >= 0) this.#remove("waiting", this.#waiting.splice(at, 1)[0]);
    const past = refused ? this.#history.findIndex(({ vote }) => vote.id === id) : -1;
    if (past >= 0) this.#remove("history", this.#history.splice(past, 1)[0]);
  }

  async #store(store, row) {
    if (!this.#db) return null;
    return this.#db.add(store, row).catch((error) => {
      console.warn("An answer could not be kept on this device:", error);
      return null;
    });
  }

  async #remove(store, { kept }) {
    const seq = await kept;
    if (seq !== null && this.#db) await this.#db.delete(store, seq);
  }
}
