/** The sizes that can be searched now, or all of them while none is ready; deepest last. */
export function searchableLevels({ levels, products }) {
  const parts = products.flatMap(({ dates }) => dates.flatMap((scene) => scene.levels));
  const ready = new Set(parts.filter(({ searchable }) => searchable).map(({ level }) => level));
  const known = levels.map(({ level }) => level);
  return ready.size ? known.filter((level) => ready.has(level)) : known;
}
