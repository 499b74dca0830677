import { make, one, show } from "./elements.js";

/** Places that show what the search can do; only where the imagery covers the Earth. */
const PLACES = [
  ["River delta, Nile", [30.6, 30.6]],
  ["Shallow banks, Bahamas", [-77.6, 24.3]],
  ["Desert coast, Namib", [14.4, -23.6]],
  ["Ice edge, Greenland", [-50.2, 67.6]],
  ["Mountains, Himalaya", [84.6, 29.0]],
  ["Farmland, Corn Belt", [-92.4, 42.0]],
];

const coversEarth = ({ extent }) => Boolean(extent) && extent[2] - extent[0] >= 350 && extent[3] - extent[1] >= 120;

export class Suggestions {
  #dataset;
  #stage;
  #maker;
  #choose;

  /** stage: its grid and projection; choose(point, level): search with the tile there */
  constructor({ dataset, stage, maker, choose }) {
    this.#dataset = dataset;
    this.#stage = stage;
    this.#maker = maker;
    this.#choose = choose;
  }

  render(state, levels) {
    const usable = coversEarth(this.#dataset) && state.date && levels.length > 0;
    show(one("places"), usable);
    const item = ([name, place]) => this.#item(name, place, state, this.#best(levels));
    if (usable) one("places-list").replaceChildren(...PLACES.map(item));
  }

  /** The size nearest to 500 km, at which these places are easy to recognise. */
  #best(levels) { return levels.reduce((best, z) => (Math.abs(z - 6) < Math.abs(best - 6) ? z : best)); }

  #item(name, place, { product, date }, level) {
    const item = make("place");
    const point = this.#stage.projection.point(place);
    item.querySelector("img").src = this.#maker.make(this.#stage.grid.tileAt(point, level), product, date).thumbnail;
    item.querySelector(".place__name").textContent = name;
    item.querySelector("button").addEventListener("click", () => this.#choose(point, level));
    return item;
  }
}
