import { jobsUrl } from "./jobs_feed.js";

const POLL = 4000;

/** What /ws/jobs/ says of imports and shards; by asking every few seconds while the websocket is down. */
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
    const asked = await Promise.all([`${address}imports/`, `${address}?brief=1`].map((url) => fetch(url).catch(() => null))); // the next tick asks again
    if (!asked.every((response) => response?.ok)) return;
    const [imports, dataset] = await Promise.all(asked.map((response) => response.json()));
    this.#hear({ type: "imports", imports: imports.results.slice(0, 12) });
    this.#hear({ type: "shards", shards: dataset.shards });
  }
}
