/** The studio's filter panel: what is in the view. The filter is kept in the address, as JSON. */
import { AreaPicker } from "./area_picker.js";
import { all, make, one, show } from "./elements.js";
import { compact, corners, NOTHING, restrictions } from "./filter_json.js";
import { FilterPanel } from "./filter_panel.js";
import { FilterSource } from "./filter_source.js";
import { plural, size } from "./format.js";
import { formatFilters } from "./address_filters.js";
import { patchOf, stateOf } from "./query.js";
import { StudioDates } from "./studio_filter_dates.js";

const BAD_AREA = "Longitudes lie between −180 and 180, latitudes between −90 and 90, and south is below north.";
const SIDES = ["west", "south", "east", "north"];

export async function mount(root, studio) {
  const described = await studio.json("?brief=1");
  return new StudioFilter(root, studio, described);
}

class StudioFilter {
  #root;
  #studio;
  #dataset;
  #filter;
  #panel;
  #dates;
  #sent = Promise.resolve();

  constructor(root, studio, dataset) {
    this.#root = one("studio-filters", root);
    this.#studio = studio;
    this.#dataset = dataset;
    this.#filter = this.#addressed();
    const source = new FilterSource((...request) => studio.json(...request), studio.columns);
    const write = (patch) => this.#write({ ...this.#filter, ...patch });
    this.#panel = new FilterPanel(one("filter-parts", this.#root), source, {
      filter: () => this.#filter, write, apply: (filter) => this.#write(filter), announce: (words) => studio.say(words),
    });
    this.#dates = new StudioDates(one("days-group", this.#root), studio, write);
    this.#kinds(dataset);
    this.#wire();
    this.#draw();
    if (restrictions(this.#filter)) this.#sent = this.#send();
  }

  #addressed() {
    try {
      return compact(JSON.parse(new URLSearchParams(location.search).get("filter") ?? "{}"));
    } catch {
      this.#studio.say("The filter in the address cannot be read, so nothing is filtered.", "error");
      return NOTHING;
    }
  }

  #wire() {
    const root = this.#root;
    root.addEventListener("submit", (event) => event.preventDefault());
    one("filters-reset", root).addEventListener("click", () => this.#write(NOTHING));
    one("filter-mark", root).addEventListener("click", () => this.#mark());
    one("area-clear", root)?.addEventListener("click", () => this.#write({ ...this.#filter, bbox: null }));
    one("polygon-clear", root)?.addEventListener("click", () => this.#write({ ...this.#filter, polygon: null }));
    if (one("area", root)) new AreaPicker(root).start();
    one("area", root)?.addEventListener("pointerup", () => this.#readArea());
    for (const side of all("side", root)) side.addEventListener("change", () => this.#readArea());
    this.#studio.addEventListener("collections", () => this.#panel.refresh());
    this.#root.addEventListener("toggle", () => this.#panel.render(), true);
  }

  /** Once the filter that is set now has its answer. */
  async #mark() {
    await this.#sent;
    this.#studio.mark(this.#studio.view);
    this.#studio.say(`${plural(this.#studio.markedCount, "tile")} marked.`);
  }

  /** Products and sizes to tick, where there is a choice. */
  #kinds({ products, levels, kind }) {
    const box = (field, value, words) => {
      const row = make("value").firstElementChild;
      const input = one("value", row);
      Object.assign(input, { value, name: field });
      one("words", row).textContent = words;
      input.addEventListener("change", () => this.#tick(field));
      return row;
    };
    const place = (name) => one(name, this.#root);
    place("products").replaceChildren(...(products.length > 1 ? products.map(({ name, title }) => box("products", name, title)) : []));
    const sized = kind === "map" && levels.length > 1 ? levels : [];
    place("levels").replaceChildren(...sized.map((level) => box("levels", level.level, size(level))));
    show(place("kinds-group"), products.length > 1 || sized.length);
  }

  #tick(field) {
    const ticked = all("value", one(field, this.#root)).filter(({ checked }) => checked).map(({ value }) => value);
    this.#write({ ...this.#filter, [field]: field === "levels" ? ticked.map(Number) : ticked });
  }

  #readArea() {
    const fields = SIDES.map((side) => this.#root.querySelector(`[data-side="${side}"]`));
    const box = fields.map(({ value }) => (value === "" ? NaN : Number(value)));
    const complete = box.every(Number.isFinite);
    const fine = fields.every(({ validity }) => validity.valid) && (!complete || box[1] < box[3]);
    one("area-error", this.#root).textContent = fine ? "" : BAD_AREA;
    show(one("area-error", this.#root), !fine);
    if (fine && complete) this.#write({ ...this.#filter, bbox: box });
    if (fine && box.every(Number.isNaN) && this.#filter.bbox) this.#write({ ...this.#filter, bbox: null });
  }

  #write(filter) {
    this.#filter = compact(filter);
    this.#draw();
    this.#sent = this.#send();
  }

  async #send() {
    const params = new URLSearchParams(location.search);
    if (restrictions(this.#filter)) params.set("filter", JSON.stringify(this.#filter));
    else params.delete("filter");
    history.replaceState(history.state, "", `${location.pathname}${params.size ? `?${params}` : ""}${location.hash}`);
    await this.#studio.setFilter(this.#filter).then(() => this.#dates.render(this.#filter), (error) => this.#studio.say(error.message, "error"));
  }

  #draw() {
    const [root, filter] = [this.#root, this.#filter];
    const used = (name, count) => {
      const badge = one("used", one(name, root));
      badge.textContent = count;
      show(badge, count);
    };
    const kinds = (filter.products?.length ? 1 : 0) + (filter.levels?.length ? 1 : 0);
    for (const field of ["products", "levels"]) {
      for (const input of all("value", one(field, root))) input.checked = (filter[field] ?? []).map(String).includes(input.value);
    }
    used("kinds-group", kinds);
    used("days-group", filter.from || filter.to ? 1 : 0);
    this.#drawArea(used);
    this.#dates.render(filter);
    show(one("filters-none", root), !restrictions(filter));
    show(one("filters-reset", root), restrictions(filter));
    if (one("filter-label", root)) this.#link(one("filter-label", root));
    this.#panel.render();
  }

  #drawArea(used) {
    const { bbox, polygon } = this.#filter;
    if (!one("place-group", this.#root)) return;
    used("place-group", (bbox ? 1 : 0) + (polygon ? 1 : 0));
    SIDES.forEach((side, at) => {
      const field = this.#root.querySelector(`[data-side="${side}"]`);
      if (field !== document.activeElement) field.value = bbox?.[at] ?? "";
    });
    all("side", this.#root)[0].dispatchEvent(new Event("input")); // the picker draws the box
    show(one("area-clear", this.#root), bbox);
    show(one("polygon-clear", this.#root), polygon);
    const ring = corners(polygon);
    one("polygon-clear", this.#root).textContent = ring ? `Remove the polygon of ${plural(ring.length, "corner")}` : "Remove the polygon";
    one("to-map", this.#root).href = this.#mapAddress();
  }

  /** The map page with these filters, to draw on it. */
  #mapAddress() {
    const state = { ...stateOf(this.#filter, this.#dataset), ...patchOf(this.#filter) };
    const dates = state.dates === "range" ? `${state.from}..${state.to}` : "";
    const parts = { dataset: this.#studio.slug, dates, area: state.area?.join(",") ?? "", ...formatFilters(state) };
    return `/?${new URLSearchParams(Object.entries(parts).filter(([, value]) => value))}`;
  }

  #link(link) {
    const asked = new URLSearchParams({ dataset: this.#studio.slug, filter: JSON.stringify(this.#filter) });
    link.href = `${link.pathname}?${restrictions(this.#filter) ? asked : new URLSearchParams({ dataset: this.#studio.slug })}`;
    show(link, restrictions(this.#filter));
  }
}
