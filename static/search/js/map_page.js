import { parse } from "./address.js";
import { AddressBar } from "./address_bar.js";
import { Api } from "./api.js";
import { Chips } from "./chips.js";
import { PlaceChooser } from "./place_chooser.js";
import { debounce, one, show } from "./elements.js";
import { Examples } from "./examples.js";
import { Filters } from "./filters.js";
import { sizeNames } from "./format.js";
import { GalleryStage } from "./gallery_stage.js";
import { Highlight } from "./highlight.js";
import { ImageInput } from "./image_input.js";
import { InsideView } from "./inside_view.js";
import { JobsFeed, jobsUrl, unfinished } from "./jobs_feed.js";
import { Latest } from "./latest.js";
import { searchableLevels } from "./levels.js";
import { MapStage } from "./map_stage.js";
import { ProgressView } from "./progress_view.js";
import { fresh, hasQuery, NO_FILTERS } from "./query.js";
import { ResultsView } from "./results_view.js";
import { Searching } from "./searching.js";
import { Sheet } from "./sheet.js";
import { Shortcuts } from "./shortcuts.js";
import { Store } from "./store.js";
import { Suggestions } from "./suggestions.js";
import { TileBook } from "./tile_book.js";
import { TileMaker } from "./tile_maker.js";
import { Toolbar } from "./toolbar.js";

/** Wires the search page: state in the middle; address and server on one side, map and panel on the other. */
const config = JSON.parse(document.getElementById("config").textContent);
let dataset = config.dataset; // asked for again as its index grows
const isMap = dataset.kind === "map";

const token = document.querySelector('meta[name="csrf-token"]').content;
const api = new Api({ root: config.api, slug: dataset.slug, token });
const store = new Store(parse(location.search, dataset));
const book = new TileBook((key) => api.tile(key));
const highlight = new Highlight();
const uploads = new Latest(); // of the image that was given
const announce = debounce((words) => { one("announcer").textContent = words; }, 150);
const examples = new Examples({ store, announce });
const progress = new ProgressView(announce);
const sizeName = sizeNames(dataset);
let toolbar = null;

const stage = isMap ? makeMap() : makeGallery();
const maker = isMap && new TileMaker({ dataset: () => dataset, grid: stage.grid });
const chooser = isMap && new PlaceChooser({ maker, store, book, stage, examples });
const results = new ResultsView({ dataset, act, highlight, announce, sizeName });
const searching = new Searching({ api, store, on: { none, loading, answer, failure } });
const deepest = dataset.grid.levels.length - 1;
const inside = new InsideView({ api, store, act: leaveInside, sizeName, deepest, announce });
const marks = (kind, tiles) => stage.mark(kind, tiles);
const chips = new Chips({ store, book, imageUrl: (id) => api.imageUrl(id), open: fly, marks });
const filters = new Filters({ dataset, store, drawArea, areaInView: () => stage.areaInView });
const sheet = new Sheet((pixels) => { if (isMap) stage.covered = pixels; });
const images = new ImageInput({ largest: config.upload_limit ?? Infinity, take: searchWithImage });
const startAt = (place, level) => chooser.choose(place, level, null, true);
const suggestions = isMap && new Suggestions({ dataset, grid: stage.grid, maker, choose: startAt });

function makeMap() {
  const choose = (...where) => chooser.choose(...where);
  const on = { choose, highlight, levelChanged: () => toolbar?.render(), announce };
  return new MapStage({ dataset, store, levels: () => searchableLevels(dataset), sizeName, on });
}

function makeGallery() {
  return new GalleryStage({ store, api, book, on: { choose: (tile, how) => examples.choose(tile, null, how) } });
}

/** What the buttons and keys of a result do. */
function act(action, tile, result) {
  book.add(tile);
  if (action === "show") fly(tile);
  else if (action === "inside") inside.open(result);
  else if (action === "query") store.change(fresh({ positives: [tile.key] }));
  else examples.refine(action, tile);
}

/** From the view of a single tile: its heat map, if it shows one, comes along to the map. */
function leaveInside(action, tile, heat) {
  act(action, tile);
  if (isMap && action === "show") stage.heat(tile, heat);
  highlight.set(null, "map"); // the card that has the focus again
}

