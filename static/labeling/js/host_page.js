/** A campaign while it goes on: what comes from the site, and what its host does. */
import { all, debounce, one, show } from "../../search/js/elements.js";
import { Answers } from "./host_answers.js";
import { HostApi } from "./host_api.js";
import { HostFeed } from "./host_feed.js";
import { Figures } from "./host_figures.js";
import { Grid } from "./host_grid.js";
import { Links } from "./host_links.js";
import { LabelMap } from "./host_map.js";
import { People } from "./host_people.js";
import { wireSettings } from "./host_settings.js";
import { TileView } from "./host_tile.js";
import { Learning } from "./learning_view.js";
import { Sweep } from "./sweep_view.js";

const { campaign } = JSON.parse(document.getElementById("config").textContent);
const api = new HostApi(campaign.id);
const answers = new Answers(campaign.answers);
const figures = new Figures(answers);
const tile = new TileView({ api, answers, fail });
const open = (id, card) => tile.open(id, card);
const grid = new Grid({ api, answers, open, fail });
const links = new Links({ api, fail });
const people = new People({ api, fail });
const map = campaign.dataset.kind === "map" ? new LabelMap({ api, answers, slug: campaign.dataset.slug, open }) : null;
const learning = new Learning({ api, answers, open, fail });
const sweep = new Sweep({ api, answers, slug: campaign.dataset.slug, isMap: campaign.dataset.kind === "map", fail });
let tab = "tiles";

function fail(error) {
  one("problem").textContent = error.message;
  show(one("problem"), true);
}

const refreshPeople = debounce(() => { if (tab === "people") people.draw(); }, 1000);
const refreshLinks = debounce(() => links.draw(), 3000);
let known = campaign.progress.people + campaign.progress.here.length;

const feed = new HostFeed(campaign.id, {
  connected: (on) => show(one("connection"), !on),
  progress: (progress) => {
    figures.draw(progress);
    refreshPeople();
    const now = progress.people + progress.here.length;
    if (now !== known) refreshLinks(); // how many have come by each
    known = now;
  },
  cards: ({ results }) => { grid.changed(results); tile.changed(results); map?.changed(results); sweep.labelled(); },
  learning: () => learning.changed(),
  sweep: () => sweep.changed(),
  gone: () => fail(new Error("This campaign has been deleted, or you may not host it any more.")),
});

async function choose(name) {
  tab = name;
  const pane = name === "disputed" ? "tiles" : name;
  for (const button of all("tab")) {
    const chosen = button.dataset.tab === name;
    button.setAttribute("aria-selected", chosen);
    button.tabIndex = chosen ? 0 : -1;
  }
  for (const section of all("pane")) show(section, section.dataset.pane === pane);
  show(one("filter"), name !== "disputed");
  if (name === "tiles") { one("filter").value = ""; await grid.load({}); }
  if (name === "disputed") await grid.load({ disputed: 1, order: "disagreement" });
  if (name === "map") await map.show().catch(fail);
  if (name === "people") await people.draw();
  if (name === "learning") await learning.show();
  else learning.hide();
  if (name === "sweep") await sweep.show();
  else sweep.hide();
}

const tabs = all("tab").filter((button) => !button.hidden);
tabs.forEach((button, number) => {
  button.addEventListener("click", () => choose(button.dataset.tab));
  button.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = tabs.at((number + step) % tabs.length);
    next.focus();
    choose(next.dataset.tab);
  });
});
for (const link of all("go-to")) link.addEventListener("click", () => {
  choose(link.dataset.goTo).then(() => {
    if (!link.dataset.filter) return;
    one("filter").value = link.dataset.filter;
    one("filter").dispatchEvent(new Event("change"));
  });
});
wireSettings({ api, fail, changed: ({ question, progress }) => { document.querySelector("h1").textContent = question; figures.draw(progress); } });
figures.draw(campaign.progress);
feed.start();
await Promise.all([links.draw(), choose("tiles")]);
document.documentElement.dataset.ready = "";
