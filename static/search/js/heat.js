/** Likeness over a tile as colours: the ramp of the design tokens, spread over the tile's own range. */
import { plural, score } from "./format.js";

const STOPS = 5; // --heat-0 … --heat-4

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

function ramp() {
  const style = getComputedStyle(document.documentElement);
  return Array.from({ length: STOPS }, (_, stop) => channels(style.getPropertyValue(`--heat-${stop}`).trim()));
}

/** heat → (value) => "r, g, b" */
export function colouring({ low, high }) {
  const stops = ramp();
  return (value) => {
    const at = (high > low ? (value - low) / (high - low) : 0.5) * (STOPS - 1);
    const [lower, part] = [Math.min(Math.floor(at), STOPS - 2), at - Math.min(Math.floor(at), STOPS - 2)];
    return stops[lower].map((from, index) => Math.round(from + part * (stops[lower + 1][index] - from))).join(", ");
  };
}

/** The cells that have a value: [{row, col, value, colour}] */
export function cells(heat) {
  const colour = colouring(heat);
  return heat.values.flatMap((line, row) => line.flatMap((value, col) => (
    value === null ? [] : [{ row, col, value, colour: colour(value) }]
  )));
}

/** One pixel of the canvas a cell; the page scales it without smoothing, so that what was measured shows. */
export function paint(canvas, heat) {
  canvas.width = canvas.height = heat.values.length;
  const context = canvas.getContext("2d");
  for (const { row, col, colour } of cells(heat)) {
    context.fillStyle = `rgb(${colour})`;
    context.fillRect(col, row, 1, 1);
  }
}

/** What the legend says; sizeName(level) → "250 km" */
export function words({ values, low, high, measured, level, window: share }, sizeName) {
  const windows = `Each cell is the mean of the overlapping windows over it, 1/${Math.round(1 / share)} of the tile wide.`;
  const indexed = `Measured on its ${plural(values.flat().length, "indexed square")} of ${sizeName(level)}.`;
  return {
    low: score(low), high: score(high),
    note: `${measured === "index" ? indexed : windows} The colours span this tile's own range.`,
    spoken: `Likeness inside it runs from ${score(low)} to ${score(high)}.`,
  };
}
