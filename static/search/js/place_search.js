import { debounce, make, one, show } from "./elements.js";
import { Latest } from "./latest.js";

const WORLDVIEW = /^\s*(https?:\/\/)?worldview\.earthdata\.nasa\.gov\/?[^\s?]*\?(.+)$/;

/** "Go to a place": names, coordinates in several ways of writing, or an address of NASA's Worldview. */
export class PlaceSearch {
  #input = one("go-to");
  #list = one("go-to-list");
  #ask;
  #go;
  #worldview;
  #latest = new Latest();
  #found = [];
  #chosen = -1;
  #entered = false; // Enter was pressed before the list had come

  /** ask(text, signal) → promise of places; go(place); worldview(query of its address) */
  constructor({ ask, go, worldview }) {
    this.#ask = ask;
    this.#go = go;
    this.#worldview = worldview;
    this.#input.addEventListener("input", debounce(() => this.#look(), 120));
    this.#input.addEventListener("input", () => { this.#entered = false; });
    this.#input.addEventListener("focus", () => ask("a").catch(() => {}), { once: true }); // the first question takes long
    this.#input.addEventListener("keydown", (event) => this.#press(event));
    this.#input.addEventListener("blur", () => setTimeout(() => this.#hide(), 150)); // after a click into the list
    one("places-form").addEventListener("submit", (event) => this.#submit(event));
    one("places-toggle").addEventListener("click", () => this.open());
  }

  /** On a narrow screen the field is behind a button. */
  open() {
    one("places-search").classList.add("places--open");
    one("places-toggle").setAttribute("aria-expanded", "true");
    this.#input.focus();
    this.#input.select();
  }

  close() {
    this.#hide();
    one("places-search").classList.remove("places--open");
    one("places-toggle").setAttribute("aria-expanded", "false");
  }

  #look() {
    const text = this.#input.value.trim();
    if (!text || WORLDVIEW.test(text)) return this.#hide();
    return this.#latest.run((signal) => this.#ask(text, signal), {
      done: (places) => (this.#entered && places.length ? this.#take(places[0]) : this.#show(places)),
      failed: ({ message }) => this.#say(message),
    });
  }

  #show(places) {
    this.#found = places;
    this.#list.replaceChildren(...places.map((place, index) => this.#item(place, index)));
    show(this.#list, places.length);
    this.#input.setAttribute("aria-expanded", String(places.length > 0));
    this.#choose(-1);
    this.#say(places.length ? "" : "No such place is known. Coordinates work too: 47.4, 8.5");
  }

  #say(words) {
    one("go-to-none").textContent = words;
    show(one("go-to-none"), words);
  }

  #item(place, index) {
    const item = make("go-to");
    item.id = `go-to-${index}`;
    item.querySelector(".places__name").textContent = place.name;
    item.querySelector(".places__detail").textContent = place.detail;
    item.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus until the click
    item.addEventListener("click", () => this.#take(place));
    return item;
  }

  #choose(index) {
    this.#chosen = index;
    [...this.#list.children].forEach((item, other) => item.setAttribute("aria-selected", String(other === index)));
    this.#list.children[index]?.scrollIntoView({ block: "nearest" });
    if (index < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `go-to-${index}`);
  }

  #press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { this.close(); this.#input.blur(); }
    if (!step || !this.#found.length) return;
    event.preventDefault();
    this.#choose((this.#chosen + step + this.#found.length) % this.#found.length);
  }

  /** Enter: what is chosen, or else the best of what is written, also when the list has not come yet. */
  async #submit(event) {
    event.preventDefault();
    const link = WORLDVIEW.exec(this.#input.value);
    if (link) return this.#worldview(link[2].split("#")[0]);
    const chosen = this.#found[this.#chosen];
    if (chosen) return this.#take(chosen);
    this.#entered = true;
    return this.#look();
  }

  #take(place) {
    this.#entered = false;
    this.#input.value = place.name;
    this.close();
    one("map").focus({ preventScroll: true });
    this.#go(place);
  }

  #hide() {
    this.#latest.cancel();
    this.#found = [];
    show(this.#list, false);
    this.#say("");
    this.#input.setAttribute("aria-expanded", "false");
  }
}
