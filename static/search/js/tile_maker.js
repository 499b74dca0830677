/** Tiles of the map without asking the server: key, bounds and pictures follow from a tile's address. */
const THUMBNAIL = 256; // pixels, as the server's own descriptions have it

export class TileMaker {
  #slug;
  #dataset;
  #grid;
  #projection;

  /** dataset: () => its description; stage: its grid and projection */
  constructor({ dataset, stage: { grid, projection } }) {
    this.#slug = dataset().slug;
    this.#dataset = dataset;
    this.#grid = grid;
    this.#projection = projection;
  }

  /** {level, row, col} on a date of a product → the tile as the API describes it; null where there is no such date. */
  make({ level, row, col }, product, date) {
    const scene = this.#scene(product, date);
    if (!scene) return null;
    const image = `/tiles/${this.#slug}/${encodeURIComponent(product)}/${date}/${level}/${row}/${col}.webp`;
    const center = this.#projection.place(this.#grid.center({ level, row, col }));
    return {
      key: this.#key(scene, { level, row, col }), dataset: this.#slug, product, date, level, row, col, offset: 0, center,
      name: null, thumbnail: `${image}?size=${THUMBNAIL}&v=${scene.version}`, image: `${image}?v=${scene.version}`,
    };
  }

  #scene(product, date) {
    const scenes = this.#dataset().products.find(({ name }) => name === product)?.dates ?? [];
    return scenes.find((scene) => scene.date === date);
  }

  #key(scene, address) {
    const bits = Object.entries(this.#dataset().grid.key_bits);
    return String(bits.reduce((key, [part, shift]) => key + (BigInt(address[part] ?? 0) << BigInt(shift)), BigInt(scene.key)));
  }
}
