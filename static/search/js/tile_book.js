/** Tiles already met, by key: what results brought need not be asked for again. */
export class TileBook {
  #tiles = new Map();
  #fetch;

  constructor(fetch) { this.#fetch = fetch; }

  add(tile) { this.#tiles.set(tile.key, Promise.resolve(tile)); }

  /** A promise of the tile; rejected with ApiError when there is none, and then asked for anew next time. */
  get(key) {
    if (!this.#tiles.has(key)) {
      const asked = this.#fetch(key);
      asked.catch(() => this.#tiles.delete(key));
      this.#tiles.set(key, asked);
    }
    return this.#tiles.get(key);
  }
}
