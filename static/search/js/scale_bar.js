import { one } from "./elements.js";

const WIDEST = 110; // pixels

/** How long something in the middle of the map is: a bar of a round length. */
export class ScaleBar {
  #world;
  #projection;

  constructor(world, projection) {
    this.#world = world;
    this.#projection = projection;
    world.map.on("moveend", () => this.#draw());
  }

  #draw() {
    const { center, resolution } = this.#world;
    const metres = this.#projection.metres(center) * resolution; // of a pixel
    const length = roundest(metres * WIDEST);
    one("scale").style.width = `${Math.round(length / metres)}px`;
    one("scale").textContent = length >= 1000 ? `${(length / 1000).toLocaleString("en-GB")} km` : `${length} m`;
  }
}

/** The largest of 1, 2, 5, 10, 20, 50 … that is not more. */
function roundest(most) {
  const ten = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].find((digit) => digit * ten <= most) * ten;
}
