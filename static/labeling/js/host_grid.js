/** The tiles with their labels; many can be selected and decided with one key. */
import { one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";
import { labelCard } from "./host_card.js";
import { Selection } from "./host_selection.js";

const PAGE = 120;

export class Grid {
  #api;
  #answers;
  #open;
  #fail;
  #cards = new Map(); // id → {card, item}
  #selection;
  #query = {};
  #total = 0;

  constructor({ api, answers, open, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#open = open;
    this.#fail = fail;
    this.#selection = new Selection({ list: one("grid"), tools: one("bulk-answers"), all: one("select-all"), answers, decide: (ids, code) => this.#decide(ids, code) });
    const filters = [["", "All tiles"], ["label=none", "Without a label"], ["settled=0", "Still asked about"], ...answers.list.map(({ code, word }) => [`label=${code}`, word]), ["gold=1", "Known tiles"], ["held_out=1", "An audit's tiles"]];
    one("filter").replaceChildren(...filters.map(([value, words]) => new Option(words, value)));
    one("filter").addEventListener("change", ({ target }) => this.load(Object.fromEntries(new URLSearchParams(target.value))));
    one("more").addEventListener("click", () => this.#page());
    one("bulk-answers").replaceChildren(...answers.buttons((code) => this.#selection.decide(code)));
    one("grid").addEventListener("click", (event) => this.#click(event));
  }

  async load(query) {
    this.#query = query;
    this.#cards.clear();
    this.#selection.clear();
    one("grid").replaceChildren();
    await this.#page();
  }

  async #page() {
    const query = this.#query;
    try {
      const { count: total, results } = await this.#api.cards({ ...query, offset: this.#cards.size, limit: PAGE });
      if (query !== this.#query) return; // another choice was made meanwhile
      this.#total = total;
      results.forEach((card) => this.#put(card));
    } catch (error) {
      this.#fail(error);
    }
    this.#count();
  }

  /** Cards that have changed: drawn anew where they are; new labels are counted in by the next choice of a filter. */
  changed(cards) {
    for (const card of cards) {
      if (this.#cards.has(card.id)) this.#put(card);
      else if (this.#isAll && this.#cards.size < PAGE) { this.#put(card); this.#total = Math.max(this.#total, this.#cards.size); }
    }
    this.#count();
  }

  get #isAll() { return Object.keys(this.#query).length === 0; }

  #put(card) {
    const item = this.#made(card), known = this.#cards.get(card.id);
    if (known) known.item.replaceWith(item);
    else one("grid").append(item);
    this.#cards.set(card.id, { card, item });
  }

  #made(card) {
    const lines = [this.#answers.badge(card.label), element("span", "label-card__votes", words(card))];
    return labelCard({ id: String(card.id), thumbnail: card.thumbnail, colour: this.#answers.colour(card.label), lines, selected: this.#selection.has(String(card.id)) });
  }

  #click(event) {
    const item = event.target.closest("[data-card]");
    if (!item || this.#selection.takes(event, item)) return;
    const id = Number(item.dataset.card);
    this.#open(id, this.#cards.get(id).card);
  }

  /** The host's word on what is selected; whether it was taken. */
  async #decide(chosen, code) {
    try {
      await this.#api.decide(chosen.map(Number), code);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    one("announcer").textContent = `${plural(chosen.length, "tile")}: ${code ? this.#answers.word(code) : "left to the votes"}.`;
    return true;
  }

  #count() {
    const shown = this.#cards.size;
    one("grid-count").textContent = shown < this.#total ? `${count(shown)} of ${plural(this.#total, "tile")}` : plural(this.#total, "tile");
    show(one("more"), shown < this.#total);
    show(one("grid-empty"), this.#total === 0);
    one("grid-empty").textContent = this.#query.disputed ? "Nobody disagrees about any tile." : this.#isAll ? "No tiles yet. Search on the map and press Label these." : "No tile like that.";
  }
}

function words({ votes, target, settled, label_from: from, share }) {
  if (from === "host") return "your word";
  if (from === "gold") return "known";
  const agreed = votes > 1 && share !== null ? ` · ${Math.round(100 * share)} %` : "";
  return `${votes}${settled ? "" : ` of ${target}`} ${votes === 1 ? "vote" : "votes"}${agreed}`;
}
