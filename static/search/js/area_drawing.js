const FINISH = 12; // pixels within which a press on the first corner ends a polygon

/** Drag a box on the map, or set the corners of a polygon, once. */
export class AreaDrawing {
  #ol = globalThis.ol;
  #map;
  #interaction = null;

  constructor(map) { this.#map = map; }

  get active() { return this.#interaction !== null; }

  /** done: (extent of the map) => void */
  start(done) {
    const geometryFunction = this.#ol.interaction.Draw.createBox();
    this.#draw({ type: "Circle", freehand: true, geometryFunction }, (geometry) => {
      const extent = geometry.getExtent();
      if (extent[0] < extent[2] && extent[1] < extent[3]) done(extent);
    });
  }

  /** Corner by corner; the first one again, or a double click, ends it.  done: (ring of points of the map) => void */
  startPolygon(done) {
    const byCorners = { type: "Polygon", snapTolerance: FINISH, freehandCondition: () => false };
    this.#draw(byCorners, (geometry) => done(geometry.getCoordinates()[0]));
  }

  /** Take the last corner back. */
  undo() { this.#interaction?.removeLastPoint(); }

  #draw(options, done) {
    this.stop();
    this.#interaction = new this.#ol.interaction.Draw(options);
    this.#interaction.on("drawend", ({ feature }) => {
      setTimeout(() => this.stop()); // after the click that ends the drawing has passed through the map
      done(feature.getGeometry());
    });
    this.#map.addInteraction(this.#interaction);
  }

  stop() {
    if (this.#interaction) this.#map.removeInteraction(this.#interaction);
    this.#interaction = null;
  }
}
