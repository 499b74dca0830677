/** Earlier selections: how far they are, shown on the map, gone on with, repeated, deleted. */
import { all, make, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { inWords } from "./studio_select_recipe.js";

const POLL = 1000; // milliseconds, while one is at work
const BUSY = ["waiting", "running"];
const when = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export class Selections extends EventTarget {
  jobs = [];
  #root; #studio; #on;
  #rows = new Map(); // id → element
  #timer = null;
  #mine = null;

  /** on: {again(recipe), proceed(name)}: into the form */
  constructor(root, studio, on) {
    super();
    this.#root = root;
    this.#studio = studio;
    this.#on = on;
    this.load();
  }

  /** One that was just asked for: shown once it is ready. */
  add(job) {
    this.#mine = job.id;
    this.jobs = [job, ...this.jobs.filter(({ id }) => id !== job.id)];
    this.#draw();
  }

  async load() {
    this.#timer = null;
    try {
      this.jobs = (await this.#studio.json("selections/")).results;
      this.#draw();
    } catch (error) {
      this.#studio.say(error.message, "error");
      this.#again();
    }
    const mine = this.jobs.find(({ id }) => id === this.#mine);
    if (mine && !BUSY.includes(mine.status)) await this.#ended(mine);
  }

  async #ended(job) {
    this.#mine = null;
    this.dispatchEvent(new CustomEvent("ended", { detail: job }));
    if (job.status !== "ready") return;
    await this.#studio.refresh();
    await this.#show(job);
  }

  #again() {
    if (!this.#timer && this.jobs.some(({ status }) => BUSY.includes(status))) this.#timer = setTimeout(() => this.load(), POLL);
  }

  /** Rows that are open stay open, and keep the focus. */
  #draw() {
    const rows = this.jobs.map((job) => [job.id, this.#rows.get(job.id) ?? this.#row(job.id)]);
    this.#rows = new Map(rows);
    const list = one("selections", this.#root);
    if (list.children.length !== rows.length || rows.some(([, row], at) => list.children[at] !== row)) list.replaceChildren(...this.#rows.values());
    this.jobs.forEach((job) => this.#fill(this.#rows.get(job.id), job));
    show(one("selections-none", this.#root), !this.jobs.length);
    this.#again();
    this.dispatchEvent(new Event("list"));
  }

  #row(id) {
    const row = make("selection");
    row.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act;
      const job = this.jobs.find((other) => other.id === id);
      if (act && job) this.#act(act, job).catch((error) => this.#studio.say(error.message, "error"));
    });
    return row;
  }

  #fill(row, job) {
    const busy = BUSY.includes(job.status);
    const write = (name, text) => { const place = one(name, row); if (place.textContent !== text) place.textContent = text; };
    write("name", job.collection?.name ?? job.name);
    write("when", `${when.format(new Date(job.created_at))}${job.owner ? `, ${job.owner}` : ""}`);
    write("words", `${job.status === "ready" ? `${plural(job.report.chosen, "tile")} chosen. ` : ""}Asked for: ${inWords(job.recipe)}.`);
    write("json", JSON.stringify(job.recipe, null, 1));
    write("command", job.command);
    show(one("progress", row), busy);
    show(one("acts", row), job.status === "ready");
    for (const part of all("change", row)) show(part, this.#studio.mayEdit);
    for (const part of [...all("mine", row), row.querySelector('[data-act="stop"]')]) show(part, job.may_change);
    const gone = job.status === "cancelled" ? "It was stopped." : job.status === "ready" && !job.collection ? "Its collection was deleted since." : job.error;
    write("problem", busy ? "" : gone);
    show(one("problem", row), !busy && gone);
    if (busy) progress(row, job);
  }

  #act(act, job) {
    const acts = {
      show: () => this.#show(job),
      compare: async () => this.#studio.dispatchEvent(new CustomEvent("compare", { detail: { id: job.id, open: true } })),
      continue: async () => this.#on.proceed(job.collection?.name ?? ""),
      reuse: async () => this.#on.again(job.recipe),
      stop: () => this.#change(job, "cancel", "POST", `${job.name} is stopped.`),
      delete: () => this.#change(job, "", "DELETE", `The record of ${job.name} is deleted. Its collection stays.`),
      copy: () => this.#copy(JSON.stringify(job.recipe), "The recipe is copied."),
      "copy-command": () => this.#copy(job.command, "The command is copied."),
    };
    return acts[act]();
  }

  async #show({ id, name }) {
    const { frame } = this.#studio;
    const rows = new Int32Array(await this.#studio.binary(`selections/${id}/order?frame=${frame}`));
    await this.#studio.showSelection(rows);
    this.#studio.dispatchEvent(new CustomEvent("compare", { detail: { id, open: false } }));
    this.#studio.say(`${name}: ${plural(rows.length, "tile")}, shown in the order in which they were chosen.`);
  }

  async #change({ id }, what, method, words) {
    await this.#studio.json(`selections/${id}/${what}`, { method, ...(method === "POST" && { body: {} }) });
    this.#studio.say(words);
    await this.load();
  }

  async #copy(text, words) {
    const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false); // only over HTTPS, or on this machine
    this.#studio.say(copied ? words : "This browser does not let the page copy: mark the text above and copy it yourself.", copied ? "" : "error");
  }
}

function progress(row, { status, stage, done, total }) {
  const words = status === "waiting" ? "Waits for a free worker" : stage || "Begins";
  const line = total > 1 && status === "running" ? `${words}: ${count(done)} of ${count(total)}` : words;
  if (one("stage", row).textContent !== line) one("stage", row).textContent = line;
  const bar = one("bar", row);
  bar.setAttribute("aria-label", words);
  if (total && status === "running") [bar.max, bar.value] = [total, done];
  else bar.removeAttribute("value");
}