/** To the tile, on the date that it shows. */
function fly(tile) {
  sheet.sink();
  if (isMap) store.change({ product: tile.product, date: tile.date });
  stage.fly(tile);
}

function searchWithImage(file) {
  images.refuse("");
  announce("Uploading the image…");
  uploads.run((signal) => api.upload(file, signal), {
    start: () => results.loading(),
    done: ({ id }) => { results.settle(); store.change({ ...fresh({ images: [id] }), level: isMap ? stage.level : null }); },
    failed: (error) => { images.refuse(error.message); results.settle(); },
  });
}

const pickLevel = (level) => store.change({ level, locked: true });
const lock = (locked) => store.change({ locked, level: stage.level }, "replace");

function drawArea() {
  if (stage.drawing) return escape();
  examples.leave();
  examples.hint("Drag a box over the area to search");
  sheet.set("peek");
  one("area-draw").setAttribute("aria-pressed", "true");
  stage.drawArea((area) => { escape(); store.change({ area }); });
}

function escape() {
  if (isMap) stage.stopDrawing();
  one("area-draw")?.setAttribute("aria-pressed", "false");
  examples.leave();
}

function forgetUpload(_state, _previous, how) {
  if (how === "replace" || !uploads.busy) return;
  uploads.cancel();
  results.settle();
}

function levelSearched() { return store.state.sizes === "all" ? null : store.state.level; }

function none() { results.welcome(); placeResults(); }

function loading() {
  if (isMap) stage.heat(null, null); // it was of another search
  results.loading();
}

function answer(found) {
  found.results.forEach(({ tile }) => book.add(tile));
  results.answer(found, { least: store.state.minScore, level: levelSearched() });
  placeResults();
  sheet.rise();
}

function failure(error) { results.failed(error); placeResults(); sheet.rise(); }

function placeResults() { if (isMap) stage.showResults(results.shown); }

function render(state, previous) {
  stage.render(state, previous);
  toolbar?.render();
  filters.render();
  chips.render();
  searching.render();
  if (one("text") && state.text !== previous?.text) one("text").value = state.text;
  const shown = state.date !== previous?.date || state.product !== previous?.product;
  if (suggestions && shown) suggestions.render(state, searchableLevels(dataset));
  if (previous && state.minScore !== previous.minScore) { results.threshold(state.minScore, levelSearched()); placeResults(); }
}

/** The index has grown: new sizes may be searchable, and an empty answer may have results now. */
async function grow(shards) {
  if (!progress.render(shards)) return;
  dataset = await api.dataset().catch(() => dataset); // the next report asks again
  toolbar?.render();
  if (hasQuery(store.state) && !results.shown.length && store.state.minScore === 0) searching.again();
}

const setThreshold = (minScore) => store.change({ minScore }, "replace");

function doNothingAction({ target }) {
  if (target.dataset.nothingAction === "threshold") setThreshold(0);
  else store.change(NO_FILTERS);
}

function wire() {
  one("dataset")?.addEventListener("change", ({ target }) => location.assign(`?dataset=${target.value}`));
  one("least").addEventListener("input", ({ target }) => setThreshold(target.value === target.min ? 0 : +target.value));
  one("clear").addEventListener("click", () => { escape(); store.change(fresh({})); });
  one("retry").addEventListener("click", () => searching.again());
  one("nothing-action").addEventListener("click", doNothingAction);
  one("text-form")?.addEventListener("submit", searchText);
  new Shortcuts(escape);
}

function searchText(event) {
  event.preventDefault();
  const text = one("text").value.trim();
  store.change({ text, level: isMap ? stage.level : null, minScore: 0 });
}

if (isMap) toolbar = new Toolbar({ dataset, store, level: () => stage.level, pickLevel, lock });
highlight.onChange((key) => stage.light(key));
store.onChange(forgetUpload);
store.onChange(render);
new AddressBar({ store, dataset, api, announce });
wire();
render(store.state, null);
progress.render(dataset.shards);
const feed = new JobsFeed({ url: jobsUrl(dataset.slug), poll: () => api.dataset(), hear: grow });
if (unfinished(dataset.shards)) feed.start();
document.documentElement.dataset.ready = "yes";
