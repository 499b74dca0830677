import { make, one, show } from "./elements.js";
import { title, subtitle } from "./format.js";
import { drop, hasExamples } from "./query.js";
import { sized } from "./thumbnails.js";

const PICTURE = 48; // CSS pixels a side, at most

/** The examples of a search, each with its picture and a way out. */
export class Chips {
  #store;
  #book;
  #imageUrl;
  #open;
  #marks;
  #round = 0;

  /** open(tile): show it; marks(kind, tiles): the examples as they become known */
  constructor({ store, book, imageUrl, open, marks }) {
    this.#store = store;
    this.#book = book;
    this.#imageUrl = imageUrl;
    this.#open = open;
    this.#marks = marks;
  }

  render() {
    const { state } = this.#store;
    const round = ++this.#round;
    const likes = state.positives.map((key) => this.#tileChip("positives", key));
    const images = state.images.map((id) => this.#imageChip(id));
    const unlikes = state.negatives.map((key) => this.#tileChip("negatives", key));
    document.querySelector('[data-chips="like"]').replaceChildren(...[...likes, ...images].map(({ chip }) => chip));
    document.querySelector('[data-chips="unlike"]').replaceChildren(...unlikes.map(({ chip }) => chip));
    show(one("examples"), hasExamples(state) || this.#store.state.text);
    show(one("unlike-row"), unlikes.length > 0);
    this.#mark(round, "like", likes);
    this.#mark(round, "unlike", unlikes);
  }

  async #mark(round, kind, chips) {
    const settled = await Promise.allSettled(chips.map(({ tile }) => tile));
    if (round === this.#round) this.#marks(kind, settled.flatMap(({ value }) => value ?? []));
  }

  #tileChip(kind, key) {
    const chip = make("chip");
    const tile = this.#book.get(key);
    chip.dataset.key = key;
    chip.classList.toggle("chip--unlike", kind === "negatives");
    this.#remover(chip, kind, key, "example");
    tile.then((known) => this.#picture(chip, known), () => this.#unknown(chip));
    return { chip, tile };
  }

  #picture(chip, tile) {
    const name = [title(tile), subtitle(tile)].filter(Boolean).join(", ");
    chip.querySelector("img").src = sized(tile.thumbnail, PICTURE);
    chip.querySelector(".chip__text").textContent = title(tile);
    chip.querySelector(".chip__show").setAttribute("aria-label", `Show ${name}`);
    chip.querySelector(".chip__remove").setAttribute("aria-label", `Remove ${name}`);
    chip.querySelector(".chip__show").addEventListener("click", () => this.#open(tile));
    chip.title = name;
  }

  #unknown(chip) {
    chip.classList.add("chip--unknown");
    chip.querySelector(".chip__text").textContent = "Unknown tile";
    chip.querySelector(".chip__show").disabled = true;
  }

  #imageChip(id) {
    const chip = make("chip");
    chip.querySelector("img").src = this.#imageUrl(id);
    chip.querySelector("img").addEventListener("error", () => chip.classList.add("chip--unknown"));
    chip.querySelector(".chip__text").textContent = "Your image";
    chip.querySelector(".chip__show").disabled = true;
    this.#remover(chip, "images", id, "your image");
    return { chip };
  }

  #remover(chip, kind, value, name) {
    const button = chip.querySelector(".chip__remove");
    button.setAttribute("aria-label", `Remove ${name}`);
    button.addEventListener("click", () => {
      this.#store.change(drop(this.#store.state, kind, value));
      (document.querySelector(".chip__remove") ?? one("map") ?? one("gallery"))?.focus();
    });
  }
}
