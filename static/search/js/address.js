import { formatFilters as formatMore, parseFilters } from "./address_filters.js";
import { EMPTY_QUERY, NO_FILTERS, hasExamples } from "./query.js";

/**
 * The page's state as the query part of its address, and back.  What is usual is left out, what cannot be read is
 * ignored: a mistyped address still opens the page.
 */
const list = (text) => (text ? text.split(",").filter(Boolean) : []);
const keys = (text) => list(text).filter((key) => /^\d{1,19}$/.test(key));
const ids = (text) => list(text).filter((id) => /^[0-9a-zA-Z_-]{1,64}$/.test(id));
const within = (value, low, high) => Number.isFinite(value) && value >= low && value <= high;
const isDate = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "");
const trim = (value, digits) => String(Number(value.toFixed(digits)));

function numbers(text, size) {
  const values = text ? text.split(",").map(Number) : [];
  return values.length === size && values.every(Number.isFinite) ? values : null;
}

/** Decimals of a place that make a difference at a zoom. */
const digits = ({ zoom }) => (zoom > 6 ? 5 : 3);

function parseView(text) {
  const [lat, lon, zoom] = numbers(text, 3) ?? [];
  return within(lat, -90, 90) && within(lon, -180, 180) && within(zoom, -4, 20) ? { lat, lon, zoom } : null;
}

function parseArea(text) {
  const area = numbers(text, 4);
  if (!area) return null;
  const [west, south, east, north] = area;
  const real = within(west, -180, 180) && within(east, -180, 180) && within(south, -90, 90) && within(north, -90, 90);
  return real && south < north ? area : null;
}

function parseDates(text) {
  if (text === "shown") return { dates: "shown" };
  const [from, to] = (text ?? "").split("..");
  if (!isDate(from) && !isDate(to)) return {};
  return { dates: "range", from: isDate(from) ? from : "", to: isDate(to) ? to : "" };
}

function parseShown(params, dataset) {
  const product = dataset.products.find(({ name }) => name === params.get("product")) ?? dataset.products[0];
  const dates = product?.dates.map(({ date }) => date) ?? [];
  const date = dates.includes(params.get("date")) ? params.get("date") : dates.at(-1) ?? null;
  return { product: product?.name ?? null, date, ...parseCompared(params, dataset, product) };
}

/** Two dates or products compared: how, and with what. */
function parseCompared(params, dataset, first) {
  const compare = ["swipe", "fade"].includes(params.get("compare")) ? params.get("compare") : "";
  const product = dataset.products.find(({ name }) => name === params.get("product2")) ?? first;
  const dates = product?.dates.map(({ date }) => date) ?? [];
  const [split, opacity] = ["split", "opacity"].map((name) => (params.get(name) ? Number(params.get(name)) : NaN));
  return {
    compare, otherProduct: product?.name ?? null,
    otherDate: dates.includes(params.get("date2")) ? params.get("date2") : dates[0] ?? null,
    split: within(split, 0, 1) ? split : 0.5, opacity: within(opacity, 0, 1) ? opacity : 1,
    tileGrid: params.get("grid") === "on",
  };
}

function parseLevel(params, dataset) {
  const level = params.has("level") ? Number(params.get("level")) : null;
  return dataset.levels.some((known) => known.level === level) ? level : null;
}

function parseWhole(text, low, high, usual) {
  const value = Number(text);
  return text && Number.isInteger(value) && within(value, low, high) ? value : usual;
}

export function parse(search, dataset) {
  const params = new URLSearchParams(search);
  const level = parseLevel(params, dataset);
  const least = Number(params.get("min"));
  return {
    ...EMPTY_QUERY, ...NO_FILTERS, ...parseShown(params, dataset), ...parseDates(params.get("dates")),
    view: parseView(params.get("at")), box: numbers(params.get("v"), 4), page: parseWhole(params.get("page"), 1, 1e7, 1),
    level, locked: level !== null && params.get("lock") === "1",
    positives: keys(params.get("like")), negatives: keys(params.get("unlike")), images: ids(params.get("image")),
    text: dataset.encoder.text ? (params.get("text") ?? "").slice(0, 300) : "",
    products: params.get("products") === "shown" ? "shown" : "all",
    k: parseWhole(params.get("k"), 1, 1000, NO_FILTERS.k), minScore: within(least, -1, 1) ? least : 0,
    area: parseArea(params.get("area")), ...parseFilters(params),
    noDuplicates: params.get("duplicates") === "hide", spread: params.get("spread") !== "off",
    sizes: params.get("sizes") === "all" ? "all" : "one", nested: params.get("nested") === "show",
    exact: params.get("exact") === "1",
  };
}

function formatFilters(state) {
  const dates = state.dates === "range" ? `${state.from}..${state.to}` : state.dates;
  return {
    dates: dates === "all" || dates === ".." ? "" : dates,
    products: state.products === "all" ? "" : state.products,
    k: state.k === NO_FILTERS.k ? "" : String(state.k),
    min: state.minScore ? trim(state.minScore, 2) : "",
    area: state.area ? state.area.map((value) => trim(value, 3)).join(",") : "",
    duplicates: state.noDuplicates ? "hide" : "",
    spread: state.spread ? "" : "off",
    sizes: state.sizes === "all" ? "all" : "", nested: state.nested ? "show" : "", exact: state.exact ? "1" : "",
    ...formatMore(state),
  };
}

function formatCompared({ compare, otherProduct, otherDate, split, opacity, tileGrid }, { products }) {
  return {
    compare, product2: compare && products.length > 1 ? otherProduct : "", date2: compare ? otherDate ?? "" : "",
    split: compare === "swipe" && split !== 0.5 ? trim(split, 3) : "", opacity: opacity < 1 ? trim(opacity, 2) : "",
    grid: tileGrid ? "on" : "",
  };
}

/** The query part of the address, "?" included. */
export function format(state, dataset) {
  const { view } = state;
  const fields = {
    dataset: dataset.slug, product: dataset.products.length > 1 ? state.product : "", date: state.date ?? "",
    level: state.level !== null && (state.locked || hasExamples(state)) ? String(state.level) : "",
    lock: state.locked ? "1" : "", like: state.positives.join(","), unlike: state.negatives.join(","),
    image: state.images.join(","), text: state.text, ...formatFilters(state), ...formatCompared(state, dataset),
    page: state.page > 1 ? String(state.page) : "",
    at: view ? [trim(view.lat, digits(view)), trim(view.lon, digits(view)), trim(view.zoom, 2)].join(",") : "",
  };
  const params = new URLSearchParams(Object.entries(fields).filter(([, value]) => value));
  return `?${params.toString().replaceAll("%2C", ",")}`;
}
