/** The search as state: changes of it, and the body that the API wants. All functions are pure. */
export const EMPTY_QUERY = { positives: [], negatives: [], images: [], text: "" };

export const NO_FILTERS = {
  dates: "all", from: "", to: "", products: "all", k: 50, area: null, noDuplicates: false, spread: true, metrics: {},
  sizes: "one", nested: false, exact: false,
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

/** The POST body of a search; what is left out is not restricted. */
export function searchBody(state) {
  const { positives, negatives, images, text, k, level, area, metrics } = state;
  return {
    positives, negatives, images, k,
    ...(text && { text }),
    ...(level !== null && state.sizes === "one" && { levels: [level] }),
    ...(state.sizes === "all" && !state.nested && { merge_places: true }),
    ...(state.exact && { exact: true }),
    ...(state.products === "shown" && state.product && { products: [state.product] }),
    ...dateRange(state),
    ...(area && { bbox: area }),
    ...(Object.keys(metrics).length > 0 && { metrics }),
    exclude_duplicates: state.noDuplicates,
    spread: state.spread,
    exclude_query: true,
  };
}

/** How many filters differ from the usual, for the badge on the filter button. */
export function filtersInUse(state) {
  const named = ["dates", "products", "k", "noDuplicates", "spread", "sizes", "nested", "exact"];
  const plain = named.filter((name) => state[name] !== NO_FILTERS[name]);
  return plain.length + (state.area ? 1 : 0) + Object.keys(state.metrics).length;
}
