/** What the host decides about learning: which answer is looked for, how often it trains, what it asks next. */
import { all, one, show } from "../../search/js/elements.js";
import { element } from "./host_answers.js";

const NUMBERS = ["every", "batch", "neighbours", "pool"];

export class LearningForm {
  #form = one("learning-form");
  #answers;
  #dirty = false;

  /** save: (settings) => a promise of whether they were taken */
  constructor({ answers, save }) {
    this.#answers = answers;
    for (const kind of ["positive", "negative"]) one(`${kind}-answers`).replaceChildren(...answers.list.map(({ code }) => this.#choice(kind, code)));
    this.#form.addEventListener("input", () => { this.#dirty = true; show(one("learning-saved"), false); this.#shares(); });
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!await save(this.#values())) return;
      this.#dirty = false;
      show(one("learning-saved"), true);
    });
  }

  /** What somebody is just changing is left alone. */
  draw(settings) {
    if (this.#dirty) return;
    for (const name of NUMBERS) this.#form.elements[name].value = settings[name];
    for (const [name, weight] of Object.entries(settings.mix)) { const slider = this.#form.elements[`mix-${name}`]; if (slider) slider.value = Math.round(100 * weight); }
    for (const kind of ["positive", "negative"]) for (const box of this.#form.querySelectorAll(`[name="${kind}"]`)) box.checked = settings[kind].includes(box.value);
    this.#form.elements.head.value = settings.head;
    this.#shares();
  }

  #choice(kind, code) {
    const box = Object.assign(element("input", "check__box"), { type: "checkbox", name: kind, value: code });
    return element("label", "check", box, this.#answers.badge(code));
  }

  get #mix() { return Object.fromEntries(all("mix", this.#form).map(({ dataset, value }) => [dataset.mix, Number(value)])); }

  /** What each slider makes of a batch. */
  #shares() {
    const mix = this.#mix, sum = Object.values(mix).reduce((total, weight) => total + weight, 0);
    for (const output of all("share", this.#form)) output.textContent = sum ? `${Math.round(100 * mix[output.dataset.share] / sum)} %` : "–";
  }

  #values() {
    const chosen = (kind) => [...this.#form.querySelectorAll(`[name="${kind}"]:checked`)].map(({ value }) => value);
    const mix = Object.fromEntries(Object.entries(this.#mix).map(([name, weight]) => [name, weight / 100]));
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(this.#form.elements[name].value)]));
    return { ...numbers, mix, positive: chosen("positive"), negative: chosen("negative"), head: this.#form.elements.head.value };
  }
}
