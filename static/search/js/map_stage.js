import { AreaDrawing } from "./area_drawing.js";
import { all, debounce, one } from "./elements.js";
import { meant } from "./examples.js";
import { place } from "./format.js";
import { areaOf, Grid } from "./grid.js";
import { HeatOverlay } from "./heat_overlay.js";
import { Overlays } from "./overlays.js";
import { warn } from "./place_chooser.js";
import { resultAt, TileCursor } from "./tile_cursor.js";
import { WorldMap } from "./world_map.js";

/** The map side of the page: imagery, cursor, squares; tells what was chosen where. */
export class MapStage {
  grid;
  #target = one("map");
  #store;
  #world;
  #overlays;
  #heat;
  #cursor;
  #drawing;
  #levels;
  #results = [];
  #typing = false; // the cursor is moved by keys, not by the mouse
  #on;

  /** on: {choose(place, level, how), highlight, levelChanged(), announce, mode(): "like" | "unlike" | null} */
  constructor({ dataset, store, levels, sizeName, on }) {
    this.#store = store;
    this.#levels = levels;
    this.#on = on;
    this.grid = new Grid(dataset.grid);
    this.#world = new WorldMap({ target: this.#target, dataset, trouble: warn });
    this.#heat = new HeatOverlay(this.#world.map, sizeName);
    this.#overlays = new Overlays(this.#world.map);
    this.#drawing = new AreaDrawing(this.#world.map);
    const changed = (tile) => this.#drawCursor(tile);
    this.#cursor = new TileCursor({ grid: this.grid, level: () => this.level, changed });
    if (!store.state.view) this.#world.fill();
    this.#wire();
    this.render(store.state, null);
  }

  /** The size that a click looks for now. */
  get level() {
    const { locked, level } = this.#store.state;
    return locked ? level : this.grid.levelFor(this.#world.resolution, this.#levels());
  }

  get areaInView() { return areaOf(this.#world.extent); }

  set covered(pixels) { this.#world.padding = pixels; }

  render(state, previous) {
    const { product, date, area } = state;
    if (product !== previous?.product || date !== previous?.date) this.#world.show(product, date);
    if (area !== previous?.area) this.#overlays.set("area", area ? [{ key: "area", bbox: area }] : []);
    if (state.view && state.view !== previous?.view && !this.#isAt(state.view)) this.#world.go(state.view);
  }

  showResults(results) {
    this.#results = results;
    this.#overlays.set("result", results.map(({ tile }) => tile));
  }

  /** Lay a heat map over a tile; null takes it away. */
  heat(tile, heat) { this.#heat.put(tile?.bbox, heat); }

  mark(kind, tiles) { this.#overlays.set(kind, tiles); }

  light(key) { this.#overlays.light(key); }

  fly(tile) { if (tile.bbox) this.#world.fly(tile.bbox); }

  /** Bring a place into sight without changing the zoom. */
  reveal(tile) { if (tile.center) this.#world.reveal(tile.center); }

  drawArea(done) { this.#drawing.start(done); }
  stopDrawing() { this.#drawing.stop(); }
  get drawing() { return this.#drawing.active; }

  #wire() {
    const { map } = this.#world;
    map.on("click", (event) => this.#click(event));
    map.on("pointermove", (event) => this.#point(event));
    map.on("moveend", debounce(() => this.#moved(), 250));
    map.getView().on("change:resolution", () => this.#on.levelChanged());
    this.#target.addEventListener("pointerleave", () => this.#leave());
    this.#target.addEventListener("keydown", (event) => this.#press(event));
    this.#target.addEventListener("focus", () => this.#enter());
    this.#target.addEventListener("blur", () => this.#cursor.point(null));
    for (const button of all("zoom")) {
      button.addEventListener("click", () => this.#world.zoomBy(Number(button.dataset.zoom)));
    }
    one("whole").addEventListener("click", () => this.#world.whole());
    addEventListener("resize", () => this.#on.levelChanged());
  }

  #isAt({ lat, lon, zoom }) {
    const { view } = this.#world;
    return Math.abs(view.lat - lat) < 0.01 && Math.abs(view.lon - lon) < 0.01 && Math.abs(view.zoom - zoom) < 0.02;
  }

  #moved() { this.#store.change({ view: this.#world.view }, "replace"); }

  #click({ coordinate, originalEvent }) {
    if (!this.#drawing.active) this.#on.choose(coordinate, this.level, meant(originalEvent));
  }

  #point({ coordinate, dragging, originalEvent: { pointerType } }) {
    this.#typing = false;
    if (dragging || pointerType === "touch" || this.#drawing.active) return;
    this.#cursor.point(coordinate);
    one("place").textContent = place([((coordinate[0] + 540) % 360) - 180, Math.max(-90, Math.min(90, coordinate[1]))]);
    this.#on.highlight.set(resultAt(this.#results, coordinate)?.key ?? null, "map");
  }

  #leave() {
    if (!this.#target.matches(":focus-visible")) this.#cursor.point(null);
    one("place").textContent = "";
    this.#on.highlight.set(null, "map");
  }

  #enter() { if (this.#target.matches(":focus-visible") && !this.#cursor.tile) this.#cursor.point(this.#world.center); }

  #press(event) {
    if (event.ctrlKey || event.metaKey) return;
    this.#typing = true;
    const handled = this.#cursor.press(event.key, this.#world.center) || this.#command(event);
    if (handled) event.preventDefault();
  }

  #command(event) {
    const { key } = event;
    const zoom = { "+": 0.5, "=": 0.5, "-": -0.5, "−": -0.5 }[key];
    if (zoom) this.#world.zoomBy(zoom);
    else if (key === "Home") this.#world.whole();
    else if (key === "Enter" && this.#cursor.tile) this.#chooseCursor(meant(event));
    else return false;
    return true;
  }

  #chooseCursor(how) { this.#on.choose(this.grid.center(this.#cursor.tile), this.#cursor.tile.level, how); }

  #drawCursor(tile) {
    this.#overlays.set("cursor", tile ? [{ key: "cursor", bbox: this.grid.bounds(tile) }] : []);
    if (!tile || !this.#typing) return;
    const middle = this.grid.center(tile);
    this.#world.reveal(middle);
    one("place").textContent = place(middle);
    this.#on.announce(`Tile at ${place(middle)}`);
  }
}
