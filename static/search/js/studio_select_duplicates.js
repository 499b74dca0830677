/** Near-duplicates: a distance, how many tiles would go, and pairs at that distance to judge it by. */
import { debounce, make, one, show } from "./elements.js";
import { count, plural, title } from "./format.js";

const [LEAST, MOST] = [0.002, 1]; // distances at the slider's ends
const PAIRS = 12;
const QUIET = 300; // milliseconds

const distanceAt = (step) => Number((LEAST * (MOST / LEAST) ** (step / 100)).toPrecision(2));
const stepAt = (distance) => Math.round((100 * Math.log(distance / LEAST)) / Math.log(MOST / LEAST));

export class Duplicates {
  #root; #studio;
  #asked = 0;

  constructor(root, studio) {
    this.#root = root;
    this.#studio = studio;
    const look = debounce(() => this.#look(), QUIET);
    one("duplicates-on", root).addEventListener("change", () => this.#draw());
    one("duplicates-slider", root).addEventListener("input", () => { this.#say(); look(); });
    studio.addEventListener("view", () => { if (this.distance !== null) look(); });
    this.#say();
  }

  /** null: they are left alone */
  get distance() {
    return one("duplicates-on", this.#root).checked ? distanceAt(Number(one("duplicates-slider", this.#root).value)) : null;
  }

  set(distance) {
    one("duplicates-on", this.#root).checked = distance !== null;
    if (distance !== null) one("duplicates-slider", this.#root).value = stepAt(distance);
    this.#draw();
  }

  #draw() {
    const on = this.distance !== null;
    show(one("duplicates-more", this.#root), on);
    this.#say();
    if (on) this.#look();
  }

  #say() {
    const slider = one("duplicates-slider", this.#root);
    const words = `Distance ${distanceAt(Number(slider.value))}`;
    one("duplicates-distance", this.#root).textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }

  async #look() {
    const [number, distance, place] = [++this.#asked, this.distance, one("duplicates-pairs", this.#root)];
    if (distance === null) return;
    const words = one("duplicates-words", this.#root);
    place.setAttribute("aria-busy", "true");
    if (!place.children.length) words.textContent = "Looking for near-duplicates …";
    try {
      const told = await this.#studio.json("selections/duplicates", { method: "POST", body: { distance, filter: this.#studio.filter, most: PAIRS } });
      if (number !== this.#asked) return;
      words.textContent = said(told);
      place.replaceChildren(...told.pairs.map((pair) => drawn(pair, distance)));
    } catch (error) {
      if (number === this.#asked) words.textContent = error.message;
    } finally {
      if (number === this.#asked) place.setAttribute("aria-busy", "false");
    }
  }
}

function said({ tiles, removed, looked_at: lookedAt, sampled, pairs }) {
  if (!pairs.length) return "There are no two tiles in the view to compare.";
  const from = sampled ? ` Estimated from ${count(lookedAt)} of them.` : "";
  return `About ${count(removed)} of ${plural(tiles, "tile")} would go.${from} These pairs lie nearest to that distance: move the slider until those that go are copies to you.`;
}

function drawn({ a, b, distance }, limit) {
  const row = make("pair");
  [["a", a], ["b", b]].forEach(([name, tile]) => {
    one(name, row).src = tile.thumbnail;
    one(name, row).alt = title(tile);
  });
  const goes = distance < limit;
  row.classList.toggle("pair--goes", goes);
  one("words", row).textContent = `${distance.toPrecision(3)}: ${goes ? "one goes" : "both stay"}`;
  return row;
}
