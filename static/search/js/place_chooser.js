import { one, show } from "./elements.js";

/** A line on the map about something that did not work; nothing takes it away. */
export function warn(message) {
  show(one("map-warning"), message);
  if (one("map-warning")) one("map-warning").textContent = message;
}

/** From a place on the map to its tile, which becomes an example. */
export class PlaceChooser {
  #parts;

  /** parts: api, store, book, stage, examples, lookups, waiting(), unchanged() */
  constructor(parts) { this.#parts = parts; }

  /** how: "like", "unlike" or null; away: the place may be out of sight */
  choose(place, level, how, away = false) {
    const { api, store, stage, lookups, waiting, unchanged } = this.#parts;
    const known = stage.grid.tileAt(place, level);
    if (!known) return; // beyond the poles
    const [lon, lat] = stage.grid.center(known);
    const { product, date } = store.state;
    lookups.run((signal) => api.tileAt({ lon, lat, level, product, date }, signal), {
      start: () => waiting(known, how),
      done: (tile) => this.#found(tile, level, how, away),
      failed: ({ message }) => { unchanged(); warn(message); },
    });
  }

  #found(tile, level, how, away) {
    const { book, examples, stage, unchanged } = this.#parts;
    warn("");
    unchanged(); // until the choice changes what is looked for
    book.add(tile);
    examples.choose(tile, level, how);
    if (away) stage.fly(tile);
  }
}
