/** The connection to the site, made again for as long as the link lives. What was sent may be sent again: ids are kept. */
const ENDS = { 4404: "revoked", 4401: "again", 4400: "broken", 1009: "broken" };
const PING = 25_000, SLOWEST = 15_000, AT_ONCE = 40, ASK = 10_000; // ms, ms, messages unanswered, ms

export class PhoneSocket {
  #url;
  #on;
  #socket = null;
  #delay = 500;
  #queue = [];
  #flying = new Set();
  #over = false;
  #retry = null;
  #asked = null; // the last `more`, until cards come

  constructor(path, on) {
    this.#url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/label/${path.split("/")[2]}/`;
    this.#on = on;
  }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  start() {
    this.#connect();
    addEventListener("online", () => this.#now());
    addEventListener("offline", () => this.#socket?.close());
    document.addEventListener("visibilitychange", () => document.hidden || this.#now());
    setInterval(() => this.isOpen && this.#write({ type: "ping" }), PING);
    setInterval(() => this.isOpen && this.#asked && this.#write(this.#asked), ASK);
  }

  send(message) {
    this.#queue.push(message);
    this.#flush();
  }

  /** Asked again until cards come: a tile may come back to the queue at any time. */
  more(have, count) {
    this.#asked = { type: "more", count, have };
    if (this.isOpen) this.#write(this.#asked);
  }

  #connect() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#closed(code);
  }

  #opened() {
    this.#delay = 500;
    this.#flying.clear();
    this.#queue = this.#on.open();
    this.#flush();
  }

  #hear({ type, ...message }) {
    if (type === "ack" || type === "refused") this.#flying.delete(message.id);
    if (type === "cards" && message.cards.length) this.#asked = null;
    this.#on[type]?.(message);
    this.#flush();
  }

  #flush() {
    while (this.isOpen && this.#queue.length && this.#flying.size < AT_ONCE) {
      const message = this.#queue.shift();
      this.#flying.add(message.id);
      this.#write(message);
    }
  }

  #write(message) { this.#socket.send(JSON.stringify(message)); }

  #closed(code) {
    this.#socket = null;
    this.#on.lost();
    if (code in ENDS) {
      this.#over = true;
      this.#on.ended(ENDS[code]);
      return;
    }
    this.#retry = setTimeout(() => this.#connect(), this.#delay * (0.5 + Math.random())); // not all phones in one moment
    this.#delay = Math.min(this.#delay * 2, SLOWEST);
  }

  #now() {
    if (this.#over || this.#socket) return;
    this.#connect();
  }
}
