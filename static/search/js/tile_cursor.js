/** The square under the mouse, or the one that the arrow keys move: the next example. */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class TileCursor {
  #grid;
  #level;
  #tile = null;
  #changed;

  /** level: () => number; changed: (tile or null) => void */
  constructor({ grid, level, changed }) {
    this.#grid = grid;
    this.#level = level;
    this.#changed = changed;
  }

  get tile() { return this.#tile; }

  /** Put it on the tile under a point of the map; null takes it away. */
  point(point) { this.#set(point && this.#grid.tileAt(point, this.#level())); }

  /** Answers whether the key was an arrow. */
  press(key, middle) {
    if (!STEPS[key]) return false;
    const known = this.#tile?.level === this.#level() ? this.#tile : null;
    const start = known ?? this.#grid.tileAt(this.#tile ? this.#grid.center(this.#tile) : middle, this.#level());
    if (start) this.#set(known || this.#tile ? this.#grid.move(start, ...STEPS[key]) : start);
    return true;
  }

  #set(tile) {
    const same = ["level", "row", "col"].every((part) => tile?.[part] === this.#tile?.[part]);
    this.#tile = tile;
    if (!same) this.#changed(tile);
  }
}

/** The best result that covers the point, or undefined. */
export const resultAt = (grid, results, point) => results.find(({ tile }) => grid.holds(tile, point))?.tile;
