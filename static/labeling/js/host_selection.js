/** Many tiles chosen by their boxes, rows of them with shift, and decided with one key. */
import { plural } from "../../search/js/format.js";
import { show } from "../../search/js/elements.js";

export class Selection {
  #list;
  #tools;
  #all;
  #answers;
  #decide;
  #chosen = new Set();
  #last = null; // whose box was used last: shift selects from there

  /** list: its items have data-card and a box; tools are shown while some are chosen; all selects every one;
      decide: (ids, answer's code or null) => a promise, after which nothing is chosen any more */
  constructor({ list, tools, all, answers, decide }) {
    this.#list = list;
    this.#tools = tools;
    this.#all = all;
    this.#answers = answers;
    this.#decide = decide;
    all.addEventListener("click", () => this.#everything());
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#draw();
  }

  get ids() { return [...this.#chosen]; }

  has(id) { return this.#chosen.has(id); }

  clear() {
    for (const item of this.#items) this.#mark(item, false);
    this.#chosen.clear();
    this.#draw();
  }

  /** Whether the click chose something; else it means the tile itself. */
  takes(event, item) {
    const box = event.target.matches(".label-card__box");
    if (!box && !event.ctrlKey && !event.metaKey && !event.shiftKey) return false;
    this.#select(item, box ? event.target.checked : !this.has(item.dataset.card), event.shiftKey);
    return true;
  }

  async decide(code) {
    if (!this.#chosen.size) return;
    if (await this.#decide(this.ids, code)) this.clear();
  }

  get #items() { return [...this.#list.children]; }

  #select(item, on, range) {
    const items = this.#items, from = range ? items.findIndex(({ dataset }) => dataset.card === this.#last) : -1;
    const ends = [from < 0 ? items.indexOf(item) : from, items.indexOf(item)].sort((a, b) => a - b);
    for (const one of items.slice(ends[0], ends[1] + 1)) this.#mark(one, on);
    this.#last = item.dataset.card;
    this.#draw();
  }

  #mark(item, on) {
    item.classList.toggle("label-card--selected", on);
    item.querySelector(".label-card__box").checked = on;
    if (on) this.#chosen.add(item.dataset.card);
    else this.#chosen.delete(item.dataset.card);
  }

  #everything() {
    const on = this.#chosen.size < this.#items.length;
    for (const item of this.#items) this.#mark(item, on);
    this.#draw();
  }

  #draw() {
    show(this.#tools, this.#chosen.size > 0);
    this.#all.textContent = this.#chosen.size ? `${plural(this.#chosen.size, "tile")} selected` : "Select all here";
  }

  #key(event) {
    if (!this.#chosen.size || !this.#list.offsetParent || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    if (event.key === "Escape") this.clear();
    if (!/^[0-9]$/.test(event.key)) return;
    const answer = this.#answers.list[Number(event.key) - 1];
    if (!answer && event.key !== "0") return;
    event.preventDefault();
    this.decide(answer?.code ?? null);
  }
}
