/** The studio: fetches what there is, then lets its parts listen to each other. */
import { all, debounce, one, show } from "./elements.js";
import { count } from "./format.js";
import { Shortcuts } from "./shortcuts.js";
import { Studio } from "./studio.js";
import { Actions } from "./studio_actions.js";
import { format, parse } from "./studio_address.js";
import { mount as mountCollections } from "./studio_collections.js";
import { ColourTab } from "./studio_colour_tab.js";
import { mount as mountCompare } from "./studio_compare.js";
import { mount as mountFilter } from "./studio_filter.js";
import { TileGrid } from "./studio_grid.js";
import { HoverCard } from "./studio_hover.js";
import { Inset } from "./studio_inset.js";
import { Layouts } from "./studio_layouts.js";
import { Legend } from "./studio_legend.js";
import { StudioMap } from "./studio_map.js";
import { Mosaic } from "./studio_mosaic.js";
import { Overlay } from "./studio_overlay.js";
import { mount as mountSelect } from "./studio_select.js";
import { Stage } from "./studio_stage.js";
import { Tabs } from "./studio_tabs.js";
import { RowBook } from "./studio_tiles.js";

const SAID = 6000; // milliseconds that a line at the foot stays
const MANY = 200_000; // points whose drawing is seen to take a while
const PANELS = { filter: mountFilter, select: mountSelect, compare: mountCompare, collections: mountCollections };
const config = JSON.parse(document.getElementById("config").textContent);
let quiet = null;

function problem({ message }) {
  show(one("wait"), false);
  one("problem-words").textContent = message;
  show(one("problem"), true);
  one("stage").setAttribute("aria-busy", "false");
}

function say({ text, kind }) {
  one("announcer").textContent = text;
  if (kind === "quiet") return;
  const toast = one("toast");
  toast.textContent = text;
  toast.classList.toggle("toast--error", kind === "error");
  show(toast, text);
  clearTimeout(quiet);
  quiet = setTimeout(() => show(toast, false), kind === "error" ? 2 * SAID : SAID);
}

function note(studio, map) {
  const lines = [];
  if (studio.withoutWebGL) lines.push("Drawn without WebGL, which this browser does not offer: large datasets move more slowly.");
  if (map.drawing.inPortions && studio.tiles > MANY) lines.push(`${count(studio.tiles)} points are drawn in portions; while you move, what was drawn last is shown.`);
  one("note").textContent = lines.join(" ");
  show(one("note"), lines.length);
  setTimeout(() => show(one("note"), false), 2 * SAID);
}

/** A panel that cannot be filled leaves the others as they are. */
async function furnish(name, mount, studio) {
  try {
    await mount(document.querySelector(`[data-panel-of="${name}"]`), studio);
  } catch (error) {
    studio.say(`The tab “${name}” cannot be shown: ${error.message}`, "error");
    console.error(error);
  }
}

async function begin() {
  const studio = await Studio.open(config, document.querySelector('meta[name="csrf-token"]').content);
  studio.addEventListener("say", ({ detail }) => say(detail));
  addEventListener("offline", () => studio.say("You are offline. What you marked is kept on this page; nothing can be saved until you are back.", "error"));
  addEventListener("online", () => studio.say("You are online again."));
  const parts = assembled(studio);
  const wanted = parse(location.search);
  const tabs = new Tabs(wanted.tab, () => write("replaceState"));
  const layouts = new Layouts({ studio, map: parts.map });
  const write = (how) => {
    const { camera } = parts.map;
    const at = camera.zoom === 1 && camera.x === 0 && camera.y === 0 ? null : { x: camera.x, y: camera.y, zoom: camera.zoom };
    const address = format({ layout: layouts.chosen, colour: studio.colour === usual(studio) ? null : studio.colour, mosaic: parts.mosaic.shown, tab: tabs.chosen, at }, location.search);
    if (address !== location.search) history[how](null, "", address || location.pathname);
  };
  const showAll = async ({ layout, colour, mosaic, at }) => {
    const wish = colour ?? usual(studio);
    if (wish !== studio.colour) studio.colourBy(wish === "@selection" ? "" : wish);
    toMosaic(parts.mosaic, mosaic);
    if ((layout || "pca") !== layouts.chosen || !parts.map.positions) await layouts.choose(layout || "pca");
    if (at) parts.map.camera.look(at.x, at.y, at.zoom);
  };
  for (const [name, mount] of Object.entries(PANELS)) furnish(name, mount, studio);
  await showAll(wanted);
  if (!studio.colour) parts.map.recolour();
  listen(studio, parts, { layouts, tabs, write, showAll });
  show(one("wait"), false);
  one("stage").setAttribute("aria-busy", "false");
  setTimeout(() => note(studio, parts.map), 1000);
  document.documentElement.dataset.ready = "";
}

/** What a dataset is coloured by when nobody has said so. */
function usual(studio) {
  return ["@cluster", "luminance", "@date"].find((name) => studio.column(name)) ?? "";
}

function assembled(studio) {
  const map = new StudioMap(one("canvas"), studio);
  const book = new RowBook(studio);
  const overlay = new Overlay({ canvas: one("overlay"), ring: one("ring"), map });
  const hover = new HoverCard({ studio, map, book });
  const parts = { map, book };
  const stage = new Stage({ studio, map, overlay, hover, book, reveal: (row) => parts.grid.reveal(row) });
  parts.grid = new TileGrid({ studio, book, on: { find: (row) => stage.find(row) } });
  parts.mosaic = new Mosaic(one("mosaic-canvas"), { map, book, studio });
  if (one("inset")) new Inset({ studio, map, grid: config.grid, bits: config.bits });
  new Legend({ studio, map });
  new Actions({ studio });
  return { ...parts, stage };
}

function toMosaic(mosaic, shown) {
  mosaic.show(shown);
  one("mosaic").setAttribute("aria-pressed", String(shown));
}

function listen(studio, { map, mosaic, stage }, { layouts, tabs, write, showAll }) {
  new ColourTab({ studio, on: { chosen: () => write("pushState") } });
  const turn = () => {
    toMosaic(mosaic, !mosaic.shown);
    write("pushState");
  };
  one("mosaic").addEventListener("click", turn);
  layouts.addEventListener("chosen", () => write("pushState"));
  map.camera.addEventListener("move", debounce(() => write("replaceState"), 400));
  addEventListener("popstate", () => {
    const wanted = parse(location.search);
    tabs.choose(wanted.tab);
    showAll(wanted);
    if (JSON.stringify(wanted.filter) !== JSON.stringify(studio.filter)) studio.setFilter(wanted.filter).catch(({ message }) => studio.say(message, "error"));
  });
  one("dataset")?.addEventListener("change", ({ target }) => location.assign(target.value));
  one("tray-grow").addEventListener("click", ({ currentTarget }) => {
    const tall = one("tray").classList.toggle("tray--tall");
    currentTarget.setAttribute("aria-expanded", String(tall));
  });
  const pick = (tool) => () => stage.take(tool);
  new Shortcuts(() => stage.rest(), {
    l: pick("lasso"), r: pick("box"), m: pick("move"), t: turn,
    "+": () => stage.zoom(2), "-": () => stage.zoom(0.5), 0: () => map.camera.whole(),
  });
}

for (const button of all("reload")) button.addEventListener("click", () => location.reload());
begin().catch(problem);
