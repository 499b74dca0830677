import { all, debounce, one, show } from "./elements.js";
import { count } from "./format.js";
import { FilterCollections } from "./filter_collections.js";
import { FilterColumns } from "./filter_columns.js";
import { FilterLabels } from "./filter_labels.js";
import { compact } from "./filter_json.js";
import { FilterViews } from "./filter_views.js";
import { Latest } from "./latest.js";

const QUIET = 200; // ms

/** What the map page and the studio filter by alike: histograms, labels, scores, collections, saved views. */
export class FilterPanel {
  #root;
  #source;
  #on;
  #columns;
  #labels;
  #collections;
  #views;
  #latest = new Latest();
  #loaded = new Set();
  #asked = "";
  #ask = debounce(() => this.#facets(), QUIET);

  /**
   * root: holds search/_filter_parts.html.  source: a FilterSource.  on: {filter(): the one in force, write(patch of
   * it), apply(a whole filter), announce(words)}
   */
  constructor(root, source, on) {
    this.#root = root;
    this.#source = source;
    this.#on = on;
    const write = (change) => on.write(change(on.filter()));
    this.#labels = one("labels-group", root) && new FilterLabels(root, write);
    this.#collections = new FilterCollections(root, write);
    this.#views = one("views-group", root) && new FilterViews(root, source, { apply: on.apply, current: () => on.saved?.() ?? on.filter(), announce: on.announce });
    this.#columns = new FilterColumns(root, source.columns, write);
    new IntersectionObserver((seen) => seen.at(-1).isIntersecting && this.#ask()).observe(root); // a tab was opened
    for (const group of root.querySelectorAll("details")) group.addEventListener("toggle", () => this.#opened());
  }

  /** The filter has changed, or the panel came into sight. */
  render() {
    const filter = this.#on.filter();
    for (const part of [this.#columns, this.#labels, this.#collections, this.#views]) part?.render(filter);
    this.#ask();
  }

  /** Collections were made or deleted elsewhere on the page. */
  refresh() {
    this.#loaded.delete("collections");
    this.#asked = "";
    this.#opened();
  }

  get #shown() { return this.#root.offsetParent !== null; }

  #opened() {
    const load = (name, part, ask) => {
      if (!part?.open || this.#loaded.has(name)) return;
      this.#loaded.add(name);
      ask().then((found) => part.fill(found, this.#on.filter()), (error) => {
        this.#loaded.delete(name);
        this.#on.announce(error.message);
        this.#problem(error.message);
      });
    };
    load("labels", this.#labels, () => this.#source.campaigns());
    load("collections", this.#collections, () => this.#source.collections());
    load("views", this.#views, () => this.#source.views());
    this.#ask();
  }

  /** Asked only for what is in sight, and only when it differs from what was asked last. */
  #facets() {
    if (!this.#shown) return;
    const [filter, columns] = [compact(this.#on.filter()), this.#columns.open];
    const asked = JSON.stringify([filter, columns]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#latest.run((signal) => this.#source.facets(filter, columns, signal), {
      start: () => one("filter-count", this.#root).setAttribute("aria-busy", "true"),
      done: (answer) => this.#fill(answer),
      failed: (error) => this.#failed(error),
    });
  }

  #fill({ tiles, kept, columns }) {
    this.#problem("");
    one("filter-count", this.#root).setAttribute("aria-busy", "false");
    one("filter-count", this.#root).textContent = kept === tiles ? `All ${count(tiles)} tiles pass.` : `${count(kept)} of ${count(tiles)} tiles pass.`;
    this.#columns.fill(columns);
  }

  #failed(error) {
    this.#asked = "";
    one("filter-count", this.#root).textContent = "";
    this.#problem(this.#columns.problem(error.message) ? "" : error.message);
  }

  #problem(words) {
    for (const place of all("filter-problem", this.#root)) {
      place.textContent = words;
      show(place, words);
    }
  }
}
