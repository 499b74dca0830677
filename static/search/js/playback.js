import { one } from "./elements.js";

const SHORTEST = 700; // milliseconds that a date stays in sight
const LONGEST = 6000; // … even if its imagery does not come

/** Plays the dates one after another, each as soon as its imagery is there. */
export class Playback {
  #button = one("play");
  #parts;
  #round = 0;

  /** parts: next() → the date after the one shown, or undefined; show(date); drawn() → promise */
  constructor(parts) {
    this.#parts = parts;
    this.#button.addEventListener("click", () => (this.playing ? this.stop() : this.#play()));
  }

  get playing() { return this.#button.getAttribute("aria-pressed") === "true"; }

  stop() {
    this.#round += 1;
    this.#set(false);
  }

  async #play() {
    const round = ++this.#round;
    this.#set(true);
    for (let date = this.#parts.first(); date && round === this.#round; date = this.#parts.next()) {
      this.#parts.show(date);
      await Promise.all([wait(SHORTEST), Promise.race([this.#parts.drawn(), wait(LONGEST)])]);
    }
    if (round === this.#round) this.#set(false);
  }

  #set(playing) {
    this.#button.setAttribute("aria-pressed", String(playing));
    this.#button.setAttribute("aria-label", playing ? "Stop" : "Play the dates");
    this.#button.title = playing ? "Stop" : "Play the dates";
  }
}

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
