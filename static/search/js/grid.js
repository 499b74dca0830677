import { clamp } from "./degrees.js";

/** Arithmetic of the dataset's tile pyramid (origin top left): points of the map in, tiles {level, row, col, offset} out. */
const COMFORTABLE = 90; // pixels of the square that a click looks for

export class Grid {
  #levels;
  #origin;
  #projection;

  constructor({ origin, levels }, projection) {
    this.#origin = origin;
    this.#projection = projection;
    this.#levels = new Map(levels.map((level) => [level.level, level]));
  }

  level(z) { return this.#levels.get(z); }

  /** The tile under a point, or null outside the world. */
  tileAt([x, y], z) {
    const { span } = this.level(z);
    const row = Math.floor((this.#origin[1] - y) / span);
    const col = Math.floor((this.#projection.wrapped(x) - this.#origin[0]) / span);
    return this.#exists(z, row, col) ? { level: z, row, col } : null;
  }

  /** The neighbour some rows and columns away: round the date line where the map goes round, else stopping at the rim. */
  move({ level, row, col }, rows, cols) {
    const { rows: height, columns: width } = this.level(level);
    const next = this.#projection.wraps ? (col + cols + width) % width : clamp(col + cols, 0, width - 1);
    return { level, row: clamp(row + rows, 0, height - 1), col: next };
  }

  /** [left, bottom, right, top]; tiles of the half-tile grid lie half a tile to the right and down */
  bounds({ level, row, col, offset = 0 }) {
    const { span } = this.level(level);
    const left = this.#origin[0] + (col + offset / 2) * span;
    const top = this.#origin[1] - (row + offset / 2) * span;
    return [left, top - span, left + span, top];
  }

  /** The point in the middle of a tile. */
  center(tile) {
    const [left, bottom, right, top] = this.bounds(tile);
    return [(left + right) / 2, (bottom + top) / 2];
  }

  /** Does the tile hold the point, in whichever world it lies? */
  holds(tile, [x, y]) {
    const [left, bottom, right, top] = this.bounds(tile);
    const near = this.#projection.nearest(x, (left + right) / 2);
    return near >= left && near < right && y >= bottom && y < top;
  }

  /** The searchable level whose tiles are nearest to a comfortable size on screen. */
  levelFor(resolution, searchable, pixels = COMFORTABLE) {
    const misfit = (z) => Math.abs(Math.log2(this.level(z).span / resolution / pixels));
    return searchable.reduce((best, z) => (misfit(z) < misfit(best) ? z : best));
  }

  #exists(z, row, col) {
    const { rows, columns } = this.level(z);
    return row >= 0 && row < rows && col >= 0 && col < columns;
  }
}
