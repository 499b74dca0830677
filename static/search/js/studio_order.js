/** What every way of drawing the points shares. */

/** Rows in an order that is random but always the same: the first thousands of them are a fair sample of all. */
export function shuffled(n) {
  const rows = Uint32Array.from({ length: n }, (_, row) => row);
  let seed = 12345;
  for (let at = n - 1; at > 0; at -= 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (at + 1));
    [rows[at], rows[other]] = [rows[other], rows[at]];
  }
  return rows;
}

/** Pairs, or fours, of values by row → in the order of `rows` */
export function arranged(values, rows, size) {
  const found = new values.constructor(rows.length * size);
  for (let at = 0; at < rows.length; at += 1) {
    const from = rows[at] * size;
    for (let part = 0; part < size; part += 1) found[at * size + part] = values[from + part];
  }
  return found;
}

/** Of a point, in CSS pixels: few tiles are large, a million are dots that grow as one comes closer. */
export function pointSize(n, camera) {
  const room = 0.35 * Math.sqrt((camera.width * camera.height) / Math.max(1, n));
  return Math.min(14, Math.max(1.2, Math.min(9, room)) * Math.max(1, camera.zoom) ** 0.4);
}

export const eased = (way) => (way < 0.5 ? 4 * way ** 3 : 1 - (2 - 2 * way) ** 3 / 2);

/** Positions between two maps of embeddings. */
export function between(from, to, way) {
  if (way >= 1) return to;
  return from.map((value, at) => value + (to[at] - value) * way);
}
