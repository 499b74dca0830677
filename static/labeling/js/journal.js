/**
 * What has just been answered, written down at once: a tab may close before IndexedDB has it. Local storage is slow and
 * small, but it has what was written when the call returns; each entry goes as soon as the database has it.
 */
export class Journal {
  #start;

  constructor(name) { this.#start = `lookalike-journal-${name}-`; }

  write(row) {
    try {
      localStorage.setItem(this.#start + row.message.id, JSON.stringify(row));
    } catch (error) { // storage is closed, or full: the database alone must do
      console.warn("An answer is not in the journal:", error);
    }
  }

  forget(id) { localStorage.removeItem(this.#start + id); }

  /** What the last page could not hand over, in the order of the answers. */
  left() {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(this.#start));
    return names.map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => (a.message.at ?? "").localeCompare(b.message.at ?? ""));
  }
}
