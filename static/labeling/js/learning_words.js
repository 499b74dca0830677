/** What the site says of rounds, in words. */
import { count, milliseconds } from "../../search/js/format.js";

export const CHOSEN = {
  "example-like": "like the example", likely: "likely", unsure: "unsure", diverse: "unlike the others", random: "at random",
  far: "likely and far away", cluster: "from corners nobody has seen", disputed: "disputed",
};

const STATUS = {
  waiting: "waits for its turn", running: "trains just now", ready: "done", failed: "failed", cancelled: "stopped",
  damaged: "waits for its turn",
};

const percent = (value) => `${Math.round(100 * value)} %`;

/** [value, low, high] → "81 % (74–88)" */
export function interval(measured) {
  if (!measured || measured[0] === null) return "–";
  const [value, low, high] = measured;
  return low === null || low === undefined ? percent(value) : `${percent(value)} (${Math.round(100 * low)}–${Math.round(100 * high)})`;
}

/** The same of numbers of tiles: "512 (480–560)" */
export function amount([value, low, high]) {
  return `${count(value)} (${count(low)}–${count(high)})`;
}

export const states = ({ status, number, done, total }) => (
  status === "running" && total > 1 ? `Round ${number} trains: ${Math.round(100 * done / total)} %` : `Round ${number} ${STATUS[status]}`
);

/** What a round cost, and what scoring everything would have. */
export function costs(cost, { archive }) {
  if (!cost?.scored) return "–";
  const whole = cost.archive_seconds ? `; all ${count(cost.archive ?? archive)} would take ${milliseconds(1000 * cost.archive_seconds)}` : "";
  return `${count(cost.scored)} tiles scored in ${milliseconds(1000 * (cost.seconds ?? 0))}${whole}`;
}

const FIELDS = { products: "products", levels: "sizes", bbox: "area", polygon: "polygon", metrics: "measures", values: "columns", collections: "collections", not_collections: "left-out collections" };

/** What of the dataset it learns from, where that is not all: the names of what bounds it. */
export function bounds(scope) {
  const some = (value) => value && Object.keys(value).length > 0;
  const dated = scope.from || scope.to ? ["dates"] : [];
  const named = Object.entries(FIELDS).filter(([name]) => some(scope[name])).map(([name, words]) => {
    const names = name.endsWith("collections") ? scope[name] : ["metrics", "values"].includes(name) ? Object.keys(scope[name]) : [];
    return names.length ? `${words} (${names.join(", ")})` : words;
  });
  const all = [...dated, ...named];
  return all.length ? `It looks at some of the dataset's tiles, bounded by ${all.join(", ")}.` : "";
}
