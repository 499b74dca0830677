/** The tiles with their labels; many can be selected and decided with one key. */
import { one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";

const PAGE = 120;

export class Grid {
  #api;
  #answers;
  #open;
  #fail;
  #cards = new Map(); // id → {card, item}
  #selected = new Set();
  #last = null; // the card whose box was used last: shift selects from there
  #query = {};
  #total = 0;

  constructor({ api, answers, open, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#open = open;
    this.#fail = fail;
    const filters = [["", "All tiles"], ["label=none", "Without a label"], ["settled=0", "Still asked about"], ...answers.list.map(({ code, word }) => [`label=${code}`, word]), ["gold=1", "Known tiles"]];
    one("filter").replaceChildren(...filters.map(([value, words]) => new Option(words, value)));
    one("filter").addEventListener("change", ({ target }) => this.load(Object.fromEntries(new URLSearchParams(target.value))));
    one("more").addEventListener("click", () => this.#page());
    one("select-all").addEventListener("click", () => this.#selectAll());
    one("bulk-answers").replaceChildren(...answers.buttons((code) => this.decide(code)));
    one("grid").addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#selection();
  }

  async load(query) {
    this.#query = query;
    this.#cards.clear();
    this.#selected.clear();
    one("grid").replaceChildren();
    await this.#page();
    this.#selection();
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
    const item = element("li", "label-card");
    item.dataset.card = card.id;
    item.style.setProperty("--answer", this.#answers.colour(card.label));
    const picture = Object.assign(element("img", "label-card__image"), { src: card.thumbnail ?? "", alt: "", width: 256, height: 256, loading: "lazy", decoding: "async" });
    const open = Object.assign(element("button", "label-card__open", picture, this.#answers.badge(card.label), element("span", "label-card__votes", words(card))), { type: "button" });
    const box = Object.assign(element("input", "label-card__box"), { type: "checkbox", checked: this.#selected.has(card.id) });
    box.setAttribute("aria-label", "Select this tile");
    item.classList.toggle("label-card--selected", box.checked);
    item.append(open, box);
    return item;
  }

  #click(event) {
    const item = event.target.closest("[data-card]");
    if (!item) return;
    const id = Number(item.dataset.card);
    if (event.target.matches(".label-card__box")) this.#select(id, event.target.checked, event.shiftKey);
    else if (event.ctrlKey || event.metaKey || event.shiftKey) this.#select(id, !this.#selected.has(id), event.shiftKey);
    else this.#open(id, this.#cards.get(id).card);
  }

  #select(id, on, range) {
    const order = [...this.#cards.keys()];
    const [from, to] = [order.indexOf(range && this.#last !== null ? this.#last : id), order.indexOf(id)].sort((a, b) => a - b);
    for (const one of order.slice(from, to + 1)) this.#mark(one, on);
    this.#last = id;
    this.#selection();
  }

  #mark(id, on) {
    const { item } = this.#cards.get(id);
    item.classList.toggle("label-card--selected", on);
    item.querySelector(".label-card__box").checked = on;
    if (on) this.#selected.add(id);
    else this.#selected.delete(id);
  }

  #selectAll() {
    const on = this.#selected.size < this.#cards.size;
    for (const id of this.#cards.keys()) this.#mark(id, on);
    this.#selection();
  }

  #selection() {
    const chosen = this.#selected.size;
    show(one("bulk-answers"), chosen > 0);
    one("select-all").textContent = chosen ? `${plural(chosen, "tile")} selected` : "Select all here";
  }

  #key(event) {
    if (!this.#selected.size || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    if (event.key === "Escape") { for (const id of [...this.#selected]) this.#mark(id, false); this.#selection(); }
    if (!/^[0-9]$/.test(event.key)) return;
    const answer = this.#answers.list[Number(event.key) - 1];
    if (answer || event.key === "0") { event.preventDefault(); this.decide(answer?.code ?? null); }
  }

  /** The host's word on what is selected. */
  async decide(code) {
    const chosen = [...this.#selected];
    try {
      await this.#api.decide(chosen, code);
      one("announcer").textContent = `${plural(chosen.length, "tile")}: ${code ? this.#answers.word(code) : "left to the votes"}.`;
      for (const id of chosen) this.#mark(id, false);
      this.#selection();
    } catch (error) {
      this.#fail(error);
    }
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
