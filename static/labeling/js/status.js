/** The line above the answers: the connection, what waits to be sent, and what is to be told. */
const STAYS = 3500; // ms

export class Status {
  #line;
  #say;
  #online = true;
  #waiting = 0;
  #kept = true;
  #told = null;
  #timer = null;

  constructor(line, say) {
    this.#line = line;
    this.#say = say;
  }

  connected(online) { this.#online = online; this.#draw(); }
  waiting(count) { this.#waiting = count; this.#draw(); }
  notKept() { this.#kept = false; this.#draw(); }

  tell(text, kind) {
    this.#told = { text, kind };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#told = null; this.#draw(); }, STAYS);
    this.#draw();
  }

  #draw() {
    const { text, kind } = this.#told ?? this.#usual();
    this.#line.hidden = !text;
    this.#line.dataset.kind = kind;
    this.#line.dataset.waiting = this.#waiting;
    if (this.#line.textContent !== text) this.#line.textContent = text;
  }

  /** While there is a connection votes are on their way for a moment: nothing to speak of. */
  #usual() {
    const waits = this.#waiting === 1 ? this.#say("waiting_one") : this.#say("waiting_many", { count: this.#waiting });
    if (!this.#online) return { text: [this.#say("offline"), this.#waiting ? `${waits}.` : ""].join(" ").trim(), kind: "offline" };
    if (!this.#kept) return { text: this.#say("not_stored"), kind: "bad" };
    return { text: this.#waiting > 3 ? waits : "", kind: "sending" };
  }
}
