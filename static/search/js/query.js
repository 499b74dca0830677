import { compact, restrictions } from "./filter_json.js";

/** The search as state: changes of it, and the body that the API wants. All functions are pure. */
export const EMPTY_QUERY = { positives: [], negatives: [], images: [], text: "" };

export const NO_FILTERS = {
  dates: "all", from: "", to: "", products: "all", k: 50, area: null, noDuplicates: false, spread: true, metrics: {},
  sizes: "one", nested: false, exact: false, polygon: null, values: {}, labels: [], scores: [], collections: [],
  notCollections: [],
};

export const hasQuery = ({ positives, images, text }) => Boolean(positives.length || images.length || text);

export const hasExamples = (state) => hasQuery(state) || state.negatives.length > 0;

export const fresh = (patch) => ({ ...EMPTY_QUERY, minScore: 0, ...patch });

const without = (list, value) => list.filter((other) => other !== value);

export const like = (state, key) => ({
  positives: [...without(state.positives, key), key], negatives: without(state.negatives, key),
});

export const unlike = (state, key) => ({
  positives: without(state.positives, key), negatives: [...without(state.negatives, key), key],
});

/** kind: "positives", "negatives" or "images" */
export const drop = (state, kind, value) => ({ [kind]: without(state[kind], value) });

function dateRange({ dates, date, from, to }) {
  if (dates === "shown" && date && date !== "static") return { from: date, to: date };
  if (dates !== "range") return {};
  return { ...(from && { from }), ...(to && { to }) };
}

/** What of a search a single tile can be compared with. */
export const examplesOf = ({ positives, negatives, images, text }) => (
  { positives, negatives, images, ...(text && { text }) }
);

/** What of the state is the filter: which tiles count at all, as the API writes it. */
export function filterOf(state) {
  const { level, area, polygon, metrics, values, labels, scores, collections, notCollections } = state;
  return compact({
    ...(level !== null && state.sizes === "one" && { levels: [level] }),
    ...(state.products === "shown" && state.product && { products: [state.product] }),
    ...dateRange(state),
    bbox: area, polygon, metrics, values, labels, scores, collections, not_collections: notCollections,
  });
}

const NAMES = { not_collections: "notCollections", bbox: "area" };

/** A change of a filter as a change of the state: what people filter by in the panel, which has no levels or products. */
export function patchOf(changed) {
  const { from, to, levels: _levels, products: _products, ...others } = changed;
  const named = Object.fromEntries(Object.entries(others).map(([name, value]) => [NAMES[name] ?? name, value]));
  const dated = "from" in changed || "to" in changed;
  return { ...named, ...(dated && { dates: from || to ? "range" : "all", from: from ?? "", to: to ?? "" }) };
}

/** A whole filter, a saved view, as state. */
export function stateOf(filter, dataset) {
  const { products = [], levels = [] } = filter;
  const product = dataset.products.find(({ name }) => name === products[0]);
  const one = levels.length === 1 && dataset.levels.some(({ level }) => level === levels[0]);
  const shown = products.length === 1 && product;
  const { dates, from, to, area, polygon, metrics, values, labels, scores, collections, notCollections } = NO_FILTERS;
  return {
    dates, from, to, area, polygon, metrics, values, labels, scores, collections, notCollections, products: "all",
    ...patchOf(filter), ...(one && { level: levels[0], locked: true, sizes: "one" }),
    ...(shown && { products: "shown", product: product.name, date: product.dates.at(-1)?.date ?? null }),
  };
}

/** The POST body of a search; what is left out is not restricted. */
export function searchBody(state) {
  const { positives, negatives, images, text, k } = state;
  return {
    positives, negatives, images, k,
    ...(text && { text }),
    ...(state.sizes === "all" && !state.nested && { merge_places: true }),
    ...(state.exact && { exact: true }),
    ...filterOf(state),
    exclude_duplicates: state.noDuplicates,
    spread: state.spread,
    exclude_query: true,
  };
}

/** How many filters differ from the usual, for the badge on the filter button. */
export function filtersInUse(state) {
  const named = ["dates", "products", "k", "noDuplicates", "spread", "sizes", "nested", "exact"];
  const plain = named.filter((name) => state[name] !== NO_FILTERS[name]);
  const { metrics, values, labels, scores, collections, notCollections, polygon, area } = state;
  const filter = { metrics, values, labels, scores, collections, not_collections: notCollections, polygon, bbox: area };
  return plain.length + restrictions(filter);
}
