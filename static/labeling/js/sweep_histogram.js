/** How many tiles have which probability, and the slider that says how sure is sure enough. */
import { debounce, one } from "../../search/js/elements.js";
import { plural } from "../../search/js/format.js";

const WIDTH = 200, HEIGHT = 60; // the drawing's own units: one a bin
const SVG = "http://www.w3.org/2000/svg";

export class Histogram {
  #slider = one("threshold");
  #bins = [];
  #suggested = 0.5;

  /** moved(threshold), once the slider rests */
  constructor({ moved }) {
    const rested = debounce(() => moved(this.threshold), 250);
    this.#slider.addEventListener("input", () => { this.#say(); rested(); });
    one("threshold-suggested").addEventListener("click", () => { this.#slider.value = this.#suggested; this.#say(); rested(); });
  }

  get threshold() { return Number(this.#slider.value); }

  draw({ histogram, threshold }) {
    this.#bins = histogram;
    this.#suggested = threshold;
    this.#slider.value = threshold;
    one("threshold-suggested").textContent = `Suggested: ${threshold.toFixed(2)}`;
    const most = Math.log1p(Math.max(1, ...histogram)); // most tiles are surely not: a plain scale would show nothing else
    const path = histogram.map((n, at) => `M${at} ${HEIGHT}v${-(HEIGHT * Math.log1p(n) / most).toFixed(2)}h1V${HEIGHT}z`).join("");
    const shape = document.createElementNS(SVG, "path"), cut = document.createElementNS(SVG, "rect");
    shape.setAttribute("d", path);
    cut.setAttribute("class", "histogram__cut");
    cut.setAttribute("height", HEIGHT);
    one("histogram").setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    one("histogram").replaceChildren(cut, shape);
    this.#say();
  }

  #say() {
    const from = Math.round(this.threshold * this.#bins.length);
    const above = this.#bins.slice(from).reduce((sum, n) => sum + n, 0);
    one("threshold-count").textContent = `${plural(above, "tile")} at ${this.threshold.toFixed(2)} or more`;
    const cut = one("histogram").querySelector(".histogram__cut");
    cut?.setAttribute("x", from);
    cut?.setAttribute("width", Math.max(0, this.#bins.length - from));
  }
}
