/** Which map of embeddings is shown, and the making of a better one: chosen, begun, watched and stopped here. */
import { fill, one, show } from "./elements.js";

const POLL = 2000; // milliseconds
const BUSY = ["waiting", "running"];

export class Layouts extends EventTarget {
  chosen = "pca";
  #studio; #map;
  #asked = 0;
  #timer = null;
  #mine = null;

  constructor({ studio, map }) {
    super();
    this.#studio = studio;
    this.#map = map;
    one("layout").addEventListener("change", ({ target }) => this.choose(target.value, true));
    one("layout-form")?.addEventListener("submit", (event) => this.#make(event));
    one("layout-cancel")?.addEventListener("click", () => this.#cancel());
    studio.addEventListener("layouts", () => this.#render());
    this.#render();
  }

  get ready() { return this.#studio.layouts.filter(({ status, frame }) => status === "ready" && frame === this.#studio.frame); }

  /** name: "pca", the number of one that was made, or a method for its latest.  Rejected when it cannot be had. */
  async choose(name, byHand = false) {
    const made = this.ready.find(({ id, method }) => String(id) === String(name) || method === name);
    this.chosen = made ? String(made.id) : "pca";
    const number = ++this.#asked;
    this.#render();
    this.#wait(true);
    try {
      const path = made ? `studio/layouts/${made.id}/points` : "studio/pca";
      const points = new Float32Array(await this.#studio.binary(`${path}?frame=${this.#studio.frame}`));
      if (number !== this.#asked) return;
      this.#map.place(points);
      if (byHand) this.dispatchEvent(new Event("chosen"));
    } catch (error) {
      if (!this.#map.positions) throw error; // nothing to show at all: the page says so
      this.#studio.say(error.message, "error");
    } finally {
      if (number === this.#asked) this.#wait(false);
    }
  }

  #wait(busy) { one("stage").setAttribute("aria-busy", String(busy)); }

  #render() {
    const words = ({ options, report }) => `UMAP, ${options.neighbours ?? 15} neighbours${report?.fitted < this.#studio.tiles && report?.fitted ? ", from a sample" : ""}`;
    fill(one("layout"), [["pca", "PCA: the two widest directions"], ...this.ready.filter(({ method }) => method === "umap").map((made) => [made.id, words(made)])], this.chosen);
    const running = this.#studio.layouts.find(({ status }) => BUSY.includes(status));
    const failed = this.#studio.layouts.find(({ id, status }) => id === this.#mine && status === "failed");
    show(one("layout-progress"), running);
    show(one("layout-more"), !running && this.#studio.mayEdit);
    show(one("layout-cancel"), running?.may_change);
    show(one("layout-error"), failed);
    if (failed) one("layout-error").textContent = failed.error;
    if (running) this.#progress(running);
    if (running && !this.#timer) this.#timer = setTimeout(() => this.#poll(), POLL);
  }

  #progress({ stage, status, done, total }) {
    one("layout-stage").textContent = status === "waiting" ? "UMAP waits for a free worker" : `UMAP: ${stage || "begins"}`;
    const bar = one("layout-bar");
    if (total) [bar.max, bar.value] = [total, done];
    else bar.removeAttribute("value");
  }

  async #poll() {
    this.#timer = null;
    const before = this.ready.length;
    try {
      const answer = await this.#studio.json("studio/layouts/");
      this.#studio.layouts = Array.isArray(answer) ? answer : answer.results;
    } catch (error) {
      this.#studio.say(error.message, "error");
    }
    this.#render();
    const made = this.ready.find(({ id }) => id === this.#mine);
    if (this.ready.length > before && made) this.#arrived(made);
  }

  #arrived(made) {
    this.#mine = null;
    this.#studio.say("The UMAP is ready and shown.");
    this.choose(made.id, true);
  }

  async #make(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    const options = Object.fromEntries(["neighbours", "min_dist", "seed"].map((name) => [name, Number(fields.get(name))]));
    try {
      const made = await this.#studio.json("studio/layouts/", { method: "POST", body: { method: "umap", options } });
      this.#mine = made.id;
      this.#studio.layouts = [made, ...this.#studio.layouts.filter(({ id }) => id !== made.id)];
      this.#render();
      if (made.status === "ready") this.#arrived(made);
    } catch (error) {
      this.#studio.say(error.message, "error");
    }
  }

  async #cancel() {
    const running = this.#studio.layouts.find(({ status }) => BUSY.includes(status));
    await this.#studio.json(`studio/layouts/${running.id}/cancel`, { method: "POST", body: {} }).then(
      () => this.#poll(), (error) => this.#studio.say(error.message, "error"),
    );
  }
}
