/** What the colours mean: every entry is a button that marks its tiles. */
import { all, make, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { css, ramp } from "./studio_colours.js";

const SHORT = 5; // entries that the corner of the map has room for

export class Legend {
  #studio; #map;

  constructor({ studio, map }) {
    this.#studio = studio;
    this.#map = map;
    map.addEventListener("legend", () => this.#render());
    one("legend").addEventListener("click", (event) => this.#click(event));
  }

  #render() {
    const { entries, kind } = this.#map.legend;
    one("legend").replaceChildren(...entries.map((entry, at) => this.#entry(entry, at)));
    show(one("legend-part"), entries.length);
    this.#corner(kind, entries);
  }

  #entry({ label, colour, tiles }, at) {
    const item = make("legend-entry");
    const button = item.firstElementChild;
    button.dataset.at = at;
    button.disabled = tiles === 0;
    button.setAttribute("aria-label", `Mark ${label}: ${plural(tiles, "tile")}`);
    item.querySelector(".legend__swatch").style.setProperty("--colour", css(colour));
    item.querySelector(".legend__label").textContent = label;
    item.querySelector(".legend__tiles").textContent = count(tiles);
    return item;
  }

  #click(event) {
    const button = event.target.closest("[data-at]");
    if (!button) return;
    const { rows, label } = this.#map.legend.entries[Number(button.dataset.at)];
    const { view, tiles } = this.#studio;
    const mask = new Uint8Array(tiles);
    for (let row = 0; row < tiles; row += 1) mask[row] = view[row] && rows(row) ? 1 : 0;
    this.#studio.mark(mask, event.altKey ? "remove" : event.shiftKey ? "add" : "replace");
    this.#studio.say(`${label}: ${plural(this.#studio.markedCount, "tile")} marked now.`, "quiet");
  }

  /** In the map's corner, for eyes: the ramp with its ends, or the most frequent values. */
  #corner(kind, entries) {
    const column = this.#studio.column(this.#studio.colour);
    const unit = /^\d/.test(column?.unit ?? "") ? "" : column?.unit;
    const title = column ? [column.title || column.name, unit && `(${unit})`].filter(Boolean).join(" ") : "Order of the selection";
    show(one("corner"), kind !== "none");
    if (kind === "none") return;
    one("corner-title").textContent = title;
    show(one("corner-ramp"), kind === "numbers");
    if (kind === "numbers") this.#ramp();
    const short = kind === "texts" ? entries.slice(0, SHORT) : entries.filter(({ label }) => ["unknown", "not chosen"].includes(label));
    one("corner-list").replaceChildren(...short.map(({ label, colour }) => swatch(label, colour)));
  }

  #ramp() {
    const { low, high } = this.#map.legend;
    [one("corner-low").textContent, one("corner-high").textContent] = [low, high];
    all("ramp-step").forEach((step, at, steps) => step.style.setProperty("--colour", css(ramp((at + 0.5) / steps.length))));
  }
}

function swatch(label, colour) {
  const item = document.createElement("li");
  const mark = document.createElement("span");
  mark.className = "legend__swatch";
  mark.style.setProperty("--colour", css(colour));
  item.append(mark, label);
  return item;
}
