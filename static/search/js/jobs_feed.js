/** How far the shards are: over the websocket, and by asking every few seconds while that is down. */
export const unfinished = ({ running, waiting }) => running + waiting > 0;

export function jobsUrl(slug) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/jobs/?${new URLSearchParams({ dataset: slug })}`;
}

export class JobsFeed {
  #url;
  #poll;
  #hear;
  #socket = null;
  #timer = null;
  #delay = 1000;
  #over = false;

  /** poll: () => Promise<dataset>; hear: (shards) => void.  Stops by itself when every shard is finished. */
  constructor({ url, poll, hear }) {
    this.#url = url;
    this.#poll = poll;
    this.#hear = hear;
  }

  start() {
    this.#socket = new WebSocket(this.#url);
    this.#socket.onopen = () => { this.#delay = 1000; this.#stopPolling(); };
    this.#socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    this.#socket.onclose = () => this.#fallBack();
  }

  #receive(message) {
    if (message.type === "shards") this.#tell(message.shards);
  }

  #tell(shards) {
    this.#hear(shards);
    if (unfinished(shards)) return;
    this.#over = true;
    this.#stopPolling();
    this.#socket.close();
  }

  #fallBack() {
    if (this.#over) return;
    this.#timer ??= setInterval(() => this.#ask(), 3000);
    setTimeout(() => this.#over || this.start(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, 60_000);
  }

  #stopPolling() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #ask() {
    const dataset = await this.#poll().catch(() => null); // the next tick asks again
    if (dataset && !this.#over) this.#tell(dataset.shards);
  }
}
