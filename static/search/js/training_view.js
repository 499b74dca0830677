/** Trainings at work, in place: bar, figures, curve, warning; a change of state has the server render anew. */
import { duration } from "./activity_view.js";
import { all, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { TrainingCurve } from "./training_curve.js";

const UNFINISHED = new Set(["waiting", "running"]);

export function words({ status, phase, done, total, epoch, epochs, loss, images_per_second: pace, seconds_left: left }) {
  if (status === "waiting") return "Waits for its turn";
  if (phase === "storing" && status === "running") return "Writing the report card";
  const parts = phase === "tiles"
    ? [total ? `${count(done)} of ${plural(total, "tile")} gathered` : "Looking for tiles"]
    : [`Epoch ${Math.floor(epoch)} of ${epochs}`, ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`])];
  if (status === "running" && phase === "learning" && pace) parts.push(`${count(pace)} images a second`);
  if (status === "running" && left !== null && left !== undefined) parts.push(`about ${duration(left)} left`);
  return parts.join(", ");
}

export class TrainingView {
  #root;
  #refresh;
  #announce;
  #curves = new WeakMap();

  constructor({ root, refresh, announce }) { this.#root = root; this.#refresh = refresh; this.#announce = announce; }

  /** The curves that the server sent with the page. */
  start() {
    for (const card of all("training", this.#root)) {
      const sent = card.querySelector('script[type="application/json"]');
      if (sent) this.#draw(card, JSON.parse(sent.textContent));
    }
  }

  hear({ type, trainings, change }) {
    if (type !== "trainings") return;
    const changed = trainings.filter((training) => !this.#update(training));
    const over = changed.filter(({ id, status }) => !UNFINISHED.has(status) && this.#card(id));
    if (over.length) this.#announce(over.map(({ name, status }) => `Training of ${name}: ${status === "ready" ? "finished" : status}.`).join(" "));
    if (!this.#change(change) || changed.length) this.#refresh();
  }

  #card(id) { return this.#root.querySelector(`[data-training="${id}"]`); }

  /** False when the card has to be rendered anew. */
  #update(training) {
    const card = this.#card(training.id);
    if (!card || card.dataset.status !== training.status) return false;
    if (!UNFINISHED.has(training.status)) return true;
    const bar = one("training-bar", card);
    if (training.total) Object.assign(bar, { max: training.total, value: training.done });
    one("training-words", card).textContent = words(training);
    const warning = one("training-warning", card);
    if (warning.textContent !== training.warning) warning.textContent = training.warning;
    show(warning, Boolean(training.warning));
    if (training.curve) this.#draw(card, training.curve);
    return true;
  }

  #draw(card, points) {
    const element = one("training-curve", card);
    if (!element) return;
    if (!this.#curves.has(element)) this.#curves.set(element, new TrainingCurve(element));
    this.#curves.get(element).draw(points);
  }

  /** Going over to another encoder: false when it began, ended or got stuck. */
  #change(change) {
    const card = one("change", this.#root);
    if (!change || !card) return !change === !card;
    Object.assign(one("change-bar", card), { max: change.tiles || 1, value: change.done });
    one("change-words", card).textContent = `${count(change.done)} of ${plural(change.tiles, "tile")}, ${count(change.ready)} of ${plural(change.shards, "shard")} ready`;
    return card.dataset.status === (change.failed ? "failed" : "running");
  }
}
