/** A design token's colour in the scheme in force, as #rrggbb: a canvas does not know light-dark(). */
export function hex(token, within) {
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  within.append(probe);
  const channels = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3);
  probe.remove();
  return `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}

/** What a uPlot axis needs to look like the page around it. */
export function axisLike(element) {
  const [muted, border] = [hex("--text-muted", element), hex("--border", element)];
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  return { stroke: muted, grid: { stroke: border, width: 1 }, ticks: { stroke: border, width: 1 }, font, labelFont: font, labelSize: 18 };
}

/** Calls back whenever colours change: the system's scheme, or the page's. */
export function onScheme(change) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
  new MutationObserver(change).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
