import { all, one, show } from "./elements.js";
import { count } from "./format.js";

const ASK_EVERY = 1000; // milliseconds
const WIDTHS = { small: 640, medium: 960, large: 1280 };

/** The dialog that makes a film of a region over its dates, shows how far it is, and then the film. */
export class AnimateView {
  #dialog = one("animation");
  #form = one("animation-form");
  #api;
  #parts;
  #bbox = null;
  #round = 0;

  /** parts: store, areaInView(), draw(done), line(product): its dates, announce */
  constructor(api, parts) {
    this.#api = api;
    this.#parts = parts;
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
    one("animation-close").addEventListener("click", () => this.#dialog.close());
    one("animation-draw").addEventListener("click", () => this.#draw());
    this.#input("fps").addEventListener("input", ({ target }) => { one("animation-speed").value = target.value; });
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#make(); });
    for (const button of all("animate")) button.addEventListener("click", () => this.open());
  }

  /** Offered where there are dates to play. */
  offer() {
    const several = this.#parts.line(this.#parts.store.state.product).dates.length > 1;
    for (const button of all("animate")) show(button, several);
  }

  open(bbox = null) {
    const { product } = this.#parts.store.state;
    const dates = this.#parts.line(product).dates;
    this.#bbox = bbox ?? this.#parts.areaInView();
    one("animation-region").textContent = bbox ? "The box you drew." : "What the map shows now.";
    for (const name of ["from", "to"]) [this.#input(name).min, this.#input(name).max] = [dates[0], dates.at(-1)];
    this.#input("from").value ||= dates[0];
    this.#input("to").value ||= dates.at(-1);
    this.#say("");
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #input(name) { return this.#form.elements[name]; }

  #draw() {
    this.#dialog.close();
    this.#parts.draw((bbox) => this.open(bbox));
  }

  async #make() {
    const round = ++this.#round;
    const [format, width] = [this.#input("format").value, WIDTHS[this.#input("width").value]];
    const asked = {
      bbox: this.#bbox, product: this.#parts.store.state.product, from: this.#input("from").value,
      to: this.#input("to").value, format, width, fps: Number(this.#input("fps").value),
    };
    show(one("animation-film"), false);
    this.#progress("Waiting for its turn…");
    const film = await this.#finished(asked, round).catch((error) => error);
    if (round !== this.#round) return;
    if (film instanceof Error || film.status !== "ready") this.#fail(film.message ?? film.error);
    else this.#show(film, format);
  }

  async #finished(asked, round) {
    let film = await this.#api.animate(asked);
    while (["waiting", "running"].includes(film.status) && round === this.#round) {
      this.#progress(this.#words(film), film.total ? film.done / film.total : null);
      await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY); });
      film = await this.#api.animation(film.id);
    }
    return film;
  }

  #words({ done, total }) { return total ? `${count(done)} of ${count(total)} pictures…` : "Making the film…"; }

  #progress(words, share = null) {
    this.#say(words);
    show(one("animation-bar"), true);
    if (share === null) one("animation-bar").removeAttribute("value");
    else one("animation-bar").value = share;
  }

  #fail(message) {
    this.#say(message || "The film could not be made. Try fewer dates or a smaller region.");
    this.#parts.announce(one("animation-words").textContent);
  }

  #show({ url }, format) {
    this.#say("The film is ready.");
    const film = format === "mp4";
    show(one("animation-video"), film);
    show(one("animation-image"), !film);
    one(film ? "animation-video" : "animation-image").src = url;
    one("animation-save").href = url;
    show(one("animation-film"), true);
    one("animation-film").scrollIntoView({ block: "nearest" });
    this.#parts.announce("The film is ready.");
  }

  #say(words) {
    one("animation-words").textContent = words;
    show(one("animation-bar"), false);
  }
}
