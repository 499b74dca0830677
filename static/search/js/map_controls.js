import { AnimateView } from "./animate_view.js";
import { one } from "./elements.js";
import { MapTools } from "./map_tools.js";
import { PlaceSearch } from "./place_search.js";
import { Playback } from "./playback.js";
import { TimelineView } from "./timeline_view.js";
import { Toolbar } from "./toolbar.js";
import { worldviewLink } from "./worldview.js";

const ANIMATION_BOX = "Drag a box over the region of the film";

/** Everything around the map that says what it shows: toolbar, line of dates, tools, "go to a place", links, credit. */
export class MapControls {
  #config;
  #store;
  #stage;
  #toolbar;
  #timeline;
  #tools;
  #places;
  #playback;

  /** parts: config, dataset, store, stage, api, announce, pickLevel(level), lock(locked), draw(hint, done) */
  constructor({ config, dataset, store, stage, api, announce, pickLevel, lock, draw }) {
    this.#config = config;
    this.#store = store;
    this.#stage = stage;
    this.#timeline = new TimelineView({ dataset, store });
    this.#toolbar = new Toolbar({ dataset, store, level: () => stage.level, pickLevel, lock, timeline: this.#timeline });
    this.#tools = new MapTools({ dataset, store, timeline: this.#timeline });
    const worldview = (query) => location.assign(`/worldview/?${query}&dataset=${encodeURIComponent(dataset.slug)}`);
    this.#places = new PlaceSearch({ ask: (text, signal) => api.places(text, signal), go: (place) => stage.goTo(place.bbox), worldview });
    this.#playback = this.#makePlayback();
    const line = (product) => this.#timeline.line(product);
    const animate = new AnimateView(api, {
      store, announce, line, areaInView: () => stage.areaInView, draw: (done) => draw(ANIMATION_BOX, done),
    });
    animate.offer();
  }

  /** Keys that work anywhere on the page. */
  get keys() {
    const step = (by) => () => this.#step(by);
    return { g: () => this.#places.open(), "[": step(-1), "]": step(1) };
  }

  escape() {
    this.#places.close();
    this.#tools.close();
    this.#playback.stop();
  }

  /** The size that a click looks for may be another. */
  levelChanged() { this.#toolbar.render(); }

  render() {
    for (const part of [this.#toolbar, this.#timeline, this.#tools]) part.render();
    one("credit").textContent = this.#credit();
    one("worldview").href = worldviewLink(this.#store.state, {
      projection: this.#stage.projection, extent: this.#stage.extent, area: this.#stage.areaInView,
      layers: this.#config.layers,
    });
  }

  get #line() { return this.#timeline.line(this.#store.state.product); }

  #step(by) {
    const { date } = this.#store.state;
    const next = date !== "static" && this.#line.step(date, by);
    if (next && next !== date) this.#store.change({ date: next });
  }

  /** From the date shown on, or from the first one when the last is shown. */
  #makePlayback() {
    const shown = () => this.#store.state.date;
    const next = () => { const date = this.#line.step(shown(), 1); return date === shown() ? undefined : date; };
    return new Playback({
      first: () => next() ?? this.#line.dates[0], next, show: (date) => this.#store.change({ date }, "replace"),
      drawn: () => this.#stage.drawn(),
    });
  }

  /** Of the dataset and of the products in sight, each once. */
  #credit() {
    const { product, compare, otherProduct } = this.#store.state;
    const shown = [product, compare && otherProduct].filter(Boolean);
    const products = this.#config.dataset.products.filter(({ name }) => shown.includes(name));
    const credits = [this.#config.dataset.credit, ...products.map(({ credit }) => credit)].filter(Boolean);
    return [...new Set(credits)].join(" · ");
  }
}
