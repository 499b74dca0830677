/** Drag a box on the map, once. */
export class AreaDrawing {
  #ol = globalThis.ol;
  #map;
  #interaction = null;

  constructor(map) { this.#map = map; }

  get active() { return this.#interaction !== null; }

  /** done: (extent of the map) => void */
  start(done) {
    this.stop();
    const geometryFunction = this.#ol.interaction.Draw.createBox();
    this.#interaction = new this.#ol.interaction.Draw({ type: "Circle", freehand: true, geometryFunction });
    this.#interaction.on("drawend", ({ feature }) => {
      const extent = feature.getGeometry().getExtent();
      setTimeout(() => this.stop()); // after the click that ends the drawing has passed through the map
      if (extent[0] < extent[2] && extent[1] < extent[3]) done(extent);
    });
    this.#map.addInteraction(this.#interaction);
  }

  stop() {
    if (this.#interaction) this.#map.removeInteraction(this.#interaction);
    this.#interaction = null;
  }
}
