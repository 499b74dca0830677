/**
 * What hands do on the map of embeddings.  Dragging moves it, the wheel and two fingers zoom; with the lasso or the
 * rectangle in hand dragging draws a line instead, and Shift begins a lasso at any time.  A click means the tile there.
 */
const STILL = 5; // pixels that a click may tremble

/** on: {pan(dx, dy), zoom(x, y, factor), draw(line), drawn(line, mode), click(x, y, mode, finger), hover(x, y), leave()} */
export class Gestures {
  tool = "move"; // or "lasso", "box"
  #element; #on;
  #fingers = new Map();
  #line = null;
  #mode = "replace";
  #start = null;
  #pinch = null;

  constructor(element, on) {
    this.#element = element;
    this.#on = on;
    for (const [kind, handle] of Object.entries({ pointerdown: this.#down, pointermove: this.#move, pointerup: this.#up, pointercancel: this.#cancel, pointerleave: this.#leave })) {
      element.addEventListener(kind, (event) => handle.call(this, event));
    }
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get busy() { return this.#fingers.size > 0; }

  #place(event) {
    const box = this.#element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    if (event.button > 0) return;
    this.#element.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    this.#fingers.set(event.pointerId, place);
    if (this.#fingers.size > 1) return this.#pinched();
    this.#start = place;
    this.#mode = modeOf(event);
    const drawing = this.tool !== "move" || event.shiftKey || event.altKey;
    this.#line = drawing ? [place] : null;
    return undefined;
  }

  #pinched() {
    this.#line = this.#start = null;
    this.#on.draw(null);
    const [one, other] = [...this.#fingers.values()];
    this.#pinch = { away: distance(one, other), middle: middle(one, other) };
  }

  #move(event) {
    const place = this.#place(event);
    const before = this.#fingers.get(event.pointerId);
    if (!before) return event.pointerType === "mouse" && this.#on.hover(...place);
    this.#fingers.set(event.pointerId, place);
    if (this.#pinch) return this.#stretch();
    if (this.#line) return this.#draw(place);
    if (this.#start && distance(place, this.#start) < STILL) return undefined;
    if (this.#start) this.#start = null; // from here on it is a drag
    return this.#on.pan(place[0] - before[0], place[1] - before[1]);
  }

  #stretch() {
    const [one, other] = [...this.#fingers.values()];
    if (!other) return;
    const [away, now] = [distance(one, other), middle(one, other)];
    this.#on.pan(now[0] - this.#pinch.middle[0], now[1] - this.#pinch.middle[1]);
    if (away > 0 && this.#pinch.away > 0) this.#on.zoom(...now, away / this.#pinch.away);
    this.#pinch = { away, middle: now };
  }

  #draw(place) {
    if (this.tool === "box") {
      const [[x, y]] = this.#line;
      this.#line = [[x, y], [place[0], y], place, [x, place[1]]];
    } else if (distance(place, this.#line.at(-1)) > 2) this.#line.push(place);
    this.#on.draw(this.#line);
  }

  #up(event) {
    const line = this.#line;
    const clicked = this.#start && distance(this.#place(event), this.#start) < STILL;
    this.#end(event);
    if (clicked) this.#on.click(...this.#place(event), modeOf(event), event.pointerType !== "mouse");
    else if (line?.length > 2) this.#on.drawn(line, this.#mode);
  }

  #cancel(event) { this.#end(event); }

  #end(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
    this.#line = this.#start = null;
    this.#on.draw(null);
  }

  #leave(event) { if (!this.busy && event.pointerType === "mouse") this.#on.leave(); }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.#on.zoom(...this.#place(event), Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 400));
  }
}

const distance = ([x, y], [u, v]) => Math.hypot(u - x, v - y);
const middle = ([x, y], [u, v]) => [(x + u) / 2, (y + v) / 2];
const modeOf = ({ shiftKey, altKey }) => (altKey ? "remove" : shiftKey ? "add" : "replace");
