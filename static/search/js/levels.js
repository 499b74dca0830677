/** The sizes that can be searched now, or that will be, or that there are, while none is ready; deepest last. */
export function searchableLevels({ levels, grid }) {
  const ready = levels.filter(({ searchable }) => searchable);
  return [ready, levels, grid.levels].find(({ length }) => length).map(({ level }) => level);
}
