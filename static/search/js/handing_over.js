/** Tiles on their way from the map to a page that does something with them, in this tab's own storage. */
const NAME = "lookalike.label";

/** tiles: {keys} or {area} or {all}, as the campaigns' API takes them; pictures: addresses of some of them. */
export function handOver(address, { dataset, tiles, pictures = [] }) {
  sessionStorage.setItem(NAME, JSON.stringify({ dataset, tiles, pictures: pictures.slice(0, 8) }));
  location.assign(`${address}?${new URLSearchParams({ dataset })}`);
}

/** What was handed over of this dataset, or null; without a dataset it is forgotten. */
export function handedOver(dataset) {
  if (dataset === null) sessionStorage.removeItem(NAME);
  const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
  return kept && kept.dataset === dataset ? kept : null;
}
