const LINES = 400; // more would be a grey veil

/** The squares of a size, drawn as lines over the imagery; those of the half-tile grid dashed. */
export class TileGrid {
  #ol = globalThis.ol;
  #world;
  #grid;
  #projection;
  #offset;
  #level = null;
  #source = new this.#ol.source.Vector();

  /** offset: whether the dataset has the half-tile grid too */
  constructor({ world, grid, projection, offset }) {
    this.#world = world;
    this.#grid = grid;
    this.#projection = projection;
    this.#offset = offset;
    const line = (color, width, lineDash) => new this.#ol.style.Style({
      stroke: new this.#ol.style.Stroke({ color, width, lineDash }),
    });
    const [plain, dashed] = [line("rgb(255 255 255 / 60%)", 1), line("rgb(255 255 255 / 55%)", 1, [2, 5])];
    const casing = line("rgb(4 8 14 / 45%)", 3);
    const style = (feature) => (feature.get("half") ? [dashed] : [casing, plain]);
    world.map.addLayer(new this.#ol.layer.Vector({ source: this.#source, style, zIndex: -0.5 }));
    world.map.on("moveend", () => this.#draw());
  }

  /** level: null takes the lines away */
  show(level) {
    if (level === this.#level) return;
    this.#level = level;
    this.#draw();
  }

  #draw() {
    this.#source.clear(true);
    if (this.#level === null) return;
    for (const half of this.#offset ? [0, 1] : [0]) {
      const geometry = new this.#ol.geom.MultiLineString(this.#lines(half));
      this.#source.addFeature(new this.#ol.Feature({ geometry, half }));
    }
  }

  /** Of what is in sight and as much again around it; none when there would be too many. */
  #lines(half) {
    const [x0, y0, x1, y1] = this.#cut(this.#world.extent);
    const { span } = this.#grid.level(this.#level);
    const [left, , , top] = this.#grid.bounds({ level: this.#level, row: 0, col: 0, offset: half });
    if ((x1 - x0 + y1 - y0) / span > LINES) return [];
    const along = (from, to, start) => {
      const first = Math.ceil((from - start) / span - 1e-9);
      const count = Math.floor((to - start) / span + 1e-9) - first + 1;
      return Array.from({ length: Math.max(0, count) }, (_, index) => start + (first + index) * span);
    };
    const down = along(x0, x1, left).map((x) => [[x, y0], [x, y1]]);
    return [...down, ...along(y0, y1, top).map((y) => [[x0, y], [x1, y]])];
  }

  #cut([x0, y0, x1, y1]) {
    const [left, bottom, right, top] = this.#projection.extent;
    const [width, height] = [x1 - x0, y1 - y0];
    const ends = [Math.max(y0 - height / 2, bottom), Math.min(y1 + height / 2, top)];
    if (this.#projection.wraps) return [x0 - width / 2, ends[0], x1 + width / 2, ends[1]];
    return [Math.max(x0 - width / 2, left), ends[0], Math.min(x1 + width / 2, right), ends[1]];
  }
}
