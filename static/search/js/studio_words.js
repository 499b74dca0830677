/** What a tile says of itself in the studio, and where its links lead. */
import { score, subtitle, title } from "./format.js";

export const nameOf = title;

const SHARE = "share";

/** [[title, value written], …] of a tile's metrics that are known */
export function metricsOf(tile, columns) {
  const known = columns.filter(({ name }) => Number.isFinite(tile.metrics?.[name]));
  return known.map(({ name, title: words, unit }) => [words || name, written(tile.metrics[name], unit)]);
}

function written(value, unit) {
  if (unit === SHARE || unit === "%") return unit === "%" ? `${score(value)} %` : `${Math.round(value * 100)} %`;
  const number = Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3).replace(/\.?0+$/, "");
  return [number.replace("-", "−"), unit].filter(Boolean).join("\u00a0");
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
