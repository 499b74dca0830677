/** The sweep: every tile of the archive scored; how sure it must be; where they are; a look through them; export. */
import { all, debounce, one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { Histogram } from "./sweep_histogram.js";
import { SweepMap } from "./sweep_map.js";
import { Audit } from "./sweep_audit.js";
import { Review } from "./sweep_review.js";

const STATUS = { waiting: "waits", running: "sweeping", ready: "done", failed: "failed", cancelled: "stopped", damaged: "waits" };
const DOING = ["waiting", "running", "damaged"];

export class Sweep {
  #api;
  #fail;
  #shown = false;
  #sweep = null;
  #histogram;
  #map;
  #review;
  #audit;
  #recount = debounce(() => this.#audit.draw(this.#sweep), 1000);

  constructor({ api, answers, slug, isMap, fail }) {
    this.#api = api;
    this.#fail = fail;
    this.#histogram = new Histogram({ moved: (threshold) => this.#moved(threshold) });
    this.#map = isMap ? new SweepMap({ api, answers, slug, fail }) : null;
    this.#review = new Review({ api, answers, fail });
    this.#audit = new Audit({ api, fail, changed: () => this.changed() });
    for (const button of all("sweep-start")) button.addEventListener("click", () => this.#do(() => api.beginSweep()));
    one("sweep-stop").addEventListener("click", () => this.#do(() => api.sweepAction(this.#sweep.number, "cancel")));
    one("sweep-resume").addEventListener("click", () => this.#do(() => api.sweepAction(this.#sweep.number, "resume")));
  }

  async show() {
    this.#shown = true;
    await this.changed();
  }

  hide() { this.#shown = false; }

  /** Labels have come: what they say of how many are missing is asked for again. */
  labelled() { if (this.#shown && this.#sweep?.audit) this.#recount(); }

  async changed() {
    if (!this.#shown) return;
    try {
      const { results } = await this.#api.sweeps();
      this.#draw(results.reduce((newest, sweep) => (newest && newest.number > sweep.number ? newest : sweep), null));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #do(action) {
    await action().catch(this.#fail);
    await this.changed();
  }

  #draw(sweep) {
    const fresh = sweep?.number !== this.#sweep?.number || sweep?.status !== this.#sweep?.status;
    this.#sweep = sweep;
    show(one("sweep-none"), !sweep);
    show(one("sweep"), Boolean(sweep));
    if (!sweep) return;
    const doing = DOING.includes(sweep.status), ready = sweep.status === "ready";
    one("sweep-title").textContent = `Sweep ${sweep.number}, by round ${sweep.round}`;
    one("sweep-state").textContent = STATUS[sweep.status];
    one("sweep-state").className = `badge ${ready ? "badge--ready" : doing ? "badge--running" : "badge--failed"}`;
    Object.assign(one("sweep-bar"), { max: Math.max(1, sweep.total), value: sweep.done });
    const pace = sweep.tiles_per_second ? `, ${count(sweep.tiles_per_second)} a second` : "";
    one("sweep-progress").textContent = `${count(sweep.done)} of ${plural(sweep.total, "tile")} scored${pace}`;
    one("sweep-problem").textContent = sweep.error;
    show(one("sweep-problem"), Boolean(sweep.error));
    show(one("sweep-stop"), doing);
    show(one("sweep-resume"), ["failed", "cancelled"].includes(sweep.status));
    show(one("sweep-again"), !doing);
    show(one("sweep-results"), ready);
    if (!ready) return;
    this.#audit.draw(sweep);
    if (!fresh) return;
    this.#histogram.draw(sweep);
    this.#map?.draw(sweep);
    this.#review.draw(sweep);
    this.#moved(this.#histogram.threshold);
  }

  /** Another threshold: the map, the files to download and the estimates follow it. */
  #moved(threshold) {
    const { number } = this.#sweep;
    for (const link of all("sweep-file")) link.href = this.#api.sweepFile(number, link.dataset.sweepFile, threshold);
    this.#map?.threshold(threshold);
    this.#review.threshold(threshold);
    this.#audit.threshold(threshold);
  }
}
