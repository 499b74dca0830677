/** What a tile says of itself in the studio, and where its links lead. */
import { count, subtitle, title } from "./format.js";

export const nameOf = title;

const FIRST = ["luminance", "contrast", "sharpness", "saturation", "cloud_share", "snr", "entropy"]; // then the others

/** [[title, value written], …] of a tile's metrics that are known, those that say most first */
export function metricsOf(tile, columns) {
  const known = columns.filter(({ name }) => Number.isFinite(tile.metrics?.[name]));
  const rank = ({ name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const sorted = known.sort((one, other) => rank(one) - rank(other));
  return sorted.map(({ name, title: words, unit }) => [short(words || name), written(tile.metrics[name], unit)]);
}

/** Without what a title explains in brackets. */
export const short = (words) => words.replace(/ \(.*\)$/, "");

/** unit: empty, a unit, or the range of a number that has none, as "0–255" */
export function written(value, unit = "") {
  if (unit === "0–1") return `${Math.round(value * 100)} %`;
  const number = Math.abs(value) >= 100 ? count(value) : String(Number(value.toPrecision(3)));
  return [number.replace("-", "−"), /^\d/.test(unit) ? "" : unit].filter(Boolean).join("\u00a0");
}

export const below = (tile) => [subtitle(tile), tile.center ? `level ${tile.level}` : ""].filter(Boolean).join(" · ");

const mapAddress = (tile, more) => `/?${new URLSearchParams({
  dataset: tile.dataset,
  ...(tile.center && { product: tile.product, ...(tile.date !== "static" && { date: tile.date }), at: place(tile), level: tile.level }),
  ...more,
})}`;

const place = ({ center: [lon, lat], level }) => [lat.toFixed(3), lon.toFixed(3), Math.max(1, level - 2)].join(",");

export const lookalikes = (tile) => mapAddress(tile, { like: tile.key });
export const onTheMap = (tile) => (tile.center ? mapAddress(tile, {}) : tile.image);

/** The thumbnail at another size. */
export const pictured = (tile, pixels) => tile.thumbnail.replace(/size=\d+/, `size=${pixels}`);
