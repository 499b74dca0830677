/** The compare panel: how a selection differs from the whole, and from as many tiles drawn at random, in words. */
import { fill, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { bars, histogram, percent, short } from "./studio_compare_charts.js";

const ROWS = [["mean", "on average"], ["median", "half are nearer than"], ["p95", "19 of 20 are nearer than"], ["max", "the farthest"]];
const STOPPED = {
  number: "It stopped at the number asked for.", min_distance: "It stopped because every tile left was too close to a chosen one.",
  "nothing left": "It stopped because no tile was left.",
};
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export function mount(root, studio) { return new ComparePanel(root, studio); }

class ComparePanel {
  #root; #studio;
  #asked = 0;
  #shown = null;

  constructor(root, studio) {
    this.#root = root;
    this.#studio = studio;
    this.#part("compared").addEventListener("change", ({ target }) => this.#look(Number(target.value)));
    studio.addEventListener("compare", ({ detail }) => this.#asks(detail));
    studio.addEventListener("collections", () => this.#list());
    this.#list();
  }

  #part(name) { return one(name, this.#root); }

  #asks({ id, open }) {
    if (open) document.querySelector('[data-tab="compare"]')?.click();
    this.#list(id);
  }

  /** Those that are ready. wanted: the one to be shown, else the one that is, else the latest */
  async #list(wanted = this.#shown) {
    try {
      const ready = (await this.#studio.json("selections/")).results.filter(({ status }) => status === "ready");
      const chosen = ready.find(({ id }) => id === wanted) ?? ready[0];
      fill(this.#part("compared"), ready.map(({ id, name, report, collection }) => [id, `${collection?.name ?? name} (${plural(report.chosen, "tile")})`]), chosen?.id);
      show(this.#part("compared"), ready.length);
      show(this.#part("compare-none"), !ready.length);
      show(this.#part("compare-report"), chosen);
      if (chosen && chosen.id !== this.#shown) await this.#look(chosen.id);
    } catch (error) {
      this.#fail(error.message);
    }
  }

  async #look(id) {
    const number = ++this.#asked;
    try {
      const job = await this.#studio.json(`selections/${id}/`);
      if (number !== this.#asked) return;
      this.#shown = id;
      this.#fail("");
      this.#draw(job.report);
    } catch (error) {
      if (number === this.#asked) this.#fail(error.message);
    }
  }

  #fail(words) {
    this.#part("compare-error").textContent = words;
    show(this.#part("compare-error"), words);
  }

  #draw(report) {
    const { coverage, clusters, neighbours, columns } = report.compared;
    this.#summary(report);
    this.#coverage(coverage);
    this.#part("clusters").replaceChildren(...reached(clusters));
    const far = neighbours.median?.chosen ?? null;
    this.#part("neighbours").replaceChildren(far === null ? "There is only one tile: it repeats nothing." : histogram("Distance to the nearest chosen tile", neighbours.edges, { random: neighbours.random, chosen: neighbours.chosen }));
    this.#worth(report.worth ?? {});
    this.#part("columns").replaceChildren(...Object.entries(columns).map(([name, column]) => this.#column(name, column)));
    show(this.#part("compare-report"), true);
  }

  #summary(report) {
    const { chosen, allowed, before, removed_duplicates: copies, stopped_by: stopped, seconds } = report;
    const parts = [`${count(chosen)} of ${plural(allowed, "tile")} were chosen in ${seconds} s. ${STOPPED[stopped] ?? ""}`];
    if (copies) parts.push(`${plural(copies, "near-duplicate")} had been left out first.`);
    if (before) parts.push(`Compared together with the ${plural(before, "tile")} chosen before.`);
    this.#part("compare-words").textContent = parts.join(" ");
    const notes = [...new Set([...report.approximations, ...report.notes, ...report.compared.approximations])];
    this.#part("compare-notes").replaceChildren(...notes.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
  }

  #coverage({ chosen, random }) {
    this.#part("coverage").replaceChildren(...ROWS.map(([name, words]) => tableRow(words, [chosen[name], random[name]])));
    this.#part("coverage-words").textContent = verdict(chosen, random);
  }

  #worth(worth) {
    const named = (title) => title.replace(/: (.*)$/, (_, name) => `: ${this.#studio.column(name)?.title ?? name}`);
    this.#part("worth").replaceChildren(...Object.entries(worth).map(([title, { low, median, high }]) => tableRow(named(title), [low, median, high])));
    show(this.#part("worth-part"), Object.keys(worth).length);
  }

  #column(name, column) {
    const { title, unit, kind } = this.#studio.column(name) ?? { title: name };
    const words = `${title || name}${unit ? ` (${unit})` : ""}`;
    const label = kind === "date" ? (value) => day.format(new Date(value * 86_400_000)) : short;
    const drawn = column.kind === "text" ? bars(words, column.values) : histogram(words, column.edges, { all: column.all, chosen: column.chosen }, label);
    if (column.unknown?.all) {
      const note = document.createElement("p");
      Object.assign(note, { className: "field__hint", textContent: `Unknown of ${plural(column.unknown.all, "tile")}, ${count(column.unknown.chosen)} of them chosen.` });
      drawn.append(note);
    }
    return drawn;
  }
}

function tableRow(words, numbers) {
  const row = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: words });
  row.append(head, ...numbers.map((number) => Object.assign(document.createElement("td"), { textContent: number.toFixed(3) })));
  return row;
}

/** In words: of the tile that is represented worst, and of the usual one. */
function verdict(chosen, random) {
  const far = 1 - chosen.max / (random.max || 1);
  const usual = 1 - chosen.mean / (random.mean || 1);
  const than = (better) => (Math.abs(better) < 0.02 ? "as near as" : `${percent(Math.abs(better))} ${better > 0 ? "nearer" : "farther"} than`);
  const words = `The tile that is represented worst is ${than(far)} with a random choice; the average tile is ${than(usual)} then.`;
  if (far > 0 && usual < -0.02) return `${words} It reaches what is rare rather than what there is most of; for the latter choose, under “How it chooses”, those first that stand for the most others.`;
  return far < -0.02 ? `${words} That is to be expected where only some kinds were wanted.` : words;
}

function reached({ count: groups, chosen, random }) {
  const words = `${Math.round(chosen * groups)} of ${plural(groups, "group")} have a chosen tile; with a random choice ${Math.round(random * groups)}.`;
  return [meter("chosen", chosen), meter("random", random), Object.assign(document.createElement("p"), { textContent: words })];
}

function meter(name, share) {
  const row = document.createElement("label");
  row.className = "compare__meter";
  const bar = Object.assign(document.createElement("meter"), { min: 0, max: 1, value: share, textContent: percent(share) });
  row.append(name, bar, percent(share));
  return row;
}
