/** Labels worth a second look: noes that look like yes, yeses that look like no, and likely mistakes. */
import { one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";
import { labelCard } from "./host_card.js";

const LISTS = ["suspects", "noes", "yeses"];
const MOST = 48; // of each list

export class Doubts {
  #api;
  #answers;
  #open;
  #fail;
  #round = null;
  #cards = new Map();

  constructor({ api, answers, open, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#open = open;
    this.#fail = fail;
    for (const name of LISTS) {
      one(`doubts-${name}`).addEventListener("click", ({ target }) => this.#click(target, target.closest("[data-card]")));
      one(`relabel-${name}`).addEventListener("click", () => this.#relabel(name));
    }
  }

  async draw(round) {
    if (round === this.#round) return;
    this.#round = round;
    try {
      const found = await this.#api.confusions();
      this.#cards.clear();
      for (const name of LISTS) this.#list(name, found[name]);
    } catch (error) {
      this.#round = null;
      this.#fail(error);
    }
  }

  #list(name, cards) {
    show(one(`doubts-${name}-part`), cards.length > 0);
    one(`doubts-${name}-count`).textContent = count(cards.length);
    one(`doubts-${name}`).replaceChildren(...cards.slice(0, MOST).map((card) => {
      this.#cards.set(String(card.id), card);
      const score = element("span", "label-card__votes", `it says ${Math.round(100 * card.probability)} %`);
      const item = labelCard({ id: String(card.id), thumbnail: card.thumbnail, colour: this.#answers.colour(card.label), lines: [this.#answers.badge(card.label), score], selected: true });
      return item;
    }));
  }

  #click(target, item) {
    if (!item) return;
    if (target.matches(".label-card__box")) item.classList.toggle("label-card--selected", target.checked);
    else this.#open(Number(item.dataset.card), this.#cards.get(item.dataset.card));
  }

  /** More people are asked about those that are ticked. */
  async #relabel(name) {
    const items = [...one(`doubts-${name}`).children].filter((item) => item.querySelector(".label-card__box").checked);
    if (!items.length) return;
    try {
      await this.#api.relabel(items.map(({ dataset }) => Number(dataset.card)));
      one("announcer").textContent = one(`relabelled-${name}`).textContent = `${plural(items.length, "tile")} will be asked about again.`;
    } catch (error) {
      this.#fail(error);
    }
  }
}
