import { debounce, one, show } from "./elements.js";
import { FilterPanel } from "./filter_panel.js";
import { FilterSource } from "./filter_source.js";
import { filterOf, filtersInUse, NO_FILTERS, patchOf, stateOf } from "./query.js";

const BAD_AREA = "Longitudes lie between −180 and 180, latitudes between −90 and 90, and south is below north.";
const EDGES = ["west", "south", "east", "north"];

/** The filter form, both ways: what is typed becomes state, and state fills the form. */
export class Filters {
  #form = one("filters");
  #store;
  #dates;
  #panel;

  /** json: of the API (api.js) */
  constructor({ dataset, store, json, drawArea, drawPolygon, areaInView, announce }) {
    this.#store = store;
    this.#panel = new FilterPanel(one("filter-parts"), new FilterSource(json, dataset.columns), {
      filter: () => filterOf(store.state), write: (patch) => store.change(patchOf(patch)),
      saved: () => this.saved, apply: (filter) => store.change(stateOf(filter, dataset)), announce,
    });
    this.#dates = dataset.products.flatMap(({ dates }) => dates.map(({ date }) => date));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", debounce(({ target }) => this.#read(target), 350));
    one("filters-reset").addEventListener("click", () => store.change(NO_FILTERS));
    one("filters-toggle").addEventListener("click", () => this.open(one("filters").hidden));
    one("area-draw")?.addEventListener("click", drawArea);
    one("polygon-draw")?.addEventListener("click", drawPolygon);
    one("polygon-clear")?.addEventListener("click", () => store.change({ polygon: null }));
    one("area-view")?.addEventListener("click", () => store.change({ area: areaInView() }));
    one("area-clear")?.addEventListener("click", () => store.change({ area: null }));
    show(one("products-field"), dataset.products.length > 1);
    show(one("sizes-field"), dataset.levels.length > 1);
    show(one("dates-field"), dataset.products.some(({ dates }) => dates.length > 1));
  }

  open(opened) {
    show(this.#form, opened);
    one("filters-toggle").setAttribute("aria-expanded", String(opened));
    if (opened) this.#panel.render();
  }

  /** What is worth a name, or a campaign: the size only where the person has chosen it. */
  get saved() {
    const { levels, ...filter } = filterOf(this.#store.state);
    return { ...filter, ...(levels && this.#store.state.locked && { levels }) };
  }

  /** Collections were made elsewhere on the page. */
  refresh() { this.#panel.refresh(); }

  render() {
    const { state } = this.#store;
    const values = { ...state, ...Object.fromEntries(EDGES.map((edge, index) => [edge, state.area?.[index] ?? ""])) };
    for (const name of ["products", "dates", "sizes", "from", "to", "k", ...EDGES]) this.#set(name, values[name]);
    for (const box of this.#form.querySelectorAll("[type=checkbox][name]")) box.checked = state[box.name];
    show(one("date-range"), state.dates === "range");
    show(one("nested-field"), state.sizes === "all");
    show(one("area-clear"), state.area);
    show(one("polygon-clear"), state.polygon);
    show(one("label-area"), state.area);
    const { saved } = this;
    show(one("label-filter"), Object.keys(saved).length);
    one("to-studio").search = Object.keys(saved).length ? `?${new URLSearchParams({ filter: JSON.stringify(saved) })}` : "";
    one("filters-count").textContent = filtersInUse(state);
    show(one("filters-count"), filtersInUse(state) > 0);
    one("filters-toggle").ariaLabel = filtersInUse(state) ? `Filters, ${filtersInUse(state)} in use` : "Filters";
    this.#panel.render();
  }

  #set(name, value) { if (this.#form.elements[name]) this.#put(this.#form.elements[name], value); }

  /** Never under the hands of someone who types. */
  #put(input, value) {
    if (input !== document.activeElement || input.value === "" || value === "") input.value = value;
  }

  #read(input) {
    if ("noFilter" in input.dataset) return; // the panel's own
    if (input.name === "k") this.#readCount(input);
    else if (EDGES.includes(input.name)) this.#readArea();
    else if (input.value === "range") this.#store.change({ dates: "range", ...this.#span() });
    else this.#store.change({ [input.name]: input.type === "checkbox" ? input.checked : input.value });
  }

  /** The first and the last date there is, to narrow from. */
  #span() {
    const dates = this.#dates.filter((date) => date !== "static").sort();
    return { from: dates[0] ?? "", to: dates.at(-1) ?? "" };
  }

  #readCount(input) {
    this.#valid(input, one("k-error"));
    if (input.validity.valid) this.#store.change({ k: Number(input.value) });
  }

  #readArea() {
    const inputs = EDGES.map((edge) => this.#form.elements[edge]);
    const area = inputs.map(({ value }) => (value === "" ? NaN : Number(value)));
    const complete = area.every(Number.isFinite);
    const fine = inputs.every(({ validity }) => validity.valid) && (!complete || area[1] < area[3]);
    one("area-error").textContent = fine ? "" : BAD_AREA;
    show(one("area-error"), !fine);
    if (fine && complete) this.#store.change({ area });
    if (fine && area.every(Number.isNaN)) this.#store.change({ area: null });
  }

  #valid(input, message) {
    input.setAttribute("aria-invalid", String(!input.validity.valid));
    show(message, !input.validity.valid);
  }
}
