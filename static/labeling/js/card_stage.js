/** The card on top, the one beneath it, and the one that is flying off. */
import { all, one, show } from "../../search/js/elements.js";
import { address } from "./deck.js";
import { ViewChooser } from "./view_chooser.js";
import { Zoom } from "./zoom.js";

const AWAY = [[1, 0], [-1, 0], [0, 1], [0, -1]]; // right, left, down, up
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class CardStage {
  #deck = one("deck");
  #say;
  #ways;
  #top = null;
  #under = null;
  #views;
  current = null;

  constructor({ say, ways, onZoom }) {
    this.#say = say;
    this.#ways = ways;
    this.zoom = new Zoom(() => this.#top?.querySelector("img"), onZoom);
    this.#views = new ViewChooser(one("views"), (url) => { if (this.#top) this.#draw(this.#top, url); });
  }

  get isZoomed() { return this.zoom.isOn; }
  toggleZoom() { if (this.current) this.zoom.toggle(); }

  show(card, behind) {
    if (card !== this.current) this.#change(card);
    if ((behind?.id ?? null) !== (this.#under?.card.id ?? null)) this.#lay(behind);
  }

  #change(card) {
    this.zoom.reset();
    this.#top?.remove();
    this.#top = card && this.#under?.card === card ? this.#under : card && this.#made(card);
    if (this.#top === this.#under) this.#under = null;
    this.#top?.classList.remove("tile--under");
    this.current = card;
    this.#describe(card);
    this.#views.offer(card);
  }

  #lay(card) {
    this.#under?.remove();
    this.#under = card ? this.#made(card) : null;
    this.#under?.classList.add("tile--under");
  }

  #made(card) {
    const tile = Object.assign(document.createElement("figure"), { className: "tile", card });
    const image = Object.assign(new Image(), { className: "tile__image", alt: "", draggable: false, decoding: "sync" });
    image.onerror = () => tile.classList.add("tile--failed");
    image.onload = () => tile.classList.remove("tile--failed");
    const failed = Object.assign(document.createElement("p"), { className: "tile__failed", textContent: this.#say("image_failed") });
    tile.append(image, failed);
    this.#draw(tile, address(card.image));
    this.#deck.prepend(tile);
    return tile;
  }

  #draw(tile, url) { tile.querySelector("img").src = url; }

  #describe(card) {
    const { date, place } = card ?? {};
    const name = date && place ? "tile_of_at" : date ? "tile_of" : place ? "tile_at" : "tile";
    this.#deck.setAttribute("aria-label", this.#say(name, { date, place }));
    one("meta").textContent = [date, place].filter(Boolean).join(" · ");
  }

  drag(dx, dy, way) {
    if (!this.#top) return;
    this.#top.classList.add("tile--held");
    this.#top.style.transform = `translate(${dx}px, ${dy}px) rotate(${dx / 30}deg)`;
    this.#verdict(way);
  }

  springBack() {
    this.#top?.classList.remove("tile--held");
    if (this.#top) this.#top.style.transform = "";
    this.#verdict(null);
  }

  #verdict(way) {
    const verdict = one("verdict"), answer = way === null ? null : this.#ways[way];
    show(verdict, Boolean(answer));
    if (!answer) return;
    verdict.dataset.way = way;
    verdict.style.setProperty("--answer", answer.colour);
    const icon = document.querySelector(`[data-way="${way}"] .answer__icon`);
    one("verdict-icon").replaceChildren(...[...icon.childNodes].map((node) => node.cloneNode(true)));
    one("verdict-word").textContent = answer.word;
  }

  /** The card leaves; the next one is in sight at once. */
  throwOff(way) {
    const leaving = this.#top;
    this.#verdict(null);
    this.#top = null;
    this.current = null;
    if (!leaving) return;
    leaving.classList.add("tile--leaving");
    const [x, y] = AWAY[way] ?? [0, -1];
    const from = getComputedStyle(leaving).transform;
    if (calm.matches) { leaving.remove(); return; }
    const to = `translate(${x * innerWidth}px, ${y * innerHeight}px) rotate(${x * 20}deg)`;
    leaving.animate([{ transform: from === "none" ? "translate(0)" : from }, { transform: to, opacity: 0.3 }], { duration: 220, easing: "ease-in" })
      .finished.finally(() => leaving.remove());
  }

  message(name, { count, reload }) {
    show(one("message"), Boolean(name));
    if (!name) return;
    one("message-title").textContent = this.#say(name);
    one("message-text").textContent = name === "loading" ? "" : this.#say(`${name}_text`, { count });
    show(one("message-action"), reload);
    all("view").forEach((button) => { button.disabled = true; });
  }
}
