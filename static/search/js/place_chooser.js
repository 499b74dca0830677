import { one, show } from "./elements.js";

/** A line on the map about something that did not work; nothing takes it away. */
export function warn(message) {
  show(one("map-warning"), message);
  if (one("map-warning")) one("map-warning").textContent = message;
}

/** From a place on the map to its tile, which becomes an example. */
export class PlaceChooser {
  #parts;

  /** parts: api, store, book, stage, examples, lookups */
  constructor(parts) { this.#parts = parts; }

  /** how: "like", "unlike" or null; away: the place may be out of sight */
  choose(place, level, how, away = false) {
    const { api, store, stage, lookups } = this.#parts;
    const known = stage.grid.tileAt(place, level);
    if (!known) return; // beyond the poles
    const [lon, lat] = stage.grid.center(known);
    const { product, date } = store.state;
    lookups.run((signal) => api.tileAt({ lon, lat, level, product, date }, signal), {
      done: (tile) => this.#found(tile, level, how, away),
      failed: ({ message }) => warn(message),
    });
  }

  #found(tile, level, how, away) {
    const { book, examples, stage } = this.#parts;
    warn("");
    book.add(tile);
    examples.choose(tile, level, how);
    if (away) stage.fly(tile);
  }
}
