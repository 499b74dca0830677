/** A sweep on the map: heat from afar, squares with their probability from near. */
import { fill, one } from "../../search/js/elements.js";
import { date, plural, sizeNames } from "../../search/js/format.js";
import { colouring } from "../../search/js/heat.js";
import { ImageryLayer } from "../../search/js/imagery_layer.js";
import { Projection } from "../../search/js/projection.js";
import { ask } from "./host_api.js";

const CHOICES = ["product", "date", "level"];
const MOST = 1000; // squares drawn at once; more are heat

export class SweepMap {
  #ol = globalThis.ol;
  #api;
  #answers;
  #slug;
  #fail;
  #dataset = null;
  #map = null;
  #imagery;
  #projection;
  #squares;
  #sweep;
  #threshold = 0.5;
  #asked = 0;

  constructor({ api, answers, slug, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#slug = slug;
    this.#fail = fail;
    for (const name of CHOICES) one(`sweep-${name}`).addEventListener("change", () => this.#chosen());
  }

  async draw(sweep) {
    this.#sweep = sweep;
    try {
      this.#dataset ??= await (await ask(`/api/v1/datasets/${encodeURIComponent(this.#slug)}/?brief=1`)).json();
      if (!this.#map) this.#make();
      const size = sizeNames(this.#dataset);
      fill(one("sweep-product"), sweep.products.map((name) => [name, this.#title(name)]));
      fill(one("sweep-date"), sweep.dates.map((day) => [day, date(day)]), sweep.dates.at(-1));
      fill(one("sweep-level"), sweep.levels.map((level) => [level, size(level)]), sweep.levels.at(-1));
      this.#chosen();
    } catch (error) {
      this.#fail(error);
    }
  }

  threshold(value) {
    this.#threshold = value;
    if (this.#map) this.#refresh();
  }

  #title(name) { return this.#dataset.products.find((product) => product.name === name)?.title || name; }

  get #choice() { return Object.fromEntries(CHOICES.map((name) => [name, one(`sweep-${name}`).value])); }

  #make() {
    const { Map: OlMap, View, layer, source, control, interaction } = this.#ol;
    this.#projection = new Projection(this.#dataset.grid);
    this.#squares = new source.Vector({ wrapX: false }); // the imagery is drawn once, so are they
    const squares = new layer.Vector({ source: this.#squares, style: (feature) => this.#style(feature) });
    const view = new View({ projection: this.#projection.code, extent: this.#projection.extent, showFullExtent: true });
    this.#map = new OlMap({ target: one("sweep-map"), view, layers: [squares], controls: control.defaults.defaults({ rotate: false, attribution: false }), interactions: interaction.defaults.defaults({ altShiftDragRotate: false, pinchRotate: false }) });
    view.fit(this.#projection.extent);
    this.#imagery = new ImageryLayer({ map: this.#map, dataset: this.#dataset, projection: this.#projection, zIndex: -1, trouble: () => {} });
    this.#map.on("moveend", () => this.#refresh());
    this.#map.on("pointermove", ({ pixel }) => this.#hover(this.#map.getFeaturesAtPixel(pixel)[0]));
  }

  #chosen() {
    if (!this.#map) return;
    const { product, date: day } = this.#choice;
    this.#imagery.show(this.#dataset, product, day);
    this.#refresh();
  }

  /** Squares where they are few enough in view, heat where not; what comes too late is not drawn. */
  async #refresh() {
    const asked = ++this.#asked, query = { ...this.#choice, min: this.#threshold };
    const bbox = this.#projection.around(this.#map.getView().calculateExtent()).join(",");
    try {
      const found = await this.#api.sweepTiles(this.#sweep.number, { ...query, bbox, limit: MOST });
      const heat = found.count > MOST ? await this.#api.sweepHeat(this.#sweep.number, query) : null;
      if (asked !== this.#asked) return;
      this.#squares.clear();
      this.#squares.addFeatures(heat ? this.#heat(heat) : found.results.map((tile) => new this.#ol.Feature({ geometry: this.#projection.outline(tile.bbox), ...tile })));
      one("sweep-shown").textContent = heat ? `${plural(found.count, "tile")} in view: the lighter, the more of them. Zoom in for single tiles.` : `${plural(found.count, "tile")} in view.`;
    } catch (error) {
      this.#fail(error);
    }
  }

  #heat({ cell, cells }) {
    const most = Math.max(1, ...cells.map(([, , tiles]) => tiles)), colour = colouring({ low: 0, high: Math.log1p(most) });
    return cells.map(([lon, lat, tiles, best]) => {
      const half = cell / 2, bbox = [lon - half, Math.max(-90, lat - half), lon + half, Math.min(90, lat + half)];
      return new this.#ol.Feature({ geometry: this.#projection.outline(bbox), fill: `rgb(${colour(Math.log1p(tiles))} / 62%)`.replaceAll(",", ""), tiles, score: best });
    });
  }

  #style(feature) {
    const { style } = this.#ol, filled = feature.get("fill");
    if (filled) return new style.Style({ fill: new style.Fill({ color: filled }) });
    const label = feature.get("label"), score = feature.get("score");
    const color = label ? this.#answers.colour(label) : `rgb(${colouring({ low: 0, high: 1 })(score)})`;
    return new style.Style({ stroke: new style.Stroke({ color, width: label ? 3 : 2 }), fill: new style.Fill({ color: "rgb(0 0 0 / 1%)" }) });
  }

  #hover(feature) {
    if (!feature) { one("sweep-hover").textContent = ""; return; }
    const label = feature.get("label"), tiles = feature.get("tiles");
    const what = tiles ? `${plural(tiles, "tile")}, the surest ` : label ? `${this.#answers.word(label)}; the classifier says ` : "";
    one("sweep-hover").textContent = `${what}${feature.get("score").toFixed(2)}`;
  }
}
