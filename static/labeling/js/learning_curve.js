/** Labels against found so far, and against F1, precision and recall with their intervals. */
import { axisLike, hex, onScheme } from "../../search/js/colours.js";
import { count } from "../../search/js/format.js";

const RATES = [
  { name: "f1", word: "F1", token: "--positive", dash: [] },
  { name: "precision", word: "precision", token: "--negative", dash: [6, 3] },
  { name: "recall", word: "recall", token: "--text-muted", dash: [2, 3] },
];
const HEIGHT = 260; // px
const FAINT = "22"; // of an interval's colour: hexadecimal opacity

export class Curve {
  #element;
  #plot = null;
  #data = null;

  constructor(element) {
    this.#element = element;
    new ResizeObserver(([{ contentRect }]) => this.#plot?.setSize({ width: contentRect.width, height: HEIGHT })).observe(element);
    onScheme(() => this.#make());
  }

  draw(rounds) {
    const rate = (name, part) => rounds.map(({ metrics }) => (metrics[name]?.[part] ?? null) === null ? null : 100 * metrics[name][part]);
    this.#data = [
      rounds.map(({ labels }) => labels), rounds.map(({ found }) => found),
      ...RATES.flatMap(({ name }) => [0, 1, 2].map((part) => rate(name, part))),
    ];
    if (this.#plot) this.#plot.setData(this.#data);
    else this.#make();
    const { labels, found } = rounds.at(-1);
    this.#element.setAttribute("aria-label", `After ${count(labels)} labels ${count(found)} are found. The table of rounds below has every number.`);
  }

  #make() {
    if (!this.#data) return;
    this.#plot?.destroy();
    const colour = (token) => hex(token, this.#element);
    const axis = axisLike(this.#element);
    const percent = (_, value) => (value === null || value === undefined ? "–" : `${Math.round(value)} %`);
    const series = RATES.flatMap(({ word, token, dash }) => [
      { label: word, scale: "%", stroke: colour(token), width: 2, dash, value: percent, points: { size: 5 } },
      ...["from", "to"].map((end) => ({ label: `${word} ${end}`, class: "curve__bound", scale: "%", width: 0, points: { show: false } })),
    ]);
    this.#plot = new globalThis.uPlot({
      width: this.#element.clientWidth || 320, height: HEIGHT, padding: [12, 8, 0, 0],
      scales: { x: { time: false }, n: { range: (_, least, most) => [0, Math.max(10, 1.1 * most)] }, "%": { range: [0, 100] } },
      axes: [{ ...axis, label: "labels" }, { ...axis, scale: "n", size: 48, label: "found" }, { ...axis, scale: "%", side: 1, size: 44, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => percent(_, tick)) }],
      series: [{ label: "labels" }, { label: "found", scale: "n", stroke: colour("--accent"), width: 3, points: { size: 7 } }, ...series],
      bands: RATES.map(({ token }, n) => ({ series: [4 + 3 * n, 3 + 3 * n], fill: colour(token) + FAINT })),
    }, this.#data, this.#element);
  }
}
