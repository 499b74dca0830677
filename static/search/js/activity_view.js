import { one, show } from "./elements.js";
import { count, plural } from "./format.js";

const UNFINISHED = new Set(["waiting", "running"]);

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

const pace = (rate) => (rate >= 10 ? count(rate) : rate.toFixed(1));

export function words({ status, done, total, unit, rate, seconds_left: left }) {
  if (status === "waiting" && !total) return "Waiting for a worker";
  const parts = [total ? `${count(done)} of ${count(total)} ${unit}` : "Nothing yet"];
  if (status === "running" && rate) parts.push(`${pace(rate)} a second`);
  if (status === "running" && left !== null && left !== undefined) parts.push(`about ${duration(left)} left`);
  return parts.join(", ");
}

/** Imports and the index at work: bars, figures and logs in place; a change of state has the server render anew. */
export class ActivityView {
  #root;
  #refresh;
  #announce;
  #ready = null;

  constructor({ root, refresh, announce }) { this.#root = root; this.#refresh = refresh; this.#announce = announce; }

  hear(message) {
    if (message.type === "imports") this.#imports(message.imports);
    if (message.type === "shards") this.#shards(message.shards);
  }

  #imports(jobs) {
    const changed = jobs.filter((job) => !this.#update(job));
    if (!changed.length) return;
    const ended = changed.filter(({ status, id }) => !UNFINISHED.has(status) && this.#card(id));
    if (ended.length) this.#announce(ended.map(({ title, status }) => `${title}: ${status === "ready" ? "finished" : status}.`).join(" "));
    this.#refresh();
  }

  #card(id) { return this.#root.querySelector(`[data-job="${id}"]`); }

  /** False when the card has to be rendered anew. */
  #update(job) {
    const card = this.#card(job.id);
    if (!card || card.dataset.status !== job.status) return false;
    if (!UNFINISHED.has(job.status)) return true;
    const bar = one("job-bar", card);
    if (bar && job.total) Object.assign(bar, { max: job.total, value: job.done });
    one("job-words", card).textContent = words(job);
    if (job.log) this.#log(one("job-log", card), job.log);
    return true;
  }

  #log(list, lines) {
    if (!lines.length || list.dataset.last === JSON.stringify(lines.at(-1))) return;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.replaceChildren(...lines.map(({ at, level, text }) => {
      const [line, time] = [document.createElement("li"), document.createElement("time")];
      line.className = `log__line log__line--${level}`;
      time.textContent = at.slice(11, 19);
      line.append(time, ` ${text}`);
      return line;
    }));
    list.dataset.last = JSON.stringify(lines.at(-1));
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  #shards(shards) {
    const card = one("shards", this.#root);
    const working = shards.waiting + shards.running;
    const broken = shards.failed + shards.damaged;
    show(card, working || broken || shards.cancelled);
    Object.assign(one("shards-bar", card), { max: shards.tiles || 1, value: shards.tiles_ready });
    one("shards-state", card).textContent = working ? "being built" : "incomplete";
    const trouble = broken ? `, ${plural(broken, "part")} failed or damaged` : "";
    one("shards-words", card).textContent = `${count(shards.ready)} of ${plural(shards.total, "shard")} ready, ${count(shards.tiles_ready)} of ${plural(shards.tiles, "tile")} searchable${trouble}.`;
    const state = `${shards.ready} ${shards.total} ${broken} ${shards.cancelled} ${working > 0}`;
    if (this.#ready !== null && this.#ready !== state) this.#refresh();
    this.#ready = state;
  }
}
