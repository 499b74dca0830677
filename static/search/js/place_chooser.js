import { one, show } from "./elements.js";

/** A line on the map about something that did not work; nothing takes it away. */
export function warn(message) {
  show(one("map-warning"), message);
  if (one("map-warning")) one("map-warning").textContent = message;
}

/** From a point of the map to its tile, which becomes an example. */
export class PlaceChooser {
  #parts;

  /** parts: maker, book, stage, examples */
  constructor(parts) { this.#parts = parts; }

  /** how: "like", "unlike" or null; away: the place may be out of sight */
  choose(point, level, how, away = false) {
    const { maker, book, stage, examples } = this.#parts;
    const [known, { product, date }] = [stage.grid.tileAt(point, level), stage.shownAt(point)];
    const tile = known && maker.make(known, product, date);
    if (!tile) return; // outside the world
    book.add(tile);
    examples.choose(tile, level, how);
    if (away) stage.fly(tile);
  }
}
