import { date, size } from "./format.js";
import { resultCard } from "./result_card.js";
import { Roving } from "./roving.js";
import { sized, Thumbnails } from "./thumbnails.js";

const AT_ONCE = 12; // pictures that are in sight on most screens
const GAPS = 16; // CSS pixels that a card's picture is smaller than its share of the list, at least
const KEYS = {
  "+": "like", "=": "like", "-": "unlike", "−": "unlike", s: "query", S: "query", o: "inside", O: "inside",
};

/** The results as cards.  act(action, tile, result): action is "show", "inside", "like", "unlike" or "query". */
export class ResultList {
  #list;
  #act;
  #highlight;
  #roving;
  #cards = new Map();
  #results = new Map();
  #thumbnails = new Thumbnails();
  #side = 128; // CSS pixels of a card's picture

  constructor(list, { act, highlight }) {
    this.#list = list;
    this.#act = act;
    this.#highlight = highlight;
    this.#roving = new Roving(list, (item) => [...item.querySelectorAll("button")]);
    this.#wire();
    highlight.onChange((key, source) => this.#light(key, source));
  }

  /** results: [{tile, score, also}]; they show with `limit`.  known: {sizeName(level), missed: set of keys} */
  fill(results, known) {
    const several = new Set(results.map(({ tile }) => tile.level)).size > 1;
    this.#side = this.#list.parentElement.clientWidth / (matchMedia("(pointer: coarse)").matches ? 2 : 3);
    this.#list.classList.toggle("results__grid--several", several);
    this.#results = new Map(results.map((result) => [result.tile.key, result]));
    const card = (result, rank) => [result.tile.key, this.#card(result, rank, { ...known, several })];
    this.#cards = new Map(results.map(card));
  }

  /** Show the best n; the focus stays in the list if it was there. */
  limit(n) {
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...[...this.#cards.values()].slice(0, n));
    this.#roving.refresh();
    if (hadFocus && n && !this.#list.contains(document.activeElement)) this.#roving.focus(0);
  }

  #card(result, rank, known) {
    const card = resultCard(result, known);
    const address = sized(result.tile.thumbnail, this.#side - GAPS);
    this.#thumbnails.load(card.querySelector(".result__image"), address, rank < AT_ONCE ? "now" : "sight");
    return card;
  }

  #wire() {
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#list.addEventListener("keydown", (event) => this.#press(event));
    this.#list.addEventListener("pointerover", (event) => this.#point(event.target));
    this.#list.addEventListener("focusin", (event) => this.#point(event.target));
    this.#list.addEventListener("pointerleave", () => this.#highlight.set(null, "list"));
    this.#list.addEventListener("focusout", () => this.#highlight.set(null, "list"));
  }

  #of(element) { return this.#results.get(element.closest(".result")?.dataset.key); }

  #point(element) { this.#highlight.set(this.#of(element)?.tile.key ?? null, "list"); }

  #click({ target }) {
    const button = target.closest("button");
    const result = button && this.#of(button);
    if (result) this.#act(button.dataset.action ?? "show", result.tile, result);
  }

  #press(event) {
    const result = this.#of(event.target);
    if (!result || !KEYS[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#act(KEYS[event.key], result.tile, result);
  }

  #light(key, source) {
    for (const [other, card] of this.#cards) card.classList.toggle("result--lit", other === key);
    if (source === "map") this.#cards.get(key)?.scrollIntoView({ block: "nearest" });
  }
}

const WHY = { running: "being built", waiting: "waiting to be built", damaged: "damaged, set aside" };

/** "Skipped" in words: which parts could not be asked, and why. */
export function skippedWords(skipped, levels) {
  const known = (z) => levels.find(({ level }) => level === z);
  const name = ({ date: day, level }) => (known(level)?.kilometres ? `${date(day)}, ${size(known(level))}` : date(day));
  const words = skipped.map((part) => `${name(part)} (${WHY[part.status] ?? part.status})`);
  const more = words.length > 3 ? ` and ${words.length - 3} more` : "";
  return `Not searched: ${words.slice(0, 3).join("; ")}${more}.`;
}
