import { jobsUrl } from "./jobs_feed.js";

const POLL = 4000;

/** What /ws/jobs/ says of imports, shards and trainings; by asking every few seconds while the websocket is down. */
export class ImportsFeed {
  #slug;
  #hear;
  #socket = null;
  #timer = null;
  #delay = 1000;

  constructor(slug, hear) { this.#slug = slug; this.#hear = hear; }

  start() {
    this.#socket = new WebSocket(jobsUrl(this.#slug));
    this.#socket.onopen = () => { this.#delay = 1000; clearInterval(this.#timer); this.#timer = null; };
    this.#socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    this.#socket.onclose = (event) => { if (event.code !== 4404) this.#fallBack(); };
  }

  #fallBack() {
    this.#timer ??= setInterval(() => this.#ask(), POLL);
    setTimeout(() => this.start(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, 60_000);
  }

  async #ask() {
    const address = `/api/v1/datasets/${encodeURIComponent(this.#slug)}/`;
    const answers = await Promise.all(["imports/", "?brief=1", "trainings/", "encoder/"].map((part) => this.#get(address + part)));
    if (!answers.every(Boolean)) return; // the next tick asks again
    const [imports, dataset, trainings, encoder] = answers;
    this.#hear({ type: "imports", imports: imports.results.slice(0, 12) });
    this.#hear({ type: "shards", shards: dataset.shards });
    const running = ({ status, id }) => status === "running" && this.#get(`/api/v1/trainings/${id}/`); // with its curve
    const shown = await Promise.all(trainings.results.slice(0, 6).map(async (training) => (await running(training)) || training));
    this.#hear({ type: "trainings", trainings: shown, change: encoder.change });
  }

  async #get(url) {
    const response = await fetch(url).catch(() => null);
    return response?.ok ? response.json() : null;
  }
}
