import { one, show } from "./elements.js";
import { cells } from "./heat.js";
import { Legend } from "./legend.js";

const OPACITY = 0.7;
const ABOVE = 5; // over the squares, whose fill would tint it

/** A heat map over its tile on the map, with its legend: to be hidden and taken away. */
export class HeatOverlay {
  #ol = globalThis.ol;
  #source = new this.#ol.source.Vector();
  #layer = new this.#ol.layer.Vector({ source: this.#source, opacity: OPACITY, zIndex: ABOVE });
  #legend;

  constructor(map, sizeName) {
    map.addLayer(this.#layer);
    this.#legend = new Legend(one("map-heat"), sizeName);
    one("map-heat-shown").addEventListener("click", () => this.#set(!this.#layer.getVisible()));
    one("map-heat-remove").addEventListener("click", () => this.#remove());
  }

  /** box: the tile's on the map; heat: null takes it away */
  put(box, heat) {
    this.#source.clear(true);
    if (heat) this.#source.addFeatures(cells(heat).map((cell) => this.#feature(box, heat.values.length, cell)));
    this.#legend.show(heat);
    this.#set(true);
  }

  #set(visible) {
    this.#layer.setVisible(visible);
    one("map-heat-shown").setAttribute("aria-pressed", String(visible));
  }

  #remove() {
    this.put(null, null);
    show(one("map-heat"), false);
    one("map").focus();
  }

  #feature([west, south, east, north], n, { row, col, colour }) {
    const [width, height] = [(east - west) / n, (north - south) / n];
    const [left, top] = [west + col * width, north - row * height];
    const geometry = this.#ol.geom.Polygon.fromExtent([left, top - height, left + width, top]);
    const feature = new this.#ol.Feature({ geometry });
    feature.setStyle(new this.#ol.style.Style({ fill: new this.#ol.style.Fill({ color: `rgb(${colour})` }) }));
    return feature;
  }
}
