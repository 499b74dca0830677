/** The sizes that can be searched now, or all of them while none is ready; deepest last. */
export function searchableLevels({ levels }) {
  const ready = levels.filter(({ searchable }) => searchable);
  return (ready.length ? ready : levels).map(({ level }) => level);
}
