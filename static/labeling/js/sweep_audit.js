/** How many are still missing: tiles drawn at random, labelled blind, and what they say of all the others. */
import { one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";
import { amount, interval } from "./learning_words.js";

export class Audit {
  #api;
  #fail;
  #changed;
  #sweep = null;
  #threshold = null;
  #asked = 0;

  constructor({ api, fail, changed }) {
    this.#api = api;
    this.#fail = fail;
    this.#changed = changed;
    one("audit-form").addEventListener("submit", (event) => { event.preventDefault(); this.#begin(new FormData(event.target)); });
  }

  draw(sweep) {
    this.#sweep = sweep;
    show(one("audit-form"), !sweep.audit);
    show(one("audit"), Boolean(sweep.audit));
    if (sweep.audit) this.#ask();
  }

  threshold(value) {
    if (value === this.#threshold) return;
    this.#threshold = value;
    if (this.#sweep?.audit) this.#ask();
  }

  async #begin(form) {
    one("audit-begin").disabled = true;
    await this.#api.beginAudit(this.#sweep.number, { tiles: Number(form.get("tiles")), who: form.get("who") }).catch(this.#fail);
    one("audit-begin").disabled = false;
    await this.#changed();
  }

  async #ask() {
    const asked = ++this.#asked;
    try {
      const audit = await this.#api.audit(this.#sweep.number, this.#threshold);
      if (asked === this.#asked) this.#show(audit);
    } catch (error) {
      this.#fail(error);
    }
  }

  #show(audit) {
    const labelling = audit.status === "labelling";
    one("audit-state").textContent = `${count(audit.labelled)} of ${plural(audit.tiles, "tile")} drawn at random have a label.`;
    show(one("audit-host"), labelling && audit.who === "host");
    show(one("audit-phones"), labelling && audit.who === "phones");
    Object.assign(one("audit-bar"), { max: audit.tiles, value: audit.labelled });
    show(one("audit-numbers"), Boolean(audit.total));
    one("audit-advice").textContent = audit.advice?.text ?? "";
    show(one("audit-advice"), Boolean(audit.advice?.text));
    if (!audit.total) return;
    for (const name of ["total", "missing"]) one(`audit-${name}`).textContent = amount(audit[name]);
    for (const name of ["recall", "precision"]) one(`audit-${name}`).textContent = interval(audit[name]);
    one("audit-bands").replaceChildren(...audit.bands.map(({ low, high, tiles, audited, positives }) => (
      element("tr", "", ...[`${low.toFixed(2)}–${high.toFixed(2)}`, count(tiles), count(audited), count(positives)].map((text) => element("td", "", text)))
    )));
    one("audit-method").textContent = audit.method;
  }
}
