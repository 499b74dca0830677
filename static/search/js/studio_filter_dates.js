import { make, one, show } from "./elements.js";
import { Scale } from "./histogram_scale.js";
import { HistogramSlider } from "./histogram_slider.js";

const BINS = 32;
const DAY = 86_400_000;
const daysOf = (text) => (text ? Date.parse(`${text}T00:00:00Z`) / DAY : null);
const textOf = (days) => (days === null ? null : new Date(days * DAY).toISOString().slice(0, 10));

/** The dates of the tiles as a histogram with a slider; asked for when the group is opened. */
export class StudioDates {
  #group;
  #studio;
  #slider = null;
  #write;
  #days = null; // (n,) Float32Array, NaN for undated tiles
  #filter = {};

  /** write(patch): {from, to} */
  constructor(group, studio, write) {
    this.#group = group;
    this.#studio = studio;
    this.#write = write;
    show(group, studio.column("@date"));
    group.addEventListener("toggle", () => group.open && this.#load());
  }

  render(filter) {
    this.#filter = filter;
    if (this.#slider) this.#slider.range = [daysOf(filter.from), daysOf(filter.to)];
    if (this.#slider) this.#fill();
  }

  async #load() {
    if (this.#slider) return;
    const { numbers } = await this.#studio.values("@date").catch((error) => { this.#studio.say(error.message, "error"); return {}; });
    if (!numbers || this.#slider) return;
    this.#days = numbers;
    const [low, high] = ends(numbers);
    const element = make("range");
    const changed = (range) => { const [from, to] = range.map(textOf); this.#write({ from, to }); };
    this.#slider = new HistogramSlider(element, { title: "Date", kind: "date", scale: Scale.even(low, high + 1, bins(low, high)), changed });
    one("group", this.#group).append(element);
    this.render(this.#filter);
  }

  #fill() {
    const [low, high] = ends(this.#days);
    const count = bins(low, high);
    const [all, kept] = [new Array(count).fill(0), new Array(count).fill(0)];
    let unknown = 0;
    this.#days.forEach((day, row) => {
      if (!Number.isFinite(day)) { unknown += 1; return; }
      const at = Math.min(count - 1, Math.floor(((day - low) / (high + 1 - low)) * count));
      all[at] += 1;
      if (this.#studio.view[row]) kept[at] += 1;
    });
    this.#slider.fill({ edges: Scale.even(low, high + 1, count).edges, low, high, all, kept, unknown });
  }
}

const bins = (low, high) => Math.max(1, Math.min(BINS, high - low + 1));

function ends(days) {
  let [low, high] = [Infinity, -Infinity];
  for (const day of days) {
    if (day < low) low = day;
    if (day > high) high = day;
  }
  return low <= high ? [low, high] : [0, 1];
}
