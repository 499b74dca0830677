import { one, show } from "./elements.js";
import { words } from "./heat.js";

/** The scale of a heat map: its ends in numbers, and what was measured. */
export class Legend {
  #element;
  #sizeName;

  constructor(element, sizeName) {
    this.#element = element;
    this.#sizeName = sizeName;
  }

  /** heat: null hides it.  Answers what a screen reader is told. */
  show(heat) {
    show(this.#element, heat);
    if (!heat) return "";
    const { low, high, note, spoken } = words(heat, this.#sizeName);
    one("legend-low", this.#element).textContent = low;
    one("legend-high", this.#element).textContent = high;
    one("legend-note", this.#element).textContent = note;
    return spoken;
  }
}
