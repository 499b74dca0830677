import { make, one, show } from "./elements.js";
import { count, plural, score, title } from "./format.js";
import { Latest } from "./latest.js";
import { Roving } from "./roving.js";
import { sized, Thumbnails } from "./thumbnails.js";

const PICTURE = 112; // CSS pixels a side
const MOST_DEPTH = 3;

/** The smaller squares inside a tile, most alike first. */
export class InsideChildren {
  #list = one("inside-list");
  #roving = new Roving(this.#list, (item) => [...item.querySelectorAll("button")]);
  #thumbnails = new Thumbnails();
  #parts;
  #latest = new Latest();
  #tile = null;
  #depth = 1;

  /** parts: ask(key, depth, signal), sizeName(level), deepest, open(result), point(tile or null) */
  constructor(parts) {
    this.#parts = parts;
    one("inside-again").addEventListener("click", () => this.#load());
    for (const leave of ["pointerleave", "focusout"]) this.#list.addEventListener(leave, () => parts.point(null));
  }

  open(tile) {
    this.#tile = tile;
    const most = Math.min(MOST_DEPTH, this.#parts.deepest - tile.level);
    show(one("inside-children"), most > 0);
    this.#depth = Math.max(1, Math.min(this.#depth, most));
    const depths = Array.from({ length: Math.max(0, most) }, (_, index) => index + 1);
    one("inside-depths").replaceChildren(...depths.map((depth) => this.#choice(depth)));
    if (most > 0) this.#load();
  }

  close() { this.#latest.cancel(); }

  #choice(depth) {
    const button = make("depth");
    const side = 2 ** depth;
    button.textContent = `${side} × ${side}`;
    button.title = `${side * side} squares of ${this.#parts.sizeName(this.#tile.level + depth)}`;
    button.setAttribute("aria-pressed", String(depth === this.#depth));
    button.addEventListener("click", () => { this.#depth = depth; this.open(this.#tile); this.#refocus(depth); });
    return button;
  }

  #refocus(depth) { one("inside-depths").children[depth - 1].focus(); }

  #load() {
    this.#latest.run((signal) => this.#parts.ask(this.#tile.key, this.#depth, signal), {
      start: () => this.#waiting(),
      done: (answer) => this.#show(answer),
      failed: ({ message }) => this.#fail(message),
    });
  }

  #waiting() {
    this.#state("");
    one("inside-note").textContent = "";
    this.#list.setAttribute("aria-busy", "true");
    this.#list.replaceChildren(...Array.from({ length: Math.min(16, 4 ** this.#depth) }, () => make("skeleton")));
  }

  #show(answer) {
    this.#list.setAttribute("aria-busy", "false");
    this.#list.replaceChildren(...answer.results.map((result) => this.#item(result)));
    this.#roving.refresh();
    one("inside-note").textContent = this.#note(answer);
  }

  #item(result) {
    const item = make("child");
    const { tile, score: value } = result;
    this.#thumbnails.load(item.querySelector("img"), sized(tile.thumbnail, PICTURE), "sight");
    item.querySelector(".result__score").textContent = score(value);
    item.querySelector(".result__title").textContent = title(tile);
    const button = item.querySelector("button");
    button.ariaLabel = `${title(tile)}, likeness ${score(value)}: look inside`;
    button.addEventListener("click", () => this.#parts.open(result));
    for (const enter of ["pointerenter", "focus"]) button.addEventListener(enter, () => this.#parts.point(tile));
    return item;
  }

  #note({ results, empty, level, pixels, encoder_size: enough }) {
    const fresh = results.filter(({ indexed }) => !indexed).length;
    const size = `${plural(results.length, "square")} of ${this.#parts.sizeName(level)}`;
    const how = fresh ? `${fresh === results.length ? "not indexed" : `${count(fresh)} not indexed`}: measured now from the pixels` : "from the index";
    const none = empty ? ` ${plural(empty, "square")} without data left out.` : "";
    const coarse = pixels && pixels < enough ? ` Each has ${count(Math.round(pixels))} pixels of imagery, enlarged: finer ones say little.` : "";
    return `${size}, ${how}.${none}${coarse}`;
  }

  #fail(message) {
    this.#list.replaceChildren();
    this.#state(message);
  }

  #state(message) {
    one("inside-error-text").textContent = message;
    show(one("inside-error"), message);
  }
}
