import { one, show } from "./elements.js";

/** A tile that the archive lacks but its source may have: brought in, once, when a search with it found no data. */
export class Fetching {
  #api;
  #may;
  #tile;
  #done;
  #announce;
  #tried = new Set();
  #busy = false;

  /** may(product): whether its source can be asked; tile(): promise of the example; done(answer): it is here */
  constructor({ api, may, tile, done, announce }) {
    this.#api = api;
    this.#may = may;
    this.#tile = tile;
    this.#done = done;
    this.#announce = announce;
  }

  /** Answers whether something is being done about the error. */
  try(error, keys) {
    const key = keys.length === 1 ? keys[0] : null;
    if (error.code !== "no_data" || !key || this.#busy || this.#tried.has(key)) return false;
    this.#fetch(key, error);
    return true;
  }

  async #fetch(key, error) {
    this.#busy = true;
    this.#tried.add(key); // what is still empty afterwards is not asked for again
    const { product, date, level, row, col } = await this.#tile(key);
    if (!this.#may(product)) return this.#end(() => this.#done(null, error));
    this.#say("Fetching this tile from NASA GIBS…");
    const answer = await this.#api.fetchTile({ product, date, level, row, col }).catch((refused) => refused);
    const failed = answer instanceof Error;
    if (failed) this.#tried.delete(key);
    return this.#end(() => this.#done(failed ? null : answer, failed ? answer : null));
  }

  #end(then) {
    this.#busy = false;
    this.#say("");
    then();
  }

  #say(words) {
    one("map-notice").textContent = words;
    show(one("map-notice"), words);
    if (words) this.#announce(words);
  }
}
