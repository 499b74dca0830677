/** What happens in the campaign, over the websocket, which is opened again for as long as the page is. */
const SLOWEST = 15_000;

export class HostFeed {
  #url;
  #on;
  #delay = 500;

  /** on: progress, cards, state, connected(boolean), gone */
  constructor(number, on) {
    this.#url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/campaigns/${number}/`;
    this.#on = on;
  }

  start() {
    const socket = new WebSocket(this.#url);
    socket.onopen = () => { this.#delay = 500; this.#on.connected(true); };
    socket.onmessage = ({ data }) => { const { type, ...message } = JSON.parse(data); this.#on[type]?.(message); };
    socket.onclose = ({ code }) => {
      if (code === 4404) { this.#on.gone(); return; }
      this.#on.connected(false);
      setTimeout(() => this.start(), this.#delay);
      this.#delay = Math.min(this.#delay * 2, SLOWEST);
    };
  }
}
