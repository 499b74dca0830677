/** The form of a new campaign: tiles that the map has handed over, a gallery's, or pictures of one's own. */
import { all, make, one, show } from "../../search/js/elements.js";
import { plural } from "../../search/js/format.js";
import { handedOver } from "../../search/js/handing_over.js";
import { create } from "./host_api.js";
import { importPictures } from "./host_pictures.js";

const config = JSON.parse(document.getElementById("config").textContent);
const WAYS = ["→", "←", "↓", "↑"];
const form = one("form");
let handed = config.handed ?? (config.problem ? null : handedOver(config.dataset));

/** How many tiles were handed over, in words. */
function handedWords({ tiles: { keys, area }, count: tiles, words }) {
  if (words) return `${plural(tiles, "tile")} of ${words}`;
  return keys ? plural(keys.length, "tile") : area ? "All tiles of an area" : "All pictures";
}

function drawHanded() {
  show(one("handed"), handed);
  show(one("sources"), !handed);
  if (!handed) { drawSource(); return; }
  one("handed-count").textContent = handedWords(handed);
  one("handed-from").textContent = config.datasets.find(({ slug }) => slug === handed.dataset)?.name ?? handed.dataset;
  one("handed-strip").replaceChildren(...(handed.pictures ?? []).slice(0, 8).map((src) => Object.assign(new Image(96, 96), { src, alt: "" })));
}

function drawSource() {
  const source = form.elements.source.value;
  for (const part of all("source")) show(part, part.dataset.source === source);
  const chosen = config.datasets.find(({ slug }) => slug === one("dataset").value);
  show(one("map-hint"), chosen?.kind === "map");
  one("to-map").href = `/?dataset=${encodeURIComponent(chosen?.slug ?? "")}`;
}

function addAnswer({ word = "", colour, icon, code } = {}) {
  const number = all("word").length, row = make("answer");
  one("word", row).value = word;
  one("colour", row).value = colour ?? config.colours[number % config.colours.length];
  Object.assign(row.dataset, { icon: icon ?? "", code: code ?? "", was: word });
  one("remove", row).addEventListener("click", () => { row.remove(); renumber(); });
  one("answer-list").append(row);
  renumber();
}

function renumber() {
  all("way", one("answer-list")).forEach((way, number) => { way.textContent = WAYS[number] ?? number + 1; });
}

/** Icon and short name stay with a usual answer only as long as its word does. */
function answers() {
  return [...one("answer-list").children].map((row) => {
    const word = one("word", row).value.trim(), { icon, code, was } = row.dataset;
    return { word, colour: one("colour", row).value, ...(word === was && code && { code }), ...(word === was && icon && { icon }) };
  });
}

async function tiles() {
  if (handed) return { dataset: handed.dataset, tiles: handed.tiles };
  if (form.elements.source.value === "own") {
    const files = [...one("pictures").files];
    if (!files.length) throw new Error("Choose the pictures first.");
    const dataset = await importPictures(files, { name: one("question").value.trim(), chunk: config.chunk, said: working });
    return { dataset, tiles: { all: true } };
  }
  const chosen = config.datasets.find(({ slug }) => slug === one("dataset").value);
  if (!chosen) throw new Error("There is no dataset yet: choose pictures of your own.");
  return chosen.kind === "gallery" ? { dataset: chosen.slug, tiles: { all: true } } : { dataset: chosen.slug };
}

function working(words) {
  one("working").textContent = words;
  show(one("working"), Boolean(words));
}

function fail(error) {
  one("problem").textContent = error.message;
  show(one("problem"), true);
  one("problem").scrollIntoView({ block: "center" });
}

async function submit(event) {
  event.preventDefault();
  show(one("problem"), false);
  if (!one("question").value.trim()) { fail(new Error("Write the question that people shall answer.")); one("question").focus(); return; }
  one("submit").disabled = true;
  try {
    const boxes = Object.fromEntries([...form.querySelectorAll("[type=checkbox]")].map(({ name, checked }) => [name, checked]));
    const wanted = Number(form.elements.votes_wanted.value);
    const votes = { votes_wanted: wanted, votes_most: wanted === 1 ? 1 : 2 * wanted + 1 };
    const said = { question: one("question").value, explanation: form.elements.explanation.value, answers: answers() };
    const made = await create({ ...await tiles(), ...said, ...votes, ...boxes });
    handedOver(null);
    location.assign(`/campaigns/${made.id}/`);
  } catch (error) {
    working("");
    fail(error);
    one("submit").disabled = false;
  }
}

if (config.problem) fail(new Error(config.problem));
config.answers.forEach(addAnswer);
one("add-answer").addEventListener("click", () => addAnswer());
one("handed-clear").addEventListener("click", () => { handed = null; drawHanded(); });
form.addEventListener("change", drawSource);
form.addEventListener("submit", submit);
drawHanded();
document.documentElement.dataset.ready = "";
