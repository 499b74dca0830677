/** A column's values as colours, and the legend that says what they mean.  Nothing here touches the page. */
import { count, date } from "./format.js";

// Viridis (van der Walt and Smith, 2015) from where it stands out on the dark ground: told apart by everyone.
const RAMP = ["#46327e", "#3b528b", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
// Okabe and Ito (2008), without black; the second and third seven are paler and deeper.
const NAMED = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];
const UNKNOWN = [96, 106, 116];
const PLAIN = [86, 180, 233];
const STEPS = 8; // entries of a legend of numbers
const MOST = 21; // of a legend of texts
const SAMPLE = 100_000;

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mix = (one, other, share) => one.map((value, at) => Math.round(value + (other[at] - value) * share));
const stops = RAMP.map(rgb);
const names = [
  ...NAMED.map(rgb), ...NAMED.map((hex) => mix(rgb(hex), [255, 255, 255], 0.55)), ...NAMED.map((hex) => mix(rgb(hex), [6, 11, 20], 0.42)),
];

export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;

/** share: 0 to 1 */
export function ramp(share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  return mix(stops[low], stops[low + 1], at - low);
}

/**
 * values: {numbers} or {codes, texts}; null: one colour.  view: which rows count.
 * → {colours: Uint8Array(3n), legend: {kind, entries: [{label, colour, tiles, rows: (row) => bool}], low, high}}
 */
export function coloured(column, values, view) {
  if (!values) return plain(view.length);
  return values.numbers ? byNumber(column, values.numbers, view) : byText(values, view);
}

function plain(n) {
  const colours = new Uint8Array(3 * n);
  for (let at = 0; at < 3 * n; at += 1) colours[at] = PLAIN[at % 3];
  return { colours, legend: { kind: "none", entries: [] } };
}

/** The values between which nearly all lie, so that one odd tile does not take all the colours. */
export function span(numbers, view) {
  const step = Math.max(1, Math.floor(numbers.length / SAMPLE));
  const found = [];
  for (let row = 0; row < numbers.length; row += step) if (view[row] && !Number.isNaN(numbers[row])) found.push(numbers[row]);
  if (!found.length) return [0, 0];
  found.sort((one, other) => one - other);
  const at = (share) => found[Math.round(share * (found.length - 1))];
  return found.length < 50 ? [found[0], found.at(-1)] : [at(0.01), at(0.99)];
}

function byNumber(column, numbers, view) {
  const [low, high] = span(numbers, view);
  const table = Uint8Array.from({ length: 768 }, (_, at) => ramp(Math.floor(at / 3) / 255)[at % 3]);
  const width = high - low;
  const colours = new Uint8Array(3 * numbers.length);
  const tiles = new Array(STEPS + 1).fill(0);
  for (let row = 0; row < numbers.length; row += 1) {
    const step = stepOf(numbers[row], low, width);
    if (view[row]) tiles[step] += 1;
    if (step === STEPS) colours.set(UNKNOWN, 3 * row);
    else {
      const at = 3 * Math.round(Math.min(1, Math.max(0, width ? (numbers[row] - low) / width : 0.5)) * 255);
      [colours[3 * row], colours[3 * row + 1], colours[3 * row + 2]] = [table[at], table[at + 1], table[at + 2]];
    }
  }
  return { colours, legend: numberLegend(column, numbers, tiles, low, high) };
}

/** Which eighth; NaN has one of its own. */
function stepOf(value, low, width) {
  if (Number.isNaN(value)) return STEPS;
  return width ? Math.min(STEPS - 1, Math.max(0, Math.floor(((value - low) / width) * STEPS))) : 0;
}

function numberLegend(column, numbers, tiles, low, high) {
  const write = writer(column, low, high);
  const width = high - low;
  const edges = (step) => [low + (width * step) / STEPS, low + (width * (step + 1)) / STEPS];
  const known = width ? Array.from({ length: STEPS }, (_, step) => step) : [0];
  const entries = known.map((step) => ({
    label: width ? `${write(edges(step)[0])} to ${write(edges(step)[1])}` : write(low),
    colour: ramp(width ? (step + 0.5) / STEPS : 0.5), tiles: tiles[step], rows: (row) => stepOf(numbers[row], low, width) === step,
  }));
  const unknown = { label: column?.name === "@selection" ? "not chosen" : "unknown", colour: UNKNOWN, tiles: tiles[STEPS], rows: (row) => Number.isNaN(numbers[row]) };
  return { kind: "numbers", entries: tiles[STEPS] ? [...entries, unknown] : entries, low: write(low), high: write(high) };
}

/** Numbers as people read them: days as dates, the rest as exactly as the range asks for. */
export function writer(column, low, high) {
  if (column?.kind === "date") return (days) => date(new Date(Math.round(days) * 86_400_000).toISOString().slice(0, 10));
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(high - low) || 1))));
  return (value) => (digits ? value.toFixed(digits).replace("-", "−") : count(value).replace("-", "−"));
}

function byText({ codes, texts }, view) {
  const tiles = new Array(texts.length + 1).fill(0);
  const place = (code) => (code < 0 ? texts.length : code);
  for (let row = 0; row < codes.length; row += 1) if (view[row]) tiles[place(codes[row])] += 1;
  const order = texts.map((_, code) => code).sort((one, other) => tiles[other] - tiles[one] || one - other);
  const table = new Array(texts.length + 1).fill(UNKNOWN);
  order.slice(0, MOST).forEach((code, at) => { table[code] = names[at]; });
  const colours = new Uint8Array(3 * codes.length);
  for (let row = 0; row < codes.length; row += 1) {
    const colour = table[place(codes[row])];
    colours[3 * row] = colour[0];
    colours[3 * row + 1] = colour[1];
    colours[3 * row + 2] = colour[2];
  }
  return { colours, legend: textLegend(codes, texts, tiles, order, table) };
}

function textLegend(codes, texts, tiles, order, table) {
  const entry = (code) => ({ label: texts[code], colour: table[code], tiles: tiles[code], rows: (row) => codes[row] === code });
  const entries = order.slice(0, MOST).filter((code) => tiles[code]).map(entry);
  const rest = new Set(order.slice(MOST));
  const others = order.slice(MOST).reduce((sum, code) => sum + tiles[code], 0);
  if (others) entries.push({ label: `${count(rest.size)} others`, colour: UNKNOWN, tiles: others, rows: (row) => rest.has(codes[row]) });
  if (tiles.at(-1)) entries.push({ label: "none", colour: UNKNOWN, tiles: tiles.at(-1), rows: (row) => codes[row] < 0 });
  return { kind: "texts", entries };
}
