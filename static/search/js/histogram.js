/**
 * The bars of a histogram, drawn as two paths: all tiles, and those of them that the filter keeps.
 *
 * The scale is the square root of the counts: a bar of 100 tiles beside one of 100,000 can still be seen.
 */
const HEIGHT = 100; // of the drawing's own units; its width is the number of bars
const LEAST = 3; // so that a single tile shows

const height = (value, most) => (value > 0 ? Math.max(LEAST, Math.sqrt(value / most) * HEIGHT) : 0);

const bar = (value, at, most) => {
  const tall = height(value, most);
  return tall ? `M${at + 0.06} ${HEIGHT}v${-tall.toFixed(2)}h0.88v${tall.toFixed(2)}z` : "";
};

/** counts: (n,) -> the d of a path of those bars that are wanted */
export const bars = (counts, most, wanted = () => true) => (
  counts.map((value, at) => (wanted(at) ? bar(value, at, most) : "")).join("")
);

/**
 * Into an <svg> with three paths: all tiles, those that pass, and those that would pass beyond the range.
 * all, kept: (n,) counts; kept may be missing.  range: [from, to] in bars
 */
export function drawHistogram(svg, { all, kept = [] }, [from, to]) {
  const most = Math.max(1, ...all);
  const within = (at) => at + 0.5 >= from && at + 0.5 <= to;
  const [behind, front, beyond] = svg.querySelectorAll("path");
  svg.setAttribute("viewBox", `0 0 ${all.length || 1} ${HEIGHT}`);
  behind.setAttribute("d", bars(all, most));
  front.setAttribute("d", bars(kept, most, within));
  beyond.setAttribute("d", bars(kept, most, (at) => !within(at)));
}
