/** The map of embeddings as people handle it: tools, gestures, keys, the card at the pointer, what is marked. */
import { all, one, show } from "./elements.js";
import { plural } from "./format.js";
import { Gestures } from "./studio_gestures.js";
import { next } from "./studio_walk.js";
import { nameOf } from "./studio_words.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Stage {
  #studio; #map; #overlay; #hover; #book; #reveal;
  #hands = one("hands");
  #gestures;
  #mode = "replace";
  #cursor = -1;
  #pointed = false;

  /** reveal(row): a tile was marked by hand */
  constructor({ studio, map, overlay, hover, book, reveal }) {
    [this.#studio, this.#map, this.#overlay, this.#hover, this.#book, this.#reveal] = [studio, map, overlay, hover, book, reveal];
    this.#gestures = new Gestures(this.#hands, {
      pan: (dx, dy) => this.#pan(dx, dy),
      zoom: (x, y, factor) => map.camera.zoomAt(x, y, factor),
      draw: (line) => this.#draw(line),
      drawn: (line, mode) => this.#drawn(line, mode),
      click: (x, y, mode, finger) => this.#click(x, y, mode, finger),
      hover: (x, y) => this.#point(x, y),
      leave: () => this.#left(),
    });
    for (const button of all("tool")) button.addEventListener("click", () => this.take(button.dataset.tool));
    for (const button of all("mode")) button.addEventListener("click", () => this.#choose(button.dataset.mode));
    for (const button of all("zoom")) button.addEventListener("click", () => this.zoom(Number(button.dataset.zoom)));
    one("whole").addEventListener("click", () => map.camera.whole());
    this.#hands.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(() => this.#measure()).observe(one("stage"));
    this.#measure();
  }

  /** tool: "move", "lasso" or "box" */
  take(tool) {
    this.#gestures.tool = tool;
    for (const button of all("tool")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.#hands.dataset.holding = tool;
    show(one("modes"), tool !== "move");
  }

  zoom(factor) { this.#map.camera.zoomAt(this.#map.camera.width / 2, this.#map.camera.height / 2, factor); }

  /** From the list: the tile in the middle, with its card. */
  find(row) {
    this.#map.find(row);
    this.#look(row, true);
  }

  /** Nothing in hand, nothing looked at. */
  rest() {
    this.take("move");
    this.#look(-1);
  }

  #choose(mode) {
    this.#mode = mode;
    for (const button of all("mode")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }

  #measure() { this.#map.camera.resize(one("stage").clientWidth, one("stage").clientHeight); }

  #draw(line) {
    if (line) this.#look(-1);
    this.#overlay.line = line;
    this.#overlay.ask();
  }

  #drawn(line, mode) {
    const rows = this.#map.inside(line);
    this.#studio.mark(rows, mode === "replace" ? this.#mode : mode);
    this.#studio.say(`${plural(rows.length, "tile")} inside the line; ${plural(this.#studio.markedCount, "tile")} marked now.`, "quiet");
    one("tray-scroll").scrollTop = 0;
  }

  #click(x, y, mode, finger) {
    const row = this.#map.at(x, y, finger);
    const wanted = mode === "replace" && this.#gestures.tool !== "move" ? this.#mode : mode;
    if (row < 0 && wanted !== "replace") return;
    this.#mark(row, wanted);
    this.#look(row, true);
  }

  #mark(row, mode) {
    this.#studio.mark(row < 0 ? [] : [row], mode);
    if (row >= 0) this.#reveal(row);
  }

  #point(x, y) {
    if (!this.#map.positions || this.#hover.kept) return;
    const row = this.#map.at(x, y);
    this.#hands.classList.toggle("studio-stage__hands--point", row >= 0);
    this.#pointed = true;
    this.#look(row);
  }

  #pan(dx, dy) {
    if (!this.#hover.kept) this.#look(-1); // what is only pointed at does not travel along
    this.#map.camera.pan(dx, dy);
  }

  #left() {
    if (this.#pointed && !this.#hover.kept) this.#look(-1);
    this.#pointed = false;
  }

  #look(row, kept = false) {
    this.#cursor = row;
    this.#overlay.row = row;
    this.#overlay.ask();
    this.#hover.show(row, kept);
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey) return;
    const step = STEPS[event.key];
    const done = step ? this.#walk(step) : { Enter: () => this.#enter(event), " ": () => this.#enter(event), Escape: () => this.#look(-1) }[event.key];
    if (!done) return;
    event.preventDefault();
    done();
  }

  #walk(step) {
    return () => {
      if (!this.#map.positions) return;
      const row = next(this.#map, this.#studio.view, this.#cursor, step);
      if (row < 0) return;
      const [x, y] = this.#map.where(row);
      const { width, height } = this.#map.camera;
      if (x < 20 || y < 20 || x > width - 20 || y > height - 20) this.#map.find(row, this.#map.camera.zoom);
      this.#look(row, true);
      this.#tell(row);
    };
  }

  async #tell(row) {
    const tile = await this.#book.get(row).catch(() => null); // the card says what went wrong
    if (tile && row === this.#cursor) this.#studio.say(`${nameOf(tile)}${this.#studio.marked[row] ? ", marked" : ""}`, "quiet");
  }

  #enter(event) {
    if (this.#cursor < 0) return;
    this.#mark(this.#cursor, event.altKey ? "remove" : event.shiftKey ? "add" : "replace");
    this.#studio.say(`${plural(this.#studio.markedCount, "tile")} marked now.`, "quiet");
  }
}
