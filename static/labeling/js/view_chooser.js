/** Tile, around it, another date, on the map: what the host lets one see of a card. */
import { all, show } from "../../search/js/elements.js";
import { address } from "./deck.js";

export class ViewChooser {
  #root;
  #draw;
  #urls = {};

  constructor(root, draw) {
    this.#root = root;
    this.#draw = draw;
    all("view", root).forEach((button) => button.addEventListener("click", () => this.#choose(button.dataset.view)));
  }

  offer(card) {
    this.#urls = card ? { image: address(card.image), around: card.around, other: card.other?.image, map: card.map } : {};
    show(this.#root, Object.values(this.#urls).filter(Boolean).length > 1);
    all("view", this.#root).forEach((button) => {
      show(button, Boolean(this.#urls[button.dataset.view]));
      button.disabled = false;
      if (button.dataset.view === "other" && card?.other) button.title = card.other.date;
    });
    this.#press("image");
  }

  #choose(view) {
    this.#press(view);
    this.#draw(this.#urls[view]);
  }

  #press(view) {
    all("view", this.#root).forEach((button) => button.setAttribute("aria-pressed", button.dataset.view === view));
  }
}
