/** The squares drawn over the imagery: results, examples, cursor, searched area. */
const SMALLEST = 11; // pixels; smaller squares are drawn as a marker of this size

const COLOURS = { result: "#ffbf3c", like: "#5fe0ff", unlike: "#ff8f66", cursor: "#ffffff", area: "#ffffff", polygon: "#ffffff" };
const CASING = "rgba(4, 8, 14, 0.65)";

export class Overlays {
  #ol = globalThis.ol;
  #box;
  #sources = {};
  #styles = new Map();
  #lit = ""; // key of the result under the pointer or focus

  /** box(item): its extent on the map */
  constructor(map, box) {
    this.#box = box;
    for (const kind of ["area", "polygon", "result", "like", "unlike", "cursor"]) map.addLayer(this.#layer(kind));
  }

  /** tiles: [{key, level, row, col, offset}] */
  set(kind, tiles) { this.#fill(kind, tiles.map((tile) => this.#square(tile))); }

  /** polygon: null takes it away */
  outline(kind, polygon) { this.#fill(kind, polygon ? [new this.#ol.Feature(polygon)] : []); }

  light(key) {
    this.#sources.result.getFeatureById(this.#lit)?.set("lit", false);
    this.#lit = key ?? "";
    this.#sources.result.getFeatureById(this.#lit)?.set("lit", true);
  }

  #layer(kind) {
    this.#sources[kind] = new this.#ol.source.Vector();
    return new this.#ol.layer.Vector({
      source: this.#sources[kind], updateWhileAnimating: true, updateWhileInteracting: true,
      style: (feature, resolution) => this.#style(kind, feature, resolution),
    });
  }

  #fill(kind, features) {
    this.#sources[kind].clear(true);
    this.#sources[kind].addFeatures(features);
  }

  #square(tile) {
    const box = this.#box(tile);
    const geometry = this.#ol.geom.Polygon.fromExtent(box);
    const feature = new this.#ol.Feature({ geometry, width: box[2] - box[0], lit: tile.key === this.#lit });
    feature.setId(tile.key);
    return feature;
  }

  #style(kind, feature, resolution) {
    const lit = feature.get("lit");
    const small = kind !== "area" && kind !== "polygon" && feature.get("width") / resolution < SMALLEST;
    const id = `${kind} ${lit} ${small}`;
    if (!this.#styles.has(id)) this.#styles.set(id, small ? this.#marker(kind, lit) : this.#outline(kind, lit));
    return this.#styles.get(id);
  }

  #stroke(color, width, lineDash) { return new this.#ol.style.Stroke({ color, width, lineDash, lineJoin: "miter" }); }

  #outline(kind, lit) {
    const width = lit ? 4 : { result: 2, cursor: 1.5, area: 1.5, polygon: 1.5 }[kind] ?? 3;
    const dash = { unlike: [7, 5], area: [8, 6], polygon: [8, 6] }[kind];
    const fill = new this.#ol.style.Fill({ color: lit ? "rgba(255, 191, 60, 0.28)" : "rgba(255, 255, 255, 0.02)" });
    return [
      new this.#ol.style.Style({ stroke: this.#stroke(CASING, width + 2.5), fill, zIndex: lit ? 2 : 0 }),
      new this.#ol.style.Style({ stroke: this.#stroke(COLOURS[kind], width, dash), zIndex: lit ? 3 : 1 }),
    ];
  }

  #marker(kind, lit) {
    const image = new this.#ol.style.RegularShape({
      points: 4, angle: Math.PI / 4, radius: lit ? 12 : SMALLEST / Math.SQRT2 + 1,
      fill: new this.#ol.style.Fill({ color: lit ? COLOURS[kind] : "rgba(4, 8, 14, 0.35)" }),
      stroke: this.#stroke(COLOURS[kind], 2),
    });
    const geometry = (feature) => new this.#ol.geom.Point(this.#ol.extent.getCenter(feature.getGeometry().getExtent()));
    return new this.#ol.style.Style({ image, geometry, zIndex: lit ? 3 : 1 });
  }
}
