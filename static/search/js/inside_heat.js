import { one, show } from "./elements.js";
import { paint } from "./heat.js";
import { Latest } from "./latest.js";
import { Legend } from "./legend.js";

/** Where in the tile: a button that lays a heat map over its picture. Stays on from tile to tile. */
export class InsideHeat {
  #toggle = one("heat-toggle");
  #canvas = one("inside-heat");
  #legend;
  #ask;
  #announce;
  #latest = new Latest();
  #key = null;
  #heat = null;
  #on = false;

  /** ask(key, signal) → promise of the heat */
  constructor({ ask, sizeName, announce }) {
    this.#ask = ask;
    this.#announce = announce;
    this.#legend = new Legend(one("inside-legend"), sizeName);
    this.#toggle.addEventListener("click", () => this.#set(!this.#on));
  }

  /** The heat map in sight, or null. */
  get heat() { return this.#on ? this.#heat : null; }

  /** Another tile is looked at. */
  open(key) {
    this.#latest.cancel();
    this.#key = key;
    this.#heat = null;
    this.#set(this.#on);
  }

  close() { this.#latest.cancel(); }

  #set(on) {
    this.#on = on;
    this.#toggle.setAttribute("aria-pressed", String(on));
    this.#show(on ? this.#heat : null);
    if (on && !this.#heat) this.#load();
    if (!on) this.#latest.cancel();
  }

  #load() {
    this.#latest.run((signal) => this.#ask(this.#key, signal), {
      start: () => this.#toggle.setAttribute("aria-busy", "true"),
      done: (heat) => { this.#heat = heat; this.#announce(this.#show(heat)); },
      failed: ({ message }) => { this.#show(null); this.#fail(message); },
    });
  }

  #show(heat) {
    this.#toggle.removeAttribute("aria-busy");
    this.#fail("");
    show(this.#canvas, heat);
    if (heat) paint(this.#canvas, heat);
    return this.#legend.show(heat);
  }

  #fail(message) {
    one("inside-heat-error").textContent = message;
    show(one("inside-heat-error"), message);
  }
}
