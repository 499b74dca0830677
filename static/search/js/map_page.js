import { parse } from "./address.js";
import { AddressBar } from "./address_bar.js";
import { Api } from "./api.js";
import { Chips } from "./chips.js";
import { CollectionAdding } from "./collection_adding.js";
import { PlaceChooser } from "./place_chooser.js";
import { debounce, one, show } from "./elements.js";
import { Examples } from "./examples.js";
import { Fetching } from "./fetching.js";
import { polygonOf } from "./filter_json.js";
import { Filters } from "./filters.js";
import { sizeNames } from "./format.js";
import { handOver } from "./handing_over.js";
import { GalleryStage } from "./gallery_stage.js";
import { Highlight } from "./highlight.js";
import { ImageSearch } from "./image_search.js";
import { InsideView } from "./inside_view.js";
import { JobsFeed, jobsUrl, unfinished } from "./jobs_feed.js";
import { searchableLevels } from "./levels.js";
import { MapControls } from "./map_controls.js";
import { MapStage } from "./map_stage.js";
import { ProgressView } from "./progress_view.js";
import { fresh, hasQuery, NO_FILTERS } from "./query.js";
import { ResultsView } from "./results_view.js";
import { Searching } from "./searching.js";
import { Sheet } from "./sheet.js";
import { Shortcuts } from "./shortcuts.js";
import { Store } from "./store.js";
import { Suggestions } from "./suggestions.js";
import { TextSearch } from "./text_search.js";
import { TileBook } from "./tile_book.js";
import { TileMaker } from "./tile_maker.js";

/** Wires the search page: state in the middle; address and server on one side, map and panel on the other. */
const config = JSON.parse(document.getElementById("config").textContent);
let dataset = config.dataset; // asked for again as its index grows
const isMap = dataset.kind === "map";

const token = document.querySelector('meta[name="csrf-token"]').content;
const api = new Api({ root: config.api, slug: dataset.slug, token });
const store = new Store(parse(location.search, dataset));
const book = new TileBook((key) => api.tile(key));
const highlight = new Highlight();
const announce = debounce((words) => { one("announcer").textContent = words; }, 150);
const examples = new Examples({ store, announce });
const progress = new ProgressView(announce);
const sizeName = sizeNames(dataset);
let controls = null;

const stage = isMap ? makeMap() : makeGallery();
const maker = isMap && new TileMaker({ dataset: () => dataset, stage });
const chooser = isMap && new PlaceChooser({ maker, book, stage, examples });
const results = new ResultsView({ dataset, act, highlight, announce, sizeName });
const searching = new Searching({ api, store, on: { none, loading, answer, failure } });
const deepest = dataset.grid.levels.length - 1;
const inside = new InsideView({ api, store, act: leaveInside, sizeName, deepest, announce });
const marks = (kind, tiles) => stage.mark(kind, tiles);
const chips = new Chips({ store, book, imageUrl: (id) => api.imageUrl(id), open: fly, marks });
const adding = new CollectionAdding({
  json: (...request) => api.json(...request), shown: () => results.shown.map(({ tile }) => tile.key),
  examples: () => store.state.positives, done: collected,
});
const filters = new Filters({
  dataset, store, json: (...request) => api.json(...request), drawArea, drawPolygon, areaInView: () => stage.areaInView, announce,
});
const sheet = new Sheet((pixels) => { if (isMap) stage.covered = pixels; });
const fetching = isMap && new Fetching({
  api, may: (product) => config.may_fetch && Boolean(config.layers[product]), tile: (key) => book.get(key), done: fetched, announce,
});
const images = new ImageSearch({
  api, results, announce, largest: config.upload_limit ?? Infinity,
  found: (id) => store.change({ ...fresh({ images: [id] }), level: isMap ? stage.level : null }),
});
new TextSearch({ store, level: () => (isMap ? stage.level : null) });
const startAt = (point, level) => chooser.choose(point, level, null, true);
const suggestions = isMap && new Suggestions({ dataset, stage, maker, choose: startAt });

