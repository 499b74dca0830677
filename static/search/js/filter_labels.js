import { all, make, one, show } from "./elements.js";
import { count } from "./format.js";
import { withLabels, withScore } from "./filter_json.js";
import { Scale } from "./histogram_scale.js";
import { HistogramSlider } from "./histogram_slider.js";

const FREE = [null, null];
const ANY = "";
const BARS = 40; // of a sweep's 200 bands

/** (200,) counts -> (40,) */
function folded(counts) {
  const each = Math.ceil(counts.length / BARS);
  const sum = (at) => counts.slice(at * each, (at + 1) * each).reduce((total, tiles) => total + tiles, 0);
  return Array.from({ length: Math.ceil(counts.length / each) }, (_, at) => sum(at));
}

/** Labels and scores of the campaigns that the person hosts. */
export class FilterLabels {
  #group;
  #write;
  #parts = [];

  constructor(root, write) {
    this.#group = one("labels-group", root);
    this.#write = write;
  }

  get open() { return this.#group.open; }

  /** campaigns: as the API lists them.  What a filter names besides, another person's campaign, stays in it. */
  fill(campaigns, filter) {
    const labels = campaigns.map((campaign) => this.#labels(campaign));
    const scores = campaigns.flatMap((campaign) => campaign.sweeps.map((sweep) => this.#scores(campaign, sweep)));
    this.#parts = [...labels, ...scores];
    one("group", this.#group).replaceChildren(...this.#parts.map(({ element }) => element));
    show(one("none", this.#group), !campaigns.length);
    this.render(filter);
  }

  render(filter) {
    for (const part of this.#parts) part.render(filter);
    const used = (filter.labels?.length ?? 0) + (filter.scores?.length ?? 0);
    one("used", this.#group).textContent = used;
    show(one("used", this.#group), used);
  }

  #labels({ id, question, answers, labels }) {
    const element = make("values");
    one("title", element).textContent = question;
    element.setAttribute("aria-label", `Labels of ${question}`);
    const any = { code: ANY, word: "Any label", labels };
    one("list", element).replaceChildren(...[any, ...answers].map((answer) => box(answer)));
    one("list", element).addEventListener("change", () => this.#tick(id, element));
    const render = (filter) => {
      const chosen = filter.labels?.find(({ campaign }) => campaign === id)?.answers;
      element.classList.toggle("column--used", Boolean(chosen));
      for (const input of all("value", element)) input.checked = Boolean(chosen) && (chosen.length ? chosen.includes(input.value) : input.value === ANY);
    };
    return { element, render };
  }

  /** "Any label" and single answers take each other's place: the one ticked last holds. */
  #tick(id, element) {
    const ticked = all("value", element).filter(({ checked }) => checked).map(({ value }) => value);
    const any = document.activeElement.value === ANY && element.contains(document.activeElement);
    const answers = ticked.filter((code) => code !== ANY);
    const chosen = any ? (ticked.includes(ANY) ? [] : null) : answers.length ? answers : null;
    this.#write((filter) => withLabels(filter, id, chosen));
  }

  #scores({ id, question }, { number, histogram }) {
    const element = make("range");
    const counts = folded(histogram);
    const scale = Scale.even(0, 1, counts.length);
    const changed = (range) => this.#write((filter) => withScore(filter, id, number, range));
    const slider = new HistogramSlider(element, { title: `Score of sweep ${number}`, unit: question, scale, changed });
    slider.fill({ edges: scale.edges, all: counts });
    const render = (filter) => {
      slider.range = filter.scores?.find(({ campaign, sweep }) => campaign === id && sweep === number)?.range ?? FREE;
    };
    return { element, render };
  }
}

function box({ code, word, labels }) {
  const row = make("value");
  one("value", row).value = code;
  one("words", row).textContent = word;
  one("kept", row).textContent = count(labels);
  return row;
}
