import { quick } from "./motion.js";

const COARSEST = 2; // of EPSG:4326: tiles of levels 0 and 1 run past the world, which a map that wraps round cannot draw
const PATIENCE = 4000; // milliseconds that the last picture stays below the next one

/** One date of one product on the map.  The last one stays below until the next is drawn, so that nothing flashes. */
export class ImageryLayer {
  #ol = globalThis.ol;
  #dataset;
  #projection;
  #map;
  #front;
  #back;
  #trouble;
  #shown = "";

  /** trouble(message): some tiles could not be loaded, or "" when they can again */
  constructor({ map, dataset, projection, zIndex, trouble }) {
    this.#map = map;
    this.#dataset = dataset;
    this.#projection = projection;
    this.#trouble = trouble;
    this.#back = new this.#ol.layer.Tile({ zIndex });
    this.#front = new this.#ol.layer.Tile({ zIndex, preload: 1 });
    for (const layer of this.layers) map.addLayer(layer);
  }

  get layers() { return [this.#back, this.#front]; }

  set opacity(value) { for (const layer of this.layers) layer.setOpacity(value); }

  refresh() { this.#front.getSource()?.refresh(); }

  /** dataset: its description now; where there is no such date nothing is drawn. */
  show(dataset, productName, date) {
    this.#dataset = dataset;
    const product = dataset.products.find(({ name }) => name === productName);
    const scene = product?.dates.find((known) => known.date === date);
    const address = scene ? `${productName} ${date} ${scene.version}` : "";
    if (address === this.#shown) return;
    this.#shown = address;
    this.#back.setSource(scene ? this.#front.getSource() : null);
    this.#front.setSource(scene ? this.#source(product, scene) : null);
    this.#release();
  }

  /** The last picture may go as soon as the new one is complete. */
  #release() {
    const source = this.#front.getSource();
    const gone = () => { if (this.#front.getSource() === source) this.#back.setSource(null); };
    this.#map.once("rendercomplete", gone);
    setTimeout(gone, PATIENCE);
  }

  #source({ name, map_level: deepest }, { date, version }) {
    const { grid, slug } = this.#dataset;
    const coarsest = this.#projection.isGeographic ? COARSEST : 0;
    const levels = grid.levels.filter(({ level }) => level <= Math.max(deepest, coarsest));
    const tileGrid = new this.#ol.tilegrid.TileGrid({
      origin: grid.origin, tileSize: grid.tile_size, extent: this.#projection.extent, minZoom: coarsest,
      resolutions: levels.map(({ resolution }) => resolution),
    });
    const path = `/tiles/${slug}/${encodeURIComponent(name)}/${date}`;
    const tileUrlFunction = ([z, x, y]) => `${path}/${z}/${y}/${x}.webp?v=${version}`;
    const { code: projection, wraps: wrapX } = this.#projection;
    const source = new this.#ol.source.TileImage({ projection, tileGrid, tileUrlFunction, wrapX, transition: quick(200) });
    source.on("tileloaderror", () => this.#trouble("Part of the map could not be loaded."));
    source.on("tileloadend", () => this.#trouble(""));
    return source;
  }
}
