import { all, make, one, show } from "./elements.js";
import { meant } from "./examples.js";
import { count, plural, title } from "./format.js";
import { Latest } from "./latest.js";
import { Roving } from "./roving.js";

const PAGE = 60; // images on one page

/** The gallery side of the page: images in pages; tells which was chosen. */
export class GalleryStage {
  #grid = one("gallery");
  #store;
  #api;
  #book;
  #on;
  #latest = new Latest();
  #roving = new Roving(this.#grid, (item) => [...item.querySelectorAll("button")]);
  #marked = new Map();
  #pages = 1;

  /** on: {choose(tile, how), announce} */
  constructor({ store, api, book, on }) {
    this.#store = store;
    this.#api = api;
    this.#book = book;
    this.#on = on;
    for (const button of all("page-step")) {
      button.addEventListener("click", () => this.#step(Number(button.dataset.pageStep)));
    }
    one("gallery-retry").addEventListener("click", () => this.#load());
    this.#load();
  }

  render(state, previous) { if (previous && state.page !== previous.page) this.#load(); }

  mark(kind, tiles) {
    this.#marked.set(kind, new Set(tiles.map(({ key }) => key)));
    for (const item of this.#grid.children) this.#markItem(item);
  }

  light(key) { for (const item of this.#grid.children) item.classList.toggle("frame--lit", item.dataset.key === key); }

  /** A gallery has no map to fly over: its pictures open in a tab of their own. */
  fly(tile) { window.open(tile.image, "_blank", "noopener"); }

  #load() {
    const { page } = this.#store.state;
    this.#latest.run((signal) => this.#api.page((page - 1) * PAGE, PAGE, signal), {
      start: () => this.#waiting(),
      done: (answer) => this.#show(answer, page),
      failed: (error) => this.#fail(error),
    });
  }

  #waiting() {
    show(one("gallery-error"), false);
    this.#grid.setAttribute("aria-busy", "true");
    this.#grid.replaceChildren(...Array.from({ length: 24 }, () => make("skeleton")));
  }

  #show({ count: total, results }, page) {
    this.#pages = Math.max(1, Math.ceil(total / PAGE));
    results.forEach((tile) => this.#book.add(tile));
    this.#grid.replaceChildren(...results.map((tile) => this.#item(tile)));
    this.#grid.setAttribute("aria-busy", "false");
    this.#roving.refresh();
    one("gallery-count").textContent = plural(total, "image");
    one("gallery-page").textContent = `Page ${count(page)} of ${count(this.#pages)}`;
    for (const button of all("page-step")) button.disabled = !this.#exists(page + Number(button.dataset.pageStep));
  }

  #item(tile) {
    const item = make("frame");
    item.dataset.key = tile.key;
    item.querySelector("img").src = tile.thumbnail;
    item.querySelector(".frame__name").textContent = title(tile);
    item.querySelector("button").addEventListener("click", (event) => this.#on.choose(tile, meant(event)));
    this.#markItem(item);
    return item;
  }

  #markItem(item) {
    for (const [kind, keys] of this.#marked) item.classList.toggle(`frame--${kind}`, keys.has(item.dataset.key));
  }

  #fail({ message }) {
    this.#grid.replaceChildren();
    one("gallery-error-text").textContent = message;
    show(one("gallery-error"), true);
  }

  #exists(page) { return page >= 1 && page <= this.#pages; }

  #step(by) {
    const page = this.#store.state.page + by;
    if (this.#exists(page)) this.#store.change({ page });
  }
}
