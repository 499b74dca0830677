/** Words and numbers as people read them. */
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

export const count = (n) => whole.format(n);
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const score = (value) => value.toFixed(2).replace("-", "−");
export const date = (text) => (text === "static" ? "undated" : day.format(new Date(`${text}T00:00:00Z`)));

const degrees = (value, digits, positive, negative) => {
  const rounded = Math.abs(value).toFixed(digits);
  return `${rounded}°${Number(rounded) === 0 ? "" : ` ${value < 0 ? negative : positive}`}`;
};

/** [lon, lat] → "12.3° N, 45.6° E"; finest: the degrees that still make a difference */
export function place([lon, lat], finest = 0.1) {
  const digits = Math.min(5, Math.max(1, Math.ceil(-Math.log10(finest))));
  return `${degrees(lat, digits, "N", "S")}, ${degrees(lon, digits, "E", "W")}`;
}

export const size = (level) => (level?.kilometres ? `${count(level.kilometres)} km` : "whole images");

/** dataset → (level) => "250 km", also for levels that are not searchable */
export const sizeNames = ({ grid }) => (level) => size(grid.levels[level]);

export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** What a tile is called: its place, or the name of its file. */
export const title = (tile) => (tile.center ? place(tile.center) : tile.name ?? `image ${tile.key}`);

/** The line below the title; empty for undated images. */
export const subtitle = (tile) => [tile.label, tile.date === "static" ? "" : date(tile.date)].filter(Boolean).join(" · ");
