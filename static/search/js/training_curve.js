/** A training's loss over its epochs; beside it the kNN score, or where nothing is labelled the effective rank. */
import { axisLike, hex, onScheme } from "./colours.js";

const HEIGHT = 200; // px
const [LOSS, KNN, RANK] = [1, 2, 3]; // of a point: [epochs so far, loss, kNN, rank]

export class TrainingCurve {
  #element;
  #points = [];
  #plot = null;
  #second = null;

  constructor(element) {
    this.#element = element;
    new ResizeObserver(([{ contentRect }]) => contentRect.width && this.#plot?.setSize({ width: contentRect.width, height: HEIGHT })).observe(element);
    onScheme(() => this.#make());
  }

  draw(points) {
    if (points.length < 2 || !globalThis.uPlot) return;
    this.#points = points;
    this.#element.hidden = false;
    const second = [KNN, RANK].find((column) => points.some((point) => point[column] !== null)) ?? null;
    if (this.#plot && second === this.#second) this.#plot.setData(this.#data());
    else { this.#second = second; this.#make(); }
    this.#element.setAttribute("aria-label", `The loss fell from ${points[0][LOSS].toFixed(2)} to ${points.at(-1)[LOSS].toFixed(2)} in ${points.at(-1)[0].toFixed(1)} epochs.`);
  }

  #data() {
    const column = (number) => this.#points.map((point) => point[number]);
    const scaled = (number) => column(number).map((value) => (value !== null && number === KNN ? 100 * value : value));
    return [column(0), column(LOSS), ...(this.#second === null ? [] : [scaled(this.#second)])];
  }

  #make() {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#points.length < 2) return;
    const axis = axisLike(this.#element);
    const known = (digits, unit = "") => (_, value) => (value === null || value === undefined ? "–" : `${value.toFixed(digits)}${unit}`);
    const knn = this.#second === KNN;
    const label = knn ? "20 nearest right, %" : "effective rank";
    const more = this.#second === null ? [] : [{ label, scale: "second", stroke: hex("--positive", this.#element), width: 2, spanGaps: true, points: { show: true, size: 5 }, value: known(knn ? 0 : 1, knn ? " %" : "") }];
    this.#plot = new globalThis.uPlot({
      width: this.#element.clientWidth || 320, height: HEIGHT, padding: [10, 8, 0, 0],
      scales: { x: { time: false }, second: { range: (_, least, most) => [0, knn ? 100 : Math.max(2, 1.1 * most)] } },
      axes: [{ ...axis, label: "epochs" }, { ...axis, label: "loss", size: 52 }, ...(more.length ? [{ ...axis, scale: "second", side: 1, size: 44, label, grid: { show: false } }] : [])],
      series: [{ label: "epochs", value: known(1) }, { label: "loss", stroke: hex("--accent", this.#element), width: 2, points: { show: false }, value: known(3) }, ...more],
    }, this.#data(), this.#element);
  }
}
