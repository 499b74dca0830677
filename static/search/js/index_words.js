/** How far the results can be trusted to be the true nearest, in one line. */
import { count, milliseconds, plural } from "./format.js";

const NAMES = { annoy: "Annoy", faiss: "faiss", scan: "full scan" };

/** Never rounded up: 0.9996 is 99.9 %. */
export const percent = (share) => `${Math.floor(share * 1000 + 1e-6) / 10} %`;

const named = (engines) => engines.filter((name) => name !== "scan").map((name) => NAMES[name] ?? name).join(" and ");

/** index: of the answer; "" when nothing is known. */
export function indexWords({ engines, recall, exact }) {
  if (exact) return "Exact: every tile was compared.";
  if (!engines.length) return "";
  if (!named(engines)) return "No index was needed: every tile was compared.";
  if (recall === null) return `Index: ${named(engines)}; how much it finds has not been measured.`;
  return `Index: ${named(engines)}, finds ${percent(recall)} of the true nearest 50.`;
}

/** Keys of exact results that the indexed search did not bring. */
export function missedBy({ results, indexed }) {
  const found = new Set(indexed?.results.map(({ tile }) => tile.key));
  return new Set(indexed ? results.map(({ tile }) => tile.key).filter((key) => !found.has(key)) : []);
}

/** The exact answer beside the indexed one, in words; "" without one to compare with. */
export function compared(answer) {
  const { results, indexed, took_ms: ms } = answer;
  if (!indexed || !results.length) return "";
  const missed = missedBy(answer).size;
  const found = results.length - missed;
  const whole = missed ? `${count(found)} of these ${count(results.length)} are found by the index too` : "The index finds the same";
  const marked = missed ? `; the ${missed === 1 ? "one" : plural(missed, "result")} it misses ${missed === 1 ? "is" : "are"} marked` : "";
  return `${whole}${marked}. It took ${milliseconds(indexed.took_ms)}, the exact search ${milliseconds(ms)}.`;
}
