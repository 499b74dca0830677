/** A filter as the API, the commands and saved views write it (docs/filters.md).  All functions are pure. */
const LISTS = ["products", "levels", "labels", "scores", "collections", "not_collections"];
const PLAIN = ["from", "to", "bbox", "polygon"];
const TABLES = ["metrics", "values"];

export const NOTHING = Object.freeze({});

const empty = (value) => (
  value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0)
);

/** What restricts nothing is left out: two filters that mean the same are written the same. */
export function compact(filter) {
  const known = [...LISTS.slice(0, 2), ...PLAIN, ...TABLES, ...LISTS.slice(2)];
  return Object.fromEntries(known.filter((name) => !empty(filter[name])).map((name) => [name, filter[name]]));
}

export const same = (one, other) => JSON.stringify(compact(one)) === JSON.stringify(compact(other));

/** How many things a filter restricts: each range, each campaign's labels, each collection is one. */
export function restrictions(filter) {
  const size = (value) => Object.keys(value ?? {}).length;
  const dates = filter.from || filter.to ? 1 : 0;
  const kinds = ["products", "levels", "bbox", "polygon"].filter((name) => !empty(filter[name])).length;
  const several = ["metrics", "values", "labels", "scores", "collections", "not_collections"];
  return dates + kinds + several.reduce((sum, name) => sum + size(filter[name]), 0);
}

/** table: metrics or values; an empty value takes the entry away. */
export function withEntry(filter, table, name, value) {
  const others = Object.fromEntries(Object.entries(filter[table] ?? {}).filter(([other]) => other !== name));
  const nothing = empty(value) || (table === "metrics" && value.every((end) => end === null));
  return { [table]: nothing ? others : { ...others, [name]: value } };
}

/** answers: null takes the campaign out of the filter, [] means any label. */
export function withLabels(filter, campaign, answers) {
  const others = (filter.labels ?? []).filter((one) => one.campaign !== campaign);
  return { labels: answers ? [...others, { campaign, answers }] : others };
}

export function withScore(filter, campaign, sweep, range) {
  const others = (filter.scores ?? []).filter((one) => one.campaign !== campaign || one.sweep !== sweep);
  return { scores: range.some((end) => end !== null) ? [...others, { campaign, sweep, range }] : others };
}

/** side: "collections", "not_collections" or null for neither */
export function withCollection(filter, name, side) {
  const lists = ["collections", "not_collections"].map((list) => {
    const others = (filter[list] ?? []).filter((other) => other !== name);
    return [list, list === side ? [...others, name] : others];
  });
  return Object.fromEntries(lists);
}

/** On which side of the filter a collection is, or null. */
export const sideOf = (filter, name) => (
  ["collections", "not_collections"].find((list) => filter[list]?.includes(name)) ?? null
);

const samePlace = ([x0, y0], [x1, y1]) => x0 === x1 && y0 === y1;

/** The corners of a polygon without holes, or null when it is another shape.  polygon: GeoJSON */
export function corners(polygon) {
  if (polygon?.type !== "Polygon" || polygon.coordinates.length !== 1) return null;
  const [ring] = polygon.coordinates;
  return samePlace(ring[0], ring.at(-1)) ? ring.slice(0, -1) : ring;
}

export const polygonOf = (ring) => ({ type: "Polygon", coordinates: [[...ring, ring[0]]] });
