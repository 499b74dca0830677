import { AreaDrawing } from "./area_drawing.js";
import { all, debounce, one } from "./elements.js";
import { meant } from "./examples.js";
import { place } from "./format.js";
import { Grid } from "./grid.js";
import { HeatOverlay } from "./heat_overlay.js";
import { Overlays } from "./overlays.js";
import { warn } from "./place_chooser.js";
import { Projection } from "./projection.js";
import { ScaleBar } from "./scale_bar.js";
import { resultAt, TileCursor } from "./tile_cursor.js";
import { TileGrid } from "./tile_grid.js";
import { WorldMap } from "./world_map.js";

/** The map side of the page: imagery, cursor, squares; tells what was chosen where. */
export class MapStage {
  grid;
  projection;
  #dataset;
  #scale;
  #tiles;
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

  /** dataset: () => its description; on: {choose(point, level, how), highlight, levelChanged(), announce, mode(): "like" | "unlike" | null} */
  constructor({ dataset, offset, store, levels, sizeName, on }) {
    this.#store = store;
    this.#levels = levels;
    this.#on = on;
    this.#dataset = dataset;
    this.projection = new Projection(dataset().grid);
    this.grid = new Grid(dataset().grid, this.projection);
    const split = (share) => store.change({ split: share }, "replace");
    const { projection } = this;
    this.#world = new WorldMap({ target: this.#target, dataset: dataset(), projection, trouble: warn, split });
    this.#scale = new ScaleBar(this.#world, projection);
    this.#tiles = new TileGrid({ world: this.#world, grid: this.grid, projection, offset });
    this.#heat = new HeatOverlay(this.#world.map, sizeName);
    this.#overlays = new Overlays(this.#world.map, (tile) => this.grid.bounds(tile));
    this.#drawing = new AreaDrawing(this.#world.map);
    const changed = (tile) => this.#drawCursor(tile);
    this.#cursor = new TileCursor({ grid: this.grid, level: () => this.level, changed });
    if (!store.state.view) this.#world.fill();
    if (store.state.box) this.#world.fit(store.state.box, 0);
    this.#wire();
    this.render(store.state, null);
  }

  /** The size that a click looks for now. */
  get level() {
    const { locked, level } = this.#store.state;
    return locked ? level : this.grid.levelFor(this.#world.resolution, this.#levels());
  }

  /** In degrees. */
  get areaInView() { return this.projection.around(this.#world.extent); }

  /** The same in units of the map. */
  get extent() { return this.#world.extent; }

  set covered(pixels) { this.#world.padding = pixels; }

  render(state, previous) {
    const { area, polygon } = state;
    this.#world.show(this.#dataset(), state);
    this.#tiles.show(state.tileGrid ? this.level : null);
    if (area !== previous?.area) this.#overlays.outline("area", area && this.projection.outline(area));
    if (polygon !== previous?.polygon) this.#overlays.outline("polygon", polygon && this.projection.shape(polygon));
    if (state.view && state.view !== previous?.view && !this.#isAt(state.view)) this.#world.go(state.view);
  }

  showResults(results) {
    this.#results = results;
    this.#overlays.set("result", results.map(({ tile }) => tile));
  }

  /** Ask for the imagery in sight again: the server has more of it now. */
  refresh() { this.#world.refresh(); }

  /** Lay a heat map over a tile; null takes it away. */
  heat(tile, heat) { this.#heat.put(tile && this.grid.bounds(tile), heat); }

  mark(kind, tiles) { this.#overlays.set(kind, tiles); }

  light(key) { this.#overlays.light(key); }

  fly(tile) { this.#world.fly(this.grid.bounds(tile)); }

  /** To a box in degrees. */
  goTo(bbox) { this.#world.fit(this.projection.outline(bbox).getExtent()); }

  drawn() { return this.#world.drawn(); }

  /** {product, date} that the map shows at a point: of two that are compared, the one on that side. */
  shownAt(point) {
    const { product, date, compare, otherProduct, otherDate, opacity } = this.#store.state;
    const second = compare === "fade" ? opacity > 0.5 : this.#world.isSecond(point);
    return second ? { product: otherProduct, date: otherDate } : { product, date };
  }

  /** done: ([west, south, east, north] in degrees) => void */
  drawArea(done) { this.#drawing.start((extent) => done(this.projection.around(extent))); }

  /** done: (corners in degrees) => void */
  drawPolygon(done) { this.#drawing.startPolygon((ring) => done(this.projection.corners(ring))); }
  undoCorner() { this.#drawing.undo(); }
  stopDrawing() { this.#drawing.stop(); }
  get drawing() { return this.#drawing.active; }

  #wire() {
    const { map } = this.#world;
    map.on("click", (event) => this.#click(event));
    map.on("pointermove", (event) => this.#point(event));
    map.on("moveend", debounce(() => this.#moved(), 250));
    map.getView().on("change:resolution", () => this.#zoomed());
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

  #zoomed() {
    this.#on.levelChanged();
    this.#tiles.show(this.#store.state.tileGrid ? this.level : null);
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
    this.#say(coordinate);
    this.#on.highlight.set(resultAt(this.grid, this.#results, coordinate)?.key ?? null, "map");
  }

  /** Where the pointer is, as finely as a pixel allows. */
  #say(point) {
    const degrees = this.#world.resolution * this.projection.metres(point) / 111_320;
    one("place").textContent = this.projection.holds(point) ? place(this.projection.place(point), degrees) : "";
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
    this.#overlays.set("cursor", tile ? [{ key: "cursor", ...tile }] : []);
    if (!tile || !this.#typing) return;
    const middle = this.grid.center(tile);
    const where = place(this.projection.place(middle));
    this.#world.reveal(middle);
    one("place").textContent = where;
    this.#on.announce(`Tile at ${where}`);
  }
}
