/** How a campaign learns: what it knows, what it asks next, round by round. */
import { all, one, show } from "../../search/js/elements.js";
import { count, plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";
import { Curve } from "./learning_curve.js";
import { Doubts } from "./learning_doubts.js";
import { LearningForm } from "./learning_form.js";
import { bounds, CHOSEN, costs, interval, states } from "./learning_words.js";

export class Learning {
  #api;
  #fail;
  #form;
  #curve = null;
  #doubts;
  #shown = false;

  constructor({ api, answers, open, fail }) {
    this.#api = api;
    this.#fail = fail;
    this.#form = new LearningForm({ answers, save: (settings) => this.#save(settings) });
    this.#doubts = new Doubts({ api, answers, open, fail });
    one("learn").addEventListener("click", () => this.#save({ on: true }));
    one("learn-stop").addEventListener("click", () => this.#save({ on: false }));
    one("round-now").addEventListener("click", () => this.#begin());
  }

  async show() {
    this.#shown = true;
    await this.changed();
  }

  hide() { this.#shown = false; }

  /** Asked for again whenever the site says that something about it has changed; drawn only while one looks. */
  async changed() {
    if (!this.#shown) return;
    try {
      this.#draw(await this.#api.learning());
    } catch (error) {
      this.#fail(error);
    }
  }

  async #save(settings) {
    try {
      this.#draw(await this.#api.changeLearning(settings));
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  async #begin() {
    one("round-now").disabled = true;
    await this.#api.beginRound().catch(this.#fail);
    one("round-now").disabled = false;
    await this.changed();
  }

  #draw(state) {
    const { settings, labels, rounds, pool, advice } = state;
    show(one("learning-asked"), false);
    const last = rounds.at(-1), ready = rounds.filter(({ status }) => status === "ready");
    show(one("learning-off"), !settings.on && !rounds.length);
    show(one("learning-on"), settings.on || rounds.length > 0);
    show(one("learn"), !settings.on);
    show(one("learn-stop"), settings.on);
    show(one("learning-paused"), !settings.on && rounds.length > 0);
    this.#form.draw(settings);
    this.#figures(labels, settings, pool, ready.at(-1));
    one("learning-bounds").textContent = bounds(settings.scope);
    show(one("learning-bounds"), bounds(settings.scope));
    one("round-state").textContent = last ? states(last) : "";
    one("round-problem").textContent = last?.status === "failed" ? last.error : "";
    show(one("round-problem"), last?.status === "failed");
    one("learning-advice").textContent = advice?.text ?? "";
    one("learning-advice").classList.toggle("notice--good", advice?.code === "stop");
    show(one("learning-advice"), Boolean(advice?.text));
    this.#rounds(rounds, pool);
    show(one("learned"), ready.length > 0);
    if (!ready.length) return;
    this.#curve ??= new Curve(one("curve"));
    this.#curve.draw(ready);
    one("measured").textContent = ready.at(-1).metrics.measured_on ? `Measured on ${ready.at(-1).metrics.measured_on}.` : "";
    this.#doubts.draw(ready.at(-1).number);
  }

  #figures({ positive, negative, fresh, needed }, { every }, pool, last) {
    const short = [["yes", positive, needed.positive], ["no", negative, needed.negative]].filter(([, have, want]) => have < want);
    const figures = {
      found: count(positive), noes: count(negative),
      fresh: short.length ? short.map(([word, have, want]) => `${count(have)} of ${count(want)} ${word}`).join(", ") : `${count(fresh)} of ${count(every)}`,
      pool: pool.tiles ? `${count(pool.tiles)} of ${count(pool.archive)}` : count(pool.archive),
      f1: last ? interval(last.metrics.f1) : "–",
    };
    for (const figure of all("learned-figure")) figure.textContent = figures[figure.dataset.learnedFigure];
    Object.assign(one("fresh-bar"), { max: Math.max(1, every), value: short.length ? 0 : Math.min(fresh, every) });
  }

  #rounds(rounds, pool) {
    show(one("rounds-card"), rounds.length > 0);
    one("rounds").replaceChildren(...rounds.toReversed().map((round) => {
      const cells = [
        round.status === "ready" ? String(round.number) : states(round), count(round.labels), count(round.found),
        ...["f1", "precision", "recall"].map((name) => interval(round.metrics[name])),
        Object.entries(round.chosen).map(([why, n]) => `${count(n)} ${CHOSEN[why] ?? why}`).join(", ") || "–",
        costs(round.cost, pool),
      ];
      const row = element("tr", "", ...cells.map((text) => element("td", "", text)));
      Object.assign(row.dataset, { round: round.number, status: round.status, classifier: round.classifier });
      return row;
    }));
    one("rounds-title").textContent = plural(rounds.length, "round");
  }
}
