/** Going from tile to tile on the map of embeddings with the arrow keys. */
const WIDE = 1.2; // how much farther to the side a tile may be than ahead
const REACH = 0.35; // of the screen that is looked at

/** The nearest row in a direction [dx, dy] (screen) from a row, or from the middle of the screen for -1; -1: none. */
export function next(map, view, row, [dx, dy]) {
  const { camera, positions } = map;
  const [x, y] = row < 0 ? [camera.x, camera.y] : [positions[2 * row], positions[2 * row + 1]];
  if (row < 0) return map.index.nearest(x, y, 3, view);
  for (let reach = (REACH * camera.width) / camera.scale / 8; reach < 3; reach *= 2) {
    const found = ahead(map, view, row, [x, y, dx, dy], reach);
    if (found >= 0) return found;
  }
  return -1;
}

function ahead({ index, positions }, view, row, [x, y, dx, dy], reach) {
  let [found, least] = [-1, Infinity];
  for (const other of index.inBox(x - reach, y - reach, x + reach, y + reach, view)) {
    const [east, north] = [positions[2 * other] - x, positions[2 * other + 1] - y];
    const forward = east * dx - north * dy;
    const aside = Math.abs(east * dy + north * dx);
    const away = forward + WIDE * aside;
    if (other !== row && forward > 0 && aside <= WIDE * forward && away <= reach && away < least) [found, least] = [other, away];
  }
  return found;
}
