import { ImageryLayer } from "./imagery_layer.js";
import { quick } from "./motion.js";
import { Swipe } from "./swipe.js";

/** The dataset's own tiles as an OpenLayers map in their own projection; points [x, y], boxes [x0, y0, x1, y1] of it. */
const WORLDS = 20; // how often one may go round the Earth before the map ends
const SEEN = [80, 320]; // pixels between which a tile is seen well enough
const SEEN_WELL = 120;

const INTERACTIONS = {
  altShiftDragRotate: false, pinchRotate: false, doubleClickZoom: false, shiftDragZoom: false, keyboard: false,
};

export class WorldMap {
  #ol = globalThis.ol;
  #dataset;
  #projection;
  #first;
  #second;
  #swipe;
  #view;
  #level0; // units per pixel of the pyramid's level 0; zoom = log2(level0 / resolution)
  map;

  /** trouble(message): some tiles could not be loaded, or "" when they can again; split(share): the divider was moved */
  constructor({ target, dataset, projection, trouble, split }) {
    this.#dataset = dataset;
    this.#projection = projection;
    this.#level0 = dataset.grid.levels[0].resolution;
    this.#view = this.#makeView(target);
    this.map = new this.#ol.Map({
      target, view: this.#view, layers: [], controls: [],
      interactions: this.#ol.interaction.defaults.defaults(INTERACTIONS),
    });
    const layer = (zIndex) => new ImageryLayer({ map: this.map, dataset, projection, zIndex, trouble });
    [this.#first, this.#second] = [layer(-2), layer(-1)];
    this.#swipe = new Swipe({ map: this.map, first: this.#first.layers, second: this.#second.layers, changed: split });
    addEventListener("online", () => this.refresh());
  }

  get resolution() { return this.#view.getResolution(); }

  /** The point in the middle. */
  get center() { return this.#view.getCenter(); }

  /** {lat, lon, zoom} as the address keeps it */
  get view() {
    const [lon, lat] = this.#projection.place(this.center);
    return { lat, lon, zoom: Math.log2(this.#level0 / this.resolution) };
  }

  /** What is in sight, of the endless map. */
  get extent() { return this.#view.calculateExtent(); }

  set padding(bottom) { this.#view.padding = [0, 0, bottom, 0]; }

  /** Draw what the state says: one date of one product, or two to be compared. */
  show(dataset, { product, date, compare, otherProduct, otherDate, opacity, split }) {
    this.#first.show(dataset, product, date);
    this.#second.show(dataset, compare ? otherProduct : null, otherDate);
    this.#first.opacity = compare ? 1 : opacity;
    this.#second.opacity = compare === "fade" ? opacity : 1;
    this.#swipe.set(compare === "swipe", split);
  }

  refresh() { for (const layer of [this.#first, this.#second]) layer.refresh(); }

  /** Does this point show the second of two that are compared side by side? */
  isSecond(point) { return this.#swipe.isSecond(this.map.getPixelFromCoordinate(point) ?? [0]); }

  /** A promise that everything in sight is drawn. */
  drawn() { return new Promise((resolve) => { this.map.once("rendercomplete", resolve); this.map.render(); }); }

  go({ lat, lon, zoom }) {
    this.#view.cancelAnimations();
    this.#view.setCenter(this.#near(this.#projection.point([lon, lat])));
    this.#view.setResolution(this.#level0 / 2 ** zoom);
  }

  /** Fly to a tile's box; zoom only where it would be too small or too large to look at. */
  fly([left, bottom, right, top]) {
    const pixels = (right - left) / this.resolution;
    const resolution = pixels < SEEN[0] || pixels > SEEN[1] ? (right - left) / SEEN_WELL : this.resolution;
    const center = this.#near([(left + right) / 2, (bottom + top) / 2]);
    this.#view.animate({ center, resolution, duration: quick(650) });
  }

  /** Show all of an extent. */
  fit([left, bottom, right, top], ms = 650) {
    const [x] = this.#near([(left + right) / 2, 0]);
    const shift = x - (left + right) / 2;
    this.#view.fit([left + shift, bottom, right + shift, top], { duration: quick(ms) });
  }

  /** Fill the screen with the dataset: nothing of the page behind the Earth shows. */
  fill() {
    const [x0, y0, x1, y1] = this.#extent;
    const [width, height] = this.map.getSize();
    this.#view.setCenter([(x0 + x1) / 2, (y0 + y1) / 2]);
    this.#view.setResolution(Math.min((x1 - x0) / width, (y1 - y0) / height));
  }

  whole() { this.fit(this.#extent, 400); }

  zoomBy(steps) {
    const resolution = this.#view.getConstrainedResolution(this.resolution / 2 ** steps);
    this.#view.animate({ resolution, duration: quick(200) });
  }

  /** Move so that the point is in sight. */
  reveal(point) {
    const center = this.#near(point);
    if (!this.#ol.extent.containsCoordinate(this.extent, center)) this.#view.animate({ center, duration: quick(250) });
  }

  /** Of the dataset's imagery, as far as the projection reaches. */
  get #extent() {
    const { extent: world } = this.#projection;
    if (!this.#dataset.extent) return world;
    const box = this.#projection.outline(this.#dataset.extent).getExtent();
    return this.#projection.wraps ? box : this.#ol.extent.getIntersection(box, world);
  }

  /** The copy of a point that lies nearest to the middle of the map. */
  #near([x, y]) { return [this.#projection.nearest(x, this.center[0]), y]; }

  #makeView(target) {
    const { code, wraps, extent: world, width } = this.#projection;
    const [x0, y0, x1, y1] = this.#extent;
    const coarsest = Math.max(width / target.clientWidth, (world[3] - world[1]) / target.clientHeight);
    const finest = Math.min(...this.#dataset.products.map(({ map_level: level }) => this.#level0 / 2 ** (level + 2)));
    const round = wraps ? width * WORLDS : 0;
    return new this.#ol.View({
      projection: code, center: [(x0 + x1) / 2, (y0 + y1) / 2], resolution: coarsest, minResolution: finest,
      maxResolution: coarsest, smoothResolutionConstraint: false, constrainOnlyCenter: true, enableRotation: false,
      extent: [world[0] - round, world[1], world[2] + round, world[3]],
    });
  }
}
