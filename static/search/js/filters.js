import { all, debounce, one, show } from "./elements.js";
import { filtersInUse, NO_FILTERS } from "./query.js";

const BAD_AREA = "Longitudes lie between −180 and 180, latitudes between −90 and 90, and south is below north.";
const EDGES = ["west", "south", "east", "north"];

/** The filter form, both ways: what is typed becomes state, and state fills the form. */
export class Filters {
  #form = one("filters");
  #store;
  #dates;

  constructor({ dataset, store, drawArea, areaInView }) {
    this.#store = store;
    this.#dates = dataset.products.flatMap(({ dates }) => dates.map(({ date }) => date));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", debounce(({ target }) => this.#read(target), 350));
    one("filters-reset").addEventListener("click", () => store.change(NO_FILTERS));
    one("filters-toggle").addEventListener("click", () => this.open(one("filters").hidden));
    one("area-draw")?.addEventListener("click", drawArea);
    one("area-view")?.addEventListener("click", () => store.change({ area: areaInView() }));
    one("area-clear")?.addEventListener("click", () => store.change({ area: null }));
    show(one("products-field"), dataset.products.length > 1);
    show(one("sizes-field"), dataset.levels.length > 1);
    show(one("dates-field"), dataset.products.some(({ dates }) => dates.length > 1));
  }

  open(opened) {
    show(this.#form, opened);
    one("filters-toggle").setAttribute("aria-expanded", String(opened));
  }

  render() {
    const { state } = this.#store;
    const values = { ...state, ...Object.fromEntries(EDGES.map((edge, index) => [edge, state.area?.[index] ?? ""])) };
    for (const name of ["products", "dates", "sizes", "from", "to", "k", ...EDGES]) this.#set(name, values[name]);
    for (const box of this.#form.querySelectorAll("[type=checkbox]")) box.checked = state[box.name];
    for (const input of all("metric", this.#form)) this.#put(input, this.#end(input.dataset) ?? "");
    show(one("date-range"), state.dates === "range");
    show(one("nested-field"), state.sizes === "all");
    show(one("area-clear"), state.area);
    show(one("label-area"), state.area);
    one("filters-count").textContent = filtersInUse(state);
    show(one("filters-count"), filtersInUse(state) > 0);
  }

  #set(name, value) { if (this.#form.elements[name]) this.#put(this.#form.elements[name], value); }

  #end({ metric, end }) { return this.#store.state.metrics[metric]?.[end]; }

  /** Never under the hands of someone who types. */
  #put(input, value) {
    if (input !== document.activeElement || input.value === "" || value === "") input.value = value;
  }

  #read(input) {
    if (input.name === "k") this.#readCount(input);
    else if (EDGES.includes(input.name)) this.#readArea();
    else if (input.dataset.metric) this.#readMetric(input.dataset.metric);
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

  #readMetric(name) {
    const inputs = all("metric", this.#form).filter((input) => input.dataset.metric === name);
    const range = inputs.map(({ value }) => (value === "" ? null : Number(value)));
    const others = Object.entries(this.#store.state.metrics).filter(([other]) => other !== name);
    const wanted = range.some((end) => end !== null) ? [[name, range]] : [];
    this.#store.change({ metrics: Object.fromEntries([...others, ...wanted]) });
  }

  #valid(input, message) {
    input.setAttribute("aria-invalid", String(!input.validity.valid));
    show(message, !input.validity.valid);
  }
}
