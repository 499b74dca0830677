/** What every way of drawing the points shares. */

/** Rows in an order that is random but always the same: the first thousands of them are a fair sample of all. */
export function shuffled(n) {
  const rows = new Uint32Array(n);
  for (let row = 0; row < n; row += 1) rows[row] = row;
  let seed = 12345;
  for (let at = n - 1; at > 0; at -= 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (at + 1));
    const row = rows[at]; // no destructuring: this runs a million times before the first point is seen
    rows[at] = rows[other];
    rows[other] = row;
  }
  return rows;
}

/** Float32Array(2n), x and y by row → in the order of `rows` */
export function placesIn(places, rows) {
  const found = new Float32Array(2 * rows.length);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    found[2 * at] = places[2 * row];
    found[2 * at + 1] = places[2 * row + 1];
  }
  return found;
}

/** Uint8Array(4n), a colour by row → in the order of `rows` */
export function coloursIn(colours, rows) {
  const found = new Uint32Array(rows.length);
  const whole = new Uint32Array(colours.buffer, colours.byteOffset, rows.length);
  for (let at = 0; at < rows.length; at += 1) found[at] = whole[rows[at]];
  return new Uint8Array(found.buffer);
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
  const found = new Float32Array(to.length);
  for (let at = 0; at < to.length; at += 1) found[at] = from[at] + (to[at] - from[at]) * way;
  return found;
}
