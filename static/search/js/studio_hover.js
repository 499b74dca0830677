/** A card beside the point that one looks at: its picture and what is known of it. */
import { one, show } from "./elements.js";
import { below, lookalikes, metricsOf, nameOf, onTheMap, pictured, short, written } from "./studio_words.js";

const LINES = 7; // of metrics

export class HoverCard {
  #card = one("hover");
  #studio; #map; #book;
  #row = -1;
  #kept = false;
  #size = [0, 0];

  constructor({ studio, map, book }) {
    this.#studio = studio;
    this.#map = map;
    this.#book = book;
    map.camera.addEventListener("move", () => this.#place());
    one("hover-close").addEventListener("click", () => this.hide());
  }

  /** Does it stay although nothing points at its tile? */
  get kept() { return this.#row >= 0 && this.#kept; }

  /** kept: it stays, with links, until it is closed: for fingers and keys */
  async show(row, kept = false) {
    if (row < 0) return this.hide();
    this.#kept = kept;
    this.#card.classList.toggle("hover--kept", kept);
    if (row === this.#row) return this.#measure();
    this.#row = row;
    const tile = await this.#book.get(row).catch((error) => this.#studio.say(error.message, "error"));
    if (!tile || row !== this.#row) return undefined;
    this.#fill(tile, await this.#coloured(row));
    if (row !== this.#row) return undefined;
    show(this.#card, true);
    return this.#measure();
  }

  hide() {
    this.#row = -1;
    this.#kept = false;
    show(this.#card, false);
  }

  /** What it is coloured by, where that is no metric. */
  async #coloured(row) {
    const column = this.#studio.column(this.#studio.colour);
    if (!column || column.source === "metric" || column.name === "@date" || column.name === "@level") return null;
    const values = await this.#studio.values(column.name).catch(() => null); // the map has said why
    if (!values) return null;
    const number = values.numbers?.[row];
    const text = values.codes ? values.texts[values.codes[row]] ?? "none" : Number.isNaN(number) ? "unknown" : written(number, column.unit);
    return [short(column.title || column.name), text];
  }

  #fill(tile, coloured) {
    one("hover-image").src = pictured(tile, 256);
    one("hover-title").textContent = nameOf(tile);
    one("hover-below").textContent = below(tile);
    one("hover-like").href = lookalikes(tile);
    one("hover-map").href = onTheMap(tile);
    const lines = [...(coloured ? [coloured] : []), ...metricsOf(tile, this.#studio.columns)].slice(0, LINES);
    one("hover-metrics").replaceChildren(...lines.flatMap(([words, value]) => [made("dt", words), made("dd", value)]));
  }

  #measure() {
    this.#size = [this.#card.offsetWidth, this.#card.offsetHeight];
    this.#place();
  }

  /** Beside its point, on the side with room. */
  #place() {
    if (this.#row < 0 || this.#card.hidden) return;
    const [x, y] = this.#map.where(this.#row);
    const { width, height } = this.#map.camera;
    const [w, h] = this.#size;
    const beside = Math.max(x, width - x) > w + 24; // else above or below it, so that it stays in sight
    const left = beside ? (x + 24 + w < width ? x + 16 : x - 16 - w) : x - w / 2;
    const top = beside ? y - h / 2 : y + 24 + h < height ? y + 16 : y - 16 - h;
    const within = (value, most) => Math.round(Math.max(8, Math.min(value, most - 8)));
    this.#card.style.transform = `translate(${within(left, width - w)}px, ${within(top, height - h)}px)`;
  }
}

function made(kind, text) {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}
