import { one, show } from "./elements.js";

/** A line on the map about something that did not work; nothing takes it away. */
export function warn(message) {
  show(one("map-warning"), message);
  if (one("map-warning")) one("map-warning").textContent = message;
}

/** From a place on the map to its tile, which becomes an example. */
export class PlaceChooser {
  #parts;

  /** parts: maker, store, book, stage, examples */
  constructor(parts) { this.#parts = parts; }

  /** how: "like", "unlike" or null; away: the place may be out of sight */
  choose(place, level, how, away = false) {
    const { maker, store, book, stage, examples } = this.#parts;
    const known = stage.grid.tileAt(place, level);
    const tile = known && maker.make(known, store.state.product, store.state.date);
    if (!tile) return; // beyond the poles
    book.add(tile);
    examples.choose(tile, level, how);
    if (away) stage.fly(tile);
  }
}
