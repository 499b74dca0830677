import { corners, polygonOf } from "./filter_json.js";

/**
 * What a person filters by besides dates, products and sizes, as parts of the page's address and back:
 *
 *     m.sharpness=10..  v.station=a,b  polygon=5.1,47,8,47,8,49  labels=3:yes.no,4:  scores=3/1:0.5..  in=a,b  out=c
 *
 * Names and texts are escaped one by one, so that they may hold commas.  What cannot be read is ignored.
 */
const MOST_CORNERS = 1000;
const written = (texts) => texts.map(encodeURIComponent).join(",");
const parts = (text) => (text ? text.split(",").filter(Boolean) : []);
const rangeText = ([low, high]) => `${low ?? ""}..${high ?? ""}`;
const trim = (value) => String(Number(value.toFixed(4)));

function plain(text) {
  try { return decodeURIComponent(text); } catch { return text; } // a stray per cent sign
}

const texts = (text) => [...new Set(parts(text).map(plain))];

function range(text) {
  const end = (one) => (one === "" || one === undefined || !Number.isFinite(Number(one)) ? null : Number(one));
  const [low, high] = (text ?? "").split("..");
  return [end(low), end(high)];
}

const bounded = ([low, high]) => low !== null || high !== null;

/** The parts of the address that begin with a prefix, without it: {name: text}. */
function prefixed(params, prefix) {
  return [...params].filter(([name]) => name.startsWith(prefix)).map(([name, text]) => [name.slice(prefix.length), text]);
}

function parseMetrics(params) {
  return Object.fromEntries(prefixed(params, "m.").map(([name, text]) => [name, range(text)]).filter(([, ends]) => bounded(ends)));
}

function parseValues(params) {
  return Object.fromEntries(prefixed(params, "v.").map(([name, text]) => [name, texts(text)]).filter(([, chosen]) => chosen.length));
}

function parseLabels(text) {
  const found = parts(text).map((part) => part.match(/^(\d+):([a-z0-9_.-]*)$/)).filter(Boolean);
  return found.map(([, campaign, answers]) => ({ campaign: Number(campaign), answers: answers.split(".").filter(Boolean) }));
}

function parseScores(text) {
  const found = parts(text).map((part) => part.match(/^(\d+)\/(\d+):(.*)$/)).filter(Boolean);
  const scores = found.map(([, campaign, sweep, ends]) => ({ campaign: Number(campaign), sweep: Number(sweep), range: range(ends) }));
  return scores.filter((one) => bounded(one.range));
}

/** Corners one after the other, or GeoJSON for what has holes or several parts. */
function parsePolygon(text) {
  if (!text) return null;
  if (text.startsWith("{")) return parseShape(text);
  const numbers = text.split(",").map(Number);
  const pairs = Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
  const real = numbers.every(Number.isFinite) && numbers.length % 2 === 0 && pairs.every(([, lat]) => Math.abs(lat) <= 90);
  return real && pairs.length > 2 && pairs.length <= MOST_CORNERS ? polygonOf(pairs) : null;
}

function parseShape(text) {
  try {
    const shape = JSON.parse(text);
    return ["Polygon", "MultiPolygon"].includes(shape.type) && Array.isArray(shape.coordinates) ? shape : null;
  } catch { return null; } // cut short when it was copied
}

function formatPolygon(polygon) {
  if (!polygon) return "";
  const ring = corners(polygon);
  return ring ? ring.flat().map(trim).join(",") : JSON.stringify(polygon);
}

export function parseFilters(params) {
  return {
    metrics: parseMetrics(params), values: parseValues(params), polygon: parsePolygon(params.get("polygon")),
    labels: parseLabels(params.get("labels")), scores: parseScores(params.get("scores")),
    collections: texts(params.get("in")), notCollections: texts(params.get("out")),
  };
}

export function formatFilters({ metrics, values, polygon, labels, scores, collections, notCollections }) {
  const named = (prefix, table, write) => Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, write(value)]));
  return {
    ...named("m.", metrics, rangeText), ...named("v.", values, written), polygon: formatPolygon(polygon),
    labels: labels.map(({ campaign, answers }) => `${campaign}:${answers.join(".")}`).join(","),
    scores: scores.map(({ campaign, sweep, range: ends }) => `${campaign}/${sweep}:${rangeText(ends)}`).join(","),
    in: written(collections), out: written(notCollections),
  };
}
