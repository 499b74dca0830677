/** Two histograms side by side, and bars with their names: drawn as SVG, with a table's words for those who do not see. */
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [320, 72];
const MOST = 12; // texts of a column that are shown
export const NAMES = { all: "all", chosen: "chosen", random: "random" };

const per = (counts) => {
  const sum = counts.reduce((total, one) => total + one, 0) || 1;
  return counts.map((one) => one / sum);
};
export const percent = (share) => `${share > 0 && share < 0.01 ? "<1" : Math.round(share * 100)}\u00a0%`;
export const short = (value) => (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-GB") : String(+value.toPrecision(3)));

/** Heights are the square roots of shares, so that what is rare is seen beside what is frequent. edges: bins + 1.  series: {name: counts}, two of them, the reference first.  label: (value) => text of an edge */
export function histogram(title, edges, series, label = short) {
  const shares = Object.entries(series).map(([name, counts]) => [name, per(counts)]);
  const highest = Math.sqrt(Math.max(...shares.flatMap(([, one]) => one)) || 1);
  const [bins, step] = [edges.length - 1, WIDTH / (edges.length - 1)];
  const chart = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "chart", role: "img", "aria-label": summary(title, edges, shares, label) });
  shares.forEach(([name, one], side) => {
    for (let bin = 0; bin < bins; bin += 1) {
      const height = one[bin] ? Math.max(1, (Math.sqrt(one[bin]) / highest) * (HEIGHT - 2)) : 0;
      chart.append(element("rect", { x: bin * step + (side ? step * 0.45 : step * 0.05), y: HEIGHT - height, width: step * (side ? 0.45 : 0.4), height, class: `chart__${name}` }));
    }
  });
  return figure(title, Object.keys(series), [chart, ends(label(edges[0]), label(edges.at(-1)))]);
}

/** values: [{value, all, chosen}], the most frequent first */
export function bars(title, values, names = ["all", "chosen"]) {
  const sums = names.map((name) => values.reduce((total, one) => total + one[name], 0) || 1);
  const rows = values.slice(0, MOST).map((one) => row(one.value, names.map((name, at) => [name, one[name] / sums[at]])));
  const list = html("ul", "bars", "");
  list.setAttribute("role", "list");
  list.append(...rows);
  const left = values.length - MOST;
  return figure(title, names, left > 0 ? [list, html("p", "field__hint", `and ${left} more`)] : [list]);
}

/** A name, and one bar for each of [name, share]. */
function row(title, shares) {
  const made = html("li", "bars__row", "");
  made.append(html("span", "bars__name", title));
  const lines = html("span", "bars__lines", "");
  for (const [name, share] of shares) {
    const line = html("span", `bars__bar bars__bar--${name}`, "");
    line.style.setProperty("--share", `${share * 100}%`);
    const words = html("span", "bars__words", percent(share));
    words.prepend(html("span", "visually-hidden", `${NAMES[name]}: `));
    line.append(words);
    lines.append(line);
  }
  made.append(lines);
  return made;
}

export function figure(title, names, parts) {
  const made = html("figure", "chart-figure", "");
  const caption = html("figcaption", "chart-figure__title", title);
  const key = html("span", "chart-figure__key", "");
  key.setAttribute("aria-hidden", "true");
  for (const name of names) {
    key.append(html("span", `chart-figure__swatch chart-figure__swatch--${name}`, ""), NAMES[name]);
  }
  caption.append(key);
  made.append(caption, ...parts);
  return made;
}

function summary(title, edges, shares, label) {
  const middles = shares.map(([name, one]) => `half of ${NAMES[name]} lie below ${label(median(edges, one))}`);
  return `${title}, from ${label(edges[0])} to ${label(edges.at(-1))}: ${middles.join(", ")}.`;
}

export function median(edges, shares) {
  let sum = 0;
  for (let bin = 0; bin < shares.length; bin += 1) {
    if (sum + shares[bin] >= 0.5) return edges[bin] + (edges[bin + 1] - edges[bin]) * ((0.5 - sum) / (shares[bin] || 1));
    sum += shares[bin];
  }
  return edges.at(-1);
}

function ends(low, high) {
  const made = html("div", "chart-figure__ends", "");
  made.append(html("span", "", low), html("span", "", high));
  return made;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function html(name, classes, text) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.textContent = text;
  return made;
}
