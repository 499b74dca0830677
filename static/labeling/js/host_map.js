/** Where the labels are: squares on the campaign's own imagery. */
import { one } from "../../search/js/elements.js";
import { ImageryLayer } from "../../search/js/imagery_layer.js";
import { Projection } from "../../search/js/projection.js";
import { ask } from "./host_api.js";

const MOST = 5000; // squares

export class LabelMap {
  #ol = globalThis.ol;
  #api;
  #answers;
  #slug;
  #open;
  #source = null;
  #projection;
  #map;

  constructor({ api, answers, slug, open }) {
    this.#api = api;
    this.#answers = answers;
    this.#slug = slug;
    this.#open = open;
  }

  /** Made when it is first looked at. */
  async show() {
    if (this.#source) return;
    this.#source = new this.#ol.source.Vector({ wrapX: false });
    const dataset = await (await ask(`/api/v1/datasets/${encodeURIComponent(this.#slug)}/?brief=1`)).json();
    this.#make(dataset);
    for (let offset = 0; offset < MOST; offset += 500) {
      const { results, count } = await this.#api.cards({ offset, limit: 500 });
      this.changed(results);
      if (offset === 0 && results[0]) this.#imagery(dataset, results[0]);
      if (offset + 500 >= count) break;
    }
    const extent = this.#source.getExtent();
    if (extent.every(Number.isFinite)) this.#map.getView().fit(extent, { padding: [40, 40, 40, 40] });
    this.#legend();
  }

  changed(cards) {
    if (!this.#map) return;
    for (const card of cards) {
      if (!card.bbox) continue;
      const known = this.#source.getFeatureById(card.id);
      if (known) known.set("card", card);
      else {
        const square = new this.#ol.Feature({ geometry: this.#projection.outline(card.bbox), card });
        square.setId(card.id);
        this.#source.addFeature(square);
      }
    }
  }

  #make(dataset) {
    const { Map: OlMap, View, layer, style, interaction, control } = this.#ol;
    this.#projection = new Projection(dataset.grid);
    const squares = new layer.Vector({ source: this.#source, style: (feature) => [halo, this.#style(feature.get("card"))] });
    const halo = new style.Style({ stroke: new style.Stroke({ color: "rgb(6 11 20 / 70%)", width: 4 }) });
    const view = new View({ projection: this.#projection.code, extent: this.#projection.extent, showFullExtent: true });
    this.#map = new OlMap({ target: one("map"), view, layers: [squares], controls: control.defaults.defaults({ rotate: false, attribution: false }), interactions: interaction.defaults.defaults({ altShiftDragRotate: false, pinchRotate: false }) });
    view.fit(this.#projection.extent);
    this.#map.on("click", ({ pixel }) => {
      const card = this.#map.getFeaturesAtPixel(pixel)[0]?.get("card");
      if (card) this.#open(card.id, card);
    });
  }

  #imagery(dataset, { product, date }) {
    const layer = new ImageryLayer({ map: this.#map, dataset, projection: this.#projection, zIndex: -1, trouble: () => {} });
    layer.show(dataset, product, date);
  }

  /** The colour says the answer, the dashes that it is not settled, the fill that there is a label at all. */
  #style({ label, settled }) {
    const { style } = this.#ol, color = this.#answers.colour(label);
    return new style.Style({
      stroke: new style.Stroke({ color, width: 2, lineDash: settled ? undefined : [4, 4] }),
      fill: new style.Fill({ color: label ? `${color}59` : "rgb(0 0 0 / 1%)" }),
    });
  }

  #legend() {
    one("legend").replaceChildren(...[...this.#answers.list.map(({ code }) => code), null].map((code) => {
      const row = document.createElement("li");
      row.append(this.#answers.badge(code));
      return row;
    }));
  }
}
