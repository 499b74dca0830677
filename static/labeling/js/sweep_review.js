/** Tiles of the sweep that nobody has labelled yet, the surest first or the most doubtful: many decided with one key. */
import { one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";
import { labelCard } from "./host_card.js";
import { Selection } from "./host_selection.js";

const PAGE = 96;

export class Review {
  #api;
  #answers;
  #fail;
  #sweep = null;
  #threshold = 0.5;
  #shown = 0;
  #asked = 0;
  #selection;

  constructor({ api, answers, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#fail = fail;
    this.#selection = new Selection({ list: one("review"), tools: one("review-tools"), all: one("review-all"), answers, decide: (keys, code) => this.#decide(keys, code) });
    one("review-answers").replaceChildren(...answers.buttons((code) => this.#selection.decide(code), { none: "No label" }));
    one("review-ask").addEventListener("click", () => this.#ask());
    one("review-from").addEventListener("change", () => this.#begin());
    one("review-more").addEventListener("click", () => this.#page());
    one("review").addEventListener("click", (event) => {
      const item = event.target.closest("[data-card]");
      if (item && !this.#selection.takes(event, item)) item.querySelector(".label-card__box").click();
    });
  }

  draw(sweep) { this.#sweep = sweep; }

  threshold(value) {
    this.#threshold = value;
    this.#begin();
  }

  get #from() { return one("review-from").value; }

  async #begin() {
    this.#selection.clear();
    this.#shown = 0;
    one("review").replaceChildren();
    await this.#page();
  }

  async #page() {
    const asked = ++this.#asked;
    try {
      const query = { from: this.#from, threshold: this.#threshold, offset: this.#shown, limit: PAGE };
      const { count: total, results } = await this.#api.review(this.#sweep.number, query);
      if (asked !== this.#asked) return;
      one("review").append(...results.map((tile) => this.#card(tile)));
      this.#shown += results.length;
      one("review-count").textContent = `${count(this.#shown)} of ${plural(total, "tile")} without a label`;
      show(one("review-more"), this.#shown < total);
      show(one("review-empty"), total === 0);
    } catch (error) {
      this.#fail(error);
    }
  }

  #card(tile) {
    const lines = [element("span", "label-card__score", tile.score.toFixed(2)), element("span", "label-card__votes", tile.date === "static" ? "" : tile.date ?? "")];
    return labelCard({ id: tile.key, thumbnail: tile.thumbnail, colour: this.#answers.colour(null), lines, selected: false });
  }

  async #decide(keys, code) {
    try {
      await this.#api.labelSwept(this.#sweep.number, keys, code);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#done(keys, code ? `${plural(keys.length, "tile")}: ${this.#answers.word(code)}.` : "Left without a label.");
    return true;
  }

  async #ask() {
    const keys = this.#selection.ids;
    await this.#api.askSwept(this.#sweep.number, keys).then(() => this.#done(keys, `${plural(keys.length, "tile")} will be asked about.`), this.#fail);
    this.#selection.clear();
  }

  /** What has been decided leaves the queue. */
  #done(keys, said) {
    const gone = new Set(keys);
    for (const item of [...one("review").children]) if (gone.has(item.dataset.card)) item.remove();
    this.#shown -= gone.size;
    one("announcer").textContent = one("review-said").textContent = said;
    if (!one("review").children.length) this.#begin();
  }
}
