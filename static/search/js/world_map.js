import { wrapLongitude } from "./grid.js";

/** The dataset's own tiles as an OpenLayers map in EPSG:4326; places are [lon, lat], boxes [w, s, e, n]. */
const LEVEL_0 = 0.5625; // degrees per pixel of the pyramid's level 0; zoom = log2(LEVEL_0 / resolution)
const WORLDS = 20; // how often one may go round the Earth before the map ends
const COARSEST = 2; // tiles of levels 0 and 1 run past the world, which a map that wraps round cannot draw

const SEEN = [80, 320]; // pixels between which a tile is seen well enough
const SEEN_WELL = 120;

const INTERACTIONS = {
  altShiftDragRotate: false, pinchRotate: false, doubleClickZoom: false, shiftDragZoom: false, keyboard: false,
};

/** Milliseconds of an animation, none for those who want none. */
const quick = (ms) => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms);

export class WorldMap {
  #ol = globalThis.ol;
  #dataset;
  #layer;
  #view;
  #trouble;
  map;

  /** trouble(message): some tiles could not be loaded, or "" when they can again */
  constructor({ target, dataset, trouble }) {
    this.#dataset = dataset;
    this.#trouble = trouble;
    addEventListener("online", () => this.#layer.getSource()?.refresh());
    this.#layer = new this.#ol.layer.Tile({ preload: 1 });
    this.#view = this.#makeView(target);
    this.map = new this.#ol.Map({
      target, view: this.#view, layers: [this.#layer], controls: [],
      interactions: this.#ol.interaction.defaults.defaults(INTERACTIONS),
    });
  }

  get resolution() { return this.#view.getResolution(); }

  get center() {
    const [lon, lat] = this.#view.getCenter();
    return [wrapLongitude(lon), lat];
  }

  /** {lat, lon, zoom} as the address keeps it */
  get view() {
    const [lon, lat] = this.center;
    return { lat, lon, zoom: Math.log2(LEVEL_0 / this.resolution) };
  }

  /** What is in sight, [x0, y0, x1, y1] of the endless map. */
  get extent() { return this.#view.calculateExtent(); }

  set padding(bottom) { this.#view.padding = [0, 0, bottom, 0]; }

  /** Draw the imagery of one date of one product. */
  show(productName, dateText) {
    const product = this.#dataset.products.find(({ name }) => name === productName);
    const scene = product?.dates.find(({ date }) => date === dateText);
    this.#layer.setSource(scene ? this.#source(product, scene) : null);
  }

  go({ lat, lon, zoom }) {
    this.#view.cancelAnimations();
    this.#view.setCenter([this.#nearest(lon), lat]);
    this.#view.setResolution(LEVEL_0 / 2 ** zoom);
  }

  /** Fly to a box; zoom only where it would be too small or too large to look at. */
  fly([west, south, east, north]) {
    const pixels = (east - west) / this.resolution;
    const resolution = pixels < SEEN[0] || pixels > SEEN[1] ? (east - west) / SEEN_WELL : this.resolution;
    const center = [this.#nearest((west + east) / 2), (south + north) / 2];
    this.#view.animate({ center, resolution, duration: quick(650) });
  }

  /** Fill the screen with the dataset: nothing of the page behind the Earth shows. */
  fill() {
    const [w, s, e, n] = this.#dataset.extent ?? [-180, -90, 180, 90];
    const [width, height] = this.map.getSize();
    this.#view.setCenter([(w + e) / 2, (s + n) / 2]);
    this.#view.setResolution(Math.min((e - w) / width, (n - s) / height));
  }

  whole() {
    const [w, s, e, n] = this.#dataset.extent ?? [-180, -90, 180, 90];
    const shift = this.#nearest((w + e) / 2) - (w + e) / 2;
    this.#view.fit([w + shift, s, e + shift, n], { duration: quick(400) });
  }

  zoomBy(steps) {
    const resolution = this.#view.getConstrainedResolution(this.resolution / 2 ** steps);
    this.#view.animate({ resolution, duration: quick(200) });
  }

  /** Move so that the place is in sight. */
  reveal(place) {
    const [x0, y0, x1, y1] = this.extent;
    const [lon, lat] = [this.#nearest(place[0]), place[1]];
    const seen = lon >= x0 && lon <= x1 && lat >= y0 && lat <= y1;
    if (!seen) this.#view.animate({ center: [lon, lat], duration: quick(250) });
  }

  /** The copy of a longitude that lies nearest to the middle of the map. */
  #nearest(lon) {
    const [middle] = this.#view.getCenter();
    return lon + 360 * Math.round((middle - lon) / 360);
  }

  #makeView(target) {
    const [w, s, e, n] = this.#dataset.extent ?? [-180, -90, 180, 90];
    const coarsest = Math.max((e - w) / target.clientWidth, (n - s) / target.clientHeight);
    const finest = Math.min(...this.#dataset.products.map(({ map_level: level }) => LEVEL_0 / 2 ** (level + 2)));
    return new this.#ol.View({
      projection: "EPSG:4326", center: [(w + e) / 2, (s + n) / 2], resolution: coarsest, minResolution: finest,
      maxResolution: coarsest, smoothResolutionConstraint: false, constrainOnlyCenter: true, enableRotation: false,
      extent: [-180 * WORLDS, -90, 180 * WORLDS, 90],
    });
  }

  #source({ name, map_level: deepest }, { date, version }) {
    const levels = this.#dataset.grid.levels.filter(({ level }) => level <= Math.max(deepest, COARSEST));
    const tileGrid = new this.#ol.tilegrid.TileGrid({
      origin: this.#dataset.grid.origin, tileSize: this.#dataset.grid.tile_size, extent: [-180, -90, 180, 90],
      minZoom: COARSEST, resolutions: levels.map(({ resolution }) => resolution),
    });
    const path = `/tiles/${this.#dataset.slug}/${name}/${date}`;
    const tileUrlFunction = ([z, x, y]) => `${path}/${z}/${y}/${x}.webp?v=${version}`;
    const options = { projection: "EPSG:4326", tileGrid, tileUrlFunction, wrapX: true, transition: quick(200) };
    const source = new this.#ol.source.TileImage(options);
    source.on("tileloaderror", () => this.#trouble("Part of the map could not be loaded."));
    source.on("tileloadend", () => this.#trouble(""));
    return source;
  }
}
