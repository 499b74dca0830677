import { all, make } from "./elements.js";
import { date, score, size, subtitle, title } from "./format.js";
import { Roving } from "./roving.js";
import { sized, Thumbnails } from "./thumbnails.js";

const ACTIONS = { like: "More like", unlike: "Less like", query: "Search with" };
const AT_ONCE = 12; // pictures that are in sight on most screens
const GAPS = 16; // CSS pixels that a card's picture is smaller than its share of the list, at least
const KEYS = { "+": "like", "=": "like", "-": "unlike", "−": "unlike", s: "query", S: "query" };

/** The results as cards.  act(action, tile): action is "show", "like", "unlike" or "query". */
export class ResultList {
  #list;
  #act;
  #highlight;
  #roving;
  #cards = new Map();
  #tiles = new Map();
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

  /** results: [{tile, score}]; they show with `limit`. */
  fill(results) {
    this.#side = this.#list.parentElement.clientWidth / (matchMedia("(pointer: coarse)").matches ? 2 : 3);
    this.#tiles = new Map(results.map(({ tile }) => [tile.key, tile]));
    this.#cards = new Map(results.map((result, rank) => [result.tile.key, this.#card(result, rank)]));
  }

  /** Show the best n; the focus stays in the list if it was there. */
  limit(n) {
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...[...this.#cards.values()].slice(0, n));
    this.#roving.refresh();
    if (hadFocus && n && !this.#list.contains(document.activeElement)) this.#roving.focus(0);
  }

  #card({ tile, score: value }, rank) {
    const card = make("result");
    const [name, when] = [title(tile), subtitle(tile)];
    card.dataset.key = tile.key;
    const when_loaded = rank < AT_ONCE ? "now" : "sight";
    this.#thumbnails.load(card.querySelector(".result__image"), sized(tile.thumbnail, this.#side - GAPS), when_loaded);
    card.querySelector(".result__score").textContent = score(value);
    card.querySelector(".result__title").textContent = name;
    card.querySelector(".result__subtitle").textContent = when;
    const spoken = [name, when, `likeness ${score(value)}`].filter(Boolean).join(", ");
    card.querySelector(".result__show").setAttribute("aria-label", spoken);
    for (const button of all("action", card)) button.ariaLabel = `${ACTIONS[button.dataset.action]} ${name}`;
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

  #tileOf(element) { return this.#tiles.get(element.closest(".result")?.dataset.key); }

  #point(element) { this.#highlight.set(this.#tileOf(element)?.key ?? null, "list"); }

  #click({ target }) {
    const button = target.closest("button");
    const tile = button && this.#tileOf(button);
    if (tile) this.#act(button.dataset.action ?? "show", tile);
  }

  #press(event) {
    const tile = this.#tileOf(event.target);
    if (!tile || !KEYS[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#act(KEYS[event.key], tile);
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
