/** The tiles that are marked, or else those in the view: only the rows of cards in sight are in the document. */
import { make, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { below, lookalikes, nameOf, pictured } from "./studio_words.js";

const CELL = 92; // pixels, the least
const BELOW = 20; // under a picture
const AHEAD = 2; // lines of cards out of sight
const MIXED = 200; // more tiles than these are listed in a random order: the first ones of an archive are all alike

export class TileGrid {
  #studio; #book; #on;
  #scroll = one("tray-scroll");
  #list = one("tray-list");
  #rows = new Int32Array(0);
  #cards = new Map();
  #across = 1;
  #side = CELL;
  #asked = false;

  /** on: {find(row)} */
  constructor({ studio, book, on }) {
    this.#studio = studio;
    this.#book = book;
    this.#on = on;
    for (const kind of ["view", "marked", "selection"]) studio.addEventListener(kind, () => this.refresh());
    this.#scroll.addEventListener("scroll", () => this.#soon(), { passive: true });
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#list.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(() => this.#lay()).observe(this.#scroll);
    this.refresh();
  }

  refresh() {
    const { marked, markedCount, view, inView, shown } = this.#studio;
    const [mask, number] = markedCount ? [marked, markedCount] : [view, inView];
    const rows = new Int32Array(number);
    for (let row = 0, at = 0; row < mask.length; row += 1) if (mask[row]) rows[at++] = row;
    const rank = (row) => (shown[row] < 0 ? Infinity : shown[row]);
    if (this.#studio.colour === "@selection") rows.sort((one_, other) => rank(one_) - rank(other) || one_ - other);
    this.#rows = !markedCount && this.#studio.colour !== "@selection" && number > MIXED ? mixed(rows) : rows;
    const hidden = markedCount ? this.#rows.reduce((sum, row) => sum + (view[row] ? 0 : 1), 0) : 0;
    const words = `${plural(number, "tile")} ${markedCount ? "marked" : "in the view"}${hidden ? `, ${count(hidden)} of them outside the filter` : ""}`;
    one("tray-title").textContent = words;
    show(one("tray-empty"), number === 0);
    this.#forget();
    this.#lay();
  }

  /** Bring a tile's card into sight. */
  reveal(row) {
    const at = this.#rows.indexOf(row);
    if (at >= 0) this.#scroll.scrollTop = Math.floor(at / this.#across) * this.#tall - this.#tall / 2;
  }

  get #tall() { return this.#side + BELOW + 8; }

  #forget() {
    for (const card of this.#cards.values()) card.remove();
    this.#cards.clear();
  }

  #lay() {
    const width = this.#list.clientWidth;
    if (!width) return;
    this.#across = Math.max(1, Math.floor((width + 8) / (CELL + 8)));
    this.#side = (width + 8) / this.#across - 8;
    this.#list.style.height = `${Math.ceil(this.#rows.length / this.#across) * this.#tall}px`;
    for (const [at, card] of this.#cards) this.#put(card, at);
    this.#draw();
  }

  #soon() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.#scroll.scrollTop / this.#tall) - AHEAD) * this.#across;
    const lines = Math.ceil(this.#scroll.clientHeight / this.#tall) + 2 * AHEAD;
    const end = Math.min(this.#rows.length, first + lines * this.#across);
    for (const [at, card] of this.#cards) {
      if ((at < first || at >= end) && !card.contains(document.activeElement)) {
        card.remove();
        this.#cards.delete(at);
      }
    }
    for (let at = first; at < end; at += 1) if (!this.#cards.has(at)) this.#add(at);
  }

  #add(at) {
    const card = make("tile");
    const row = this.#rows[at];
    card.dataset.row = row;
    card.dataset.at = at;
    card.setAttribute("aria-setsize", this.#rows.length);
    card.setAttribute("aria-posinset", at + 1);
    this.#cards.set(at, card);
    this.#put(card, at);
    const after = [...this.#list.children].find((other) => Number(other.dataset.at) > at);
    this.#list.insertBefore(card, after ?? null);
    this.#stops(card, at === 0 || this.#list.children.length === 1);
    this.#book.get(row).then((tile) => this.#fill(card, tile), (error) => this.#fail(card, error));
  }

  #put(card, at) {
    card.style.width = `${this.#side}px`;
    card.style.transform = `translate(${(at % this.#across) * (this.#side + 8)}px, ${Math.floor(at / this.#across) * this.#tall}px)`;
  }

  #fill(card, tile) {
    const [name, more] = [nameOf(tile), below(tile)];
    const marked = Boolean(this.#studio.marked[Number(card.dataset.row)]);
    card.querySelector("img").src = pictured(tile, devicePixelRatio > 1 ? 256 : 128);
    card.querySelector(".tile__name").textContent = name;
    card.title = [name, more].filter(Boolean).join("\n");
    card.querySelector('[data-do="find"]').setAttribute("aria-label", `Find on the map of embeddings: ${name}, ${more}`);
    const toggle = card.querySelector('[data-do="toggle"]');
    toggle.setAttribute("aria-label", `${marked ? "Unmark" : "Mark"} ${name}`);
    toggle.title = marked ? "Unmark (Delete)" : "Mark";
    card.classList.toggle("tile--marked", marked);
    const like = card.querySelector('[data-do="like"]');
    like.href = lookalikes(tile);
    like.setAttribute("aria-label", `Find lookalikes of ${name}`);
  }

  #fail(card, error) {
    card.classList.add("tile--failed");
    card.title = error.message;
  }

  #click(event) {
    const [card, button] = [event.target.closest(".tile"), event.target.closest("[data-do]")];
    if (!card || !button) return;
    const row = Number(card.dataset.row);
    if (button.dataset.do === "find") this.#on.find(row);
    if (button.dataset.do === "toggle") this.#toggle(row);
  }

  #toggle(row) {
    const removing = this.#studio.marked[row];
    this.#studio.mark([row], removing ? "remove" : "add");
    this.#studio.say(`${removing ? "Unmarked" : "Marked"}: ${count(this.#studio.markedCount)} marked now.`, "quiet");
  }

  /** One tab stop for the grid; arrows move in it, Delete unmarks. */
  #press(event) {
    const card = event.target.closest(".tile");
    if (!card) return;
    if (event.key === "Delete" || event.key === "Backspace") return this.#remove(event, card);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#across, ArrowDown: this.#across }[event.key];
    const at = { Home: 0, End: this.#rows.length - 1 }[event.key] ?? Number(card.dataset.at) + step;
    if (Number.isNaN(at) || at < 0 || at >= this.#rows.length) return undefined;
    event.preventDefault();
    return this.#focus(at);
  }

  #remove(event, card) {
    event.preventDefault();
    const [row, at] = [Number(card.dataset.row), Number(card.dataset.at)];
    if (!this.#studio.marked[row]) return;
    this.#toggle(row);
    if (this.#rows.length) this.#focus(Math.min(at, this.#rows.length - 1));
  }

  #focus(at) {
    const top = Math.floor(at / this.#across) * this.#tall;
    const { scrollTop, clientHeight } = this.#scroll;
    if (top < scrollTop || top + this.#tall > scrollTop + clientHeight) this.#scroll.scrollTop = Math.max(0, top - clientHeight / 2);
    this.#draw();
    const card = this.#cards.get(at);
    for (const other of this.#list.children) this.#stops(other, other === card);
    card?.querySelector('[data-do="find"]').focus();
  }

  #stops(card, open) { for (const stop of card.querySelectorAll("[data-do]")) stop.tabIndex = open ? 0 : -1; }
}

/** Every so manieth of them, round and round, until each has been met once. */
function mixed(rows) {
  const n = rows.length;
  let step = Math.floor(n * 0.618);
  while (common(step, n) > 1) step += 1;
  const found = new Int32Array(n);
  for (let at = 0, from = 0; at < n; at += 1, from = (from + step) % n) found[at] = rows[from];
  return found;
}

const common = (one, other) => (other ? common(other, one % other) : one);
