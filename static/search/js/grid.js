/** Arithmetic of the dataset's tile pyramid (EPSG:4326, origin top left); degrees in, tiles out. */
export const wrapLongitude = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;

const COMFORTABLE = 90; // pixels of the square that a click looks for

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Grid {
  #levels;
  #origin;

  constructor({ origin, levels }) {
    this.#origin = origin;
    this.#levels = new Map(levels.map((level) => [level.level, level]));
  }

  level(z) { return this.#levels.get(z); }

  /** The tile under a place, or null beyond the poles. */
  tileAt([lon, lat], z) {
    const { degrees } = this.level(z);
    const row = Math.floor((this.#origin[1] - lat) / degrees);
    const col = Math.floor((wrapLongitude(lon) - this.#origin[0]) / degrees);
    return this.#exists(z, row, col) ? { level: z, row, col } : null;
  }

  /** The neighbour some rows and columns away: round the date line, stopping at the poles. */
  move({ level, row, col }, rows, cols) {
    const { rows: height, columns: width } = this.level(level);
    return { level, row: clamp(row + rows, 0, height - 1), col: (col + cols + width) % width };
  }

  bounds({ level, row, col }) {
    const { degrees } = this.level(level);
    const west = this.#origin[0] + col * degrees;
    const north = this.#origin[1] - row * degrees;
    return [west, north - degrees, west + degrees, north];
  }

  center(tile) {
    const [west, south, east, north] = this.bounds(tile);
    return [(west + east) / 2, (south + north) / 2];
  }

  /** The searchable level whose tiles are nearest to a comfortable size on screen. */
  levelFor(resolution, searchable, pixels = COMFORTABLE) {
    const misfit = (z) => Math.abs(Math.log2(this.level(z).degrees / resolution / pixels));
    return searchable.reduce((best, z) => (misfit(z) < misfit(best) ? z : best));
  }

  #exists(z, row, col) {
    const { rows, columns } = this.level(z);
    return row >= 0 && row < rows && col >= 0 && col < columns;
  }
}

/** Does [west, south, east, north] hold the place?  west > east crosses the date line. */
export function holds([west, south, east, north], [lon, lat]) {
  const x = wrapLongitude(lon);
  const inside = west <= east ? x >= west && x < east : x >= west || x < east;
  return inside && lat >= south && lat < north;
}

/** An extent of the endless map → [west, south, east, north] of the world, rounded to 0.001°. */
export function areaOf([x0, y0, x1, y1]) {
  const round = (value) => Math.round(value * 1000) / 1000;
  const [south, north] = [clamp(y0, -90, 90), clamp(y1, -90, 90)].map(round);
  if (x1 - x0 >= 360) return [-180, south, 180, north];
  return [round(wrapLongitude(x0)), south, round(wrapLongitude(x1)), north];
}