function makeMap() {
  const choose = (...where) => chooser.choose(...where);
  const on = { choose, highlight, levelChanged: () => controls?.levelChanged(), announce };
  return new MapStage({ dataset: () => dataset, offset: config.offset_grid, store, levels: () => searchableLevels(dataset), sizeName, on });
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

const pickLevel = (level) => store.change({ level, locked: true });
const lock = (locked) => store.change({ locked, level: stage.level }, "replace");

function drawArea() {
  if (stage.drawing) return escape();
  draw("Drag a box over the area to search", (area) => store.change({ area }));
  one("area-draw").setAttribute("aria-pressed", "true");
}

function drawPolygon() {
  if (stage.drawing) return escape();
  examples.leave();
  examples.hint("Click the corners of the area, the first one again to close it");
  sheet.set("peek");
  stage.drawPolygon((corners) => { escape(); store.change({ polygon: polygonOf(corners) }); });
  one("polygon-draw").setAttribute("aria-pressed", "true");
}

function draw(hint, done) {
  examples.leave();
  examples.hint(hint);
  sheet.set("peek");
  stage.drawArea((area) => { escape(); done(area); });
}

function escape() {
  if (isMap) stage.stopDrawing();
  controls?.escape();
  for (const name of ["area-draw", "polygon-draw"]) one(name)?.setAttribute("aria-pressed", "false");
  examples.leave();
}

function levelSearched() { return store.state.sizes === "all" ? null : store.state.level; }

function none() { results.welcome(); placeResults(); }

function loading() {
  adding.close();
  show(one("collected"), false);
  if (isMap) stage.heat(null, null); // it was of another search
  results.loading();
}

function answer(found) {
  found.results.forEach(({ tile }) => book.add(tile));
  results.answer(found, { least: store.state.minScore, level: levelSearched() });
  placeResults();
  sheet.rise();
}

function failure(error) {
  const { positives, negatives } = store.state;
  if (fetching?.try(error, [...positives, ...negatives])) return;
  results.failed(error);
  placeResults();
  sheet.rise();
}

/** A tile was asked for at its source: the dataset has it now, or `error` says why not. */
async function fetched(answer, error) {
  if (error) return failure(error);
  dataset = await api.dataset().catch(() => dataset);
  stage.render(store.state, store.state);
  stage.refresh(); // a scene that was there keeps its address
  return searching.again();
}

function placeResults() { if (isMap) stage.showResults(results.shown); }

function render(state, previous) {
  stage.render(state, previous);
  controls?.render();
  filters.render();
  chips.render();
  searching.render();
  const shown = state.date !== previous?.date || state.product !== previous?.product;
  if (suggestions && shown) suggestions.render(state, searchableLevels(dataset));
  if (previous && state.minScore !== previous.minScore) { results.threshold(state.minScore, levelSearched()); placeResults(); }
}

/** The index has grown: new sizes may be searchable, and an empty answer may have results now. */
async function grow(shards) {
  if (!progress.render(shards)) return;
  dataset = await api.dataset().catch(() => dataset); // the next report asks again
  controls?.levelChanged();
  if (hasQuery(store.state) && !results.shown.length && store.state.minScore === 0) searching.again();
}

const setThreshold = (minScore) => store.change({ minScore }, "replace");

/** What is shown becomes a campaign's tiles. */
function labelThese({ currentTarget }) {
  const tiles = results.shown.map(({ tile }) => tile);
  const chosen = { dataset: dataset.slug, tiles: { keys: tiles.map(({ key }) => key), examples: store.state.positives }, pictures: tiles.map(({ thumbnail }) => thumbnail) };
  handOver(currentTarget.dataset.address, chosen);
}

function labelArea({ currentTarget }) {
  const { product, date, area } = store.state;
  handOver(currentTarget.dataset.address, { dataset: dataset.slug, tiles: { area: { product, date, level: stage.level, bbox: area } } });
}

function collected(words) {
  announce(words);
  one("collected").textContent = words;
  show(one("collected"), true);
  filters.refresh();
}

/** Everything that passes the filters becomes a campaign's tiles. */
function labelFilter({ currentTarget }) {
  const asked = new URLSearchParams({ dataset: dataset.slug, filter: JSON.stringify(filters.saved) });
  location.assign(`${currentTarget.dataset.address}?${asked}`);
}

function doNothingAction({ target }) {
  if (target.dataset.nothingAction === "threshold") setThreshold(0);
  else store.change(NO_FILTERS);
}

function wire() {
  one("dataset")?.addEventListener("change", ({ target }) => location.assign(`?dataset=${target.value}`));
  one("least").addEventListener("input", ({ target }) => setThreshold(target.value === target.min ? 0 : +target.value));
  one("clear").addEventListener("click", () => { escape(); store.change(fresh({})); });
  one("retry").addEventListener("click", () => searching.again());
  one("label-these").addEventListener("click", labelThese);
  one("label-area")?.addEventListener("click", labelArea);
  one("label-filter")?.addEventListener("click", labelFilter);
  one("nothing-action").addEventListener("click", doNothingAction);
  new Shortcuts(escape, controls?.keys);
}

if (isMap) controls = new MapControls({ config, dataset, store, stage, api, announce, pickLevel, lock, draw });
highlight.onChange((key) => stage.light(key));
store.onChange((_state, _previous, how) => how === "replace" || images.forget());
store.onChange(render);
new AddressBar({ store, dataset, api, announce });
wire();
render(store.state, null);
progress.render(dataset.shards);
const feed = new JobsFeed({ url: jobsUrl(dataset.slug), poll: () => api.dataset(), hear: grow });
if (unfinished(dataset.shards)) feed.start();
document.documentElement.dataset.ready = "yes";
