/** The select panel: what one wants, how many of it, and how it is chosen. */
import { all, fill, make, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { Duplicates } from "./studio_select_duplicates.js";
import { Selections } from "./studio_select_list.js";
import { Objectives } from "./studio_select_objectives.js";
import { PRESETS, received, sent } from "./studio_select_recipe.js";

const SMALL = 10_000; // tiles below which a number is asked for, not a share
const EMPTY = { column: "This dataset has no column to balance by.", collection: "There is no collection (tag) yet: mark some tiles and make one in the Collections tab." };

export function mount(root, studio) { return new SelectPanel(root, studio); }

class SelectPanel {
  #root; #studio; #form; #objectives; #duplicates; #selections;

  constructor(root, studio) {
    this.#root = root;
    this.#studio = studio;
    this.#form = one("select-form", root);
    if (this.#form) this.#assemble();
    this.#selections = new Selections(root, studio, { again: (recipe) => this.#again(recipe), proceed: (name) => this.#proceed(name) });
    this.#selections.addEventListener("ended", ({ detail }) => this.#ended(detail));
  }

  #part(name) { return one(name, this.#form); }

  #assemble() {
    const { tiles } = this.#studio;
    this.#objectives = new Objectives(this.#form, this.#studio);
    this.#duplicates = new Duplicates(this.#form, this.#studio);
    this.#part("presets").replaceChildren(...Object.entries(PRESETS).map(([name, { title, words }]) => {
      const card = make("preset");
      one("value", card).value = name;
      one("title", card).textContent = title;
      one("words", card).textContent = words;
      return card;
    }));
    if (tiles < SMALL) this.#part("by-number").checked = true;
    this.#part("n").value = Math.max(1, Math.min(500, Math.round(tiles / 10)));
    this.#wire();
    this.#lists();
    this.#choose("varied");
  }

  #wire() {
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    this.#part("presets").addEventListener("change", ({ target }) => this.#choose(target.value));
    this.#part("preset-choice").addEventListener("change", () => this.#choose(this.#preset));
    this.#part("amount").addEventListener("input", ({ target }) => {
      if (target === this.#part("n")) this.#part("by-number").checked = true;
      if (target === this.#part("share")) this.#part("by-share").checked = true;
      this.#count();
    });
    this.#objectives.addEventListener("changed", () => this.#byHand());
    this.#studio.addEventListener("view", () => this.#count());
    this.#studio.addEventListener("collections", () => this.#lists());
  }

  get #preset() { return all("value", this.#part("presets")).find(({ checked }) => checked)?.value ?? ""; }

  /** A ready-made recipe into the form; what is beside it (how many, name, seed) stays. */
  #choose(name) {
    const { needs, objectives, duplicates, everything } = PRESETS[name];
    for (const box of all("value", this.#part("presets"))) box.checked = box.value === name;
    const choice = this.#part("preset-choice");
    const options = needs === "column" ? this.#objectives.columns("any") : this.#objectives.collections();
    if (needs) {
      this.#part("preset-label").textContent = needs === "column" ? "Which column" : "Which collection (tag)";
      fill(choice, options, choice.value);
      if (!choice.value && options.length) choice.value = options[0][0];
    }
    show(this.#part("preset-needs"), needs && options.length);
    this.#part("preset-missing").textContent = needs && !options.length ? EMPTY[needs] : "";
    show(this.#part("preset-missing"), needs && !options.length);
    this.#objectives.set(objectives(choice.value));
    show(this.#part("amount"), !everything);
    if (duplicates && this.#duplicates.distance === null) this.#duplicates.set(0.15);
    this.#count();
  }

  /** What is chosen by is no ready-made recipe any more. */
  #byHand() {
    for (const box of all("value", this.#part("presets"))) box.checked = false;
    for (const name of ["preset-needs", "preset-missing"]) show(this.#part(name), false);
    show(this.#part("amount"), true);
  }

  /** Collections to go on from, or to leave out. */
  #lists() {
    const collections = this.#objectives.collections();
    fill(this.#part("continue"), [["", "none"], ...collections], this.#part("continue").value);
    const ticked = new Set(this.#excluded());
    this.#part("exclude").replaceChildren(...collections.map(([name, words]) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: ticked.has(name), className: "check__box" });
      label.className = "check";
      label.append(box, words);
      return label;
    }));
    show(this.#part("exclude-part"), collections.length);
    if (PRESETS[this.#preset]?.needs === "collection") this.#choose(this.#preset);
  }

  #excluded() { return [...this.#part("exclude").querySelectorAll("input:checked")].map(({ value }) => value); }

  #count() {
    const { inView, tiles } = this.#studio;
    const share = Number(this.#part("share").value) / 100;
    const chosen = this.#part("by-share").checked ? `About ${plural(Math.max(1, Math.round(share * inView)), "tile")} ` : "";
    const from = inView === tiles ? `of all ${count(tiles)} tiles.` : `of the ${plural(inView, "tile")} in the view: the Filter tab decides which.`;
    this.#part("amount-words").textContent = chosen ? `${chosen}${from}` : `${from[0].toUpperCase()}${from.slice(1)}`;
  }

  /** As the API takes it. */
  #recipe() {
    const everything = PRESETS[this.#preset]?.everything;
    const number = (name) => (this.#part(name).value === "" ? null : Number(this.#part(name).value));
    const amount = this.#part("by-share").checked ? { share: number("share") / 100 } : { n: number("n") };
    const { distance } = this.#duplicates;
    const made = {
      ...(everything ? { share: 1 } : amount), seed: number("seed") ?? 0, min_distance: number("min-distance"),
      duplicates: distance === null ? null : { distance }, objectives: this.#objectives.list.map(sent), thresholds: this.#objectives.sentThresholds,
      filter: this.#studio.filter, continue_from: this.#part("continue").value, exclude: this.#excluded(), name: this.#part("name").value.trim(),
    };
    return Object.fromEntries(Object.entries(made).filter(([, value]) => said(value)));
  }

  async #send() {
    this.#refuse({});
    this.#part("go").disabled = true;
    try {
      const job = await this.#studio.json("selections/", { method: "POST", body: this.#recipe() });
      this.#studio.say("The tiles are being chosen: you may go on meanwhile.");
      this.#part("name").value = "";
      this.#selections.add(job);
    } catch (error) {
      this.#refuse(error.fields ?? { "": [error.message] });
    } finally {
      this.#part("go").disabled = false;
    }
  }

  #ended({ status, field, error }) {
    if (status === "failed" && this.#form) this.#refuse({ [field]: [error] });
  }

  /** Beside what is to be changed, which is opened and gets the focus. fields: name → sentences */
  #refuse(fields) {
    const places = all("error", this.#form);
    for (const place of places) { place.textContent = ""; place.hidden = true; }
    const told = Object.entries(fields ?? {}).map(([name, sentences]) => [places.find((place) => place.dataset.error === name) ?? this.#form.querySelector('[data-error=""]'), [].concat(sentences).join(" ")]);
    for (const [place, words] of told) {
      place.textContent = words;
      place.hidden = false;
      const folded = place.closest("details");
      if (folded) folded.open = true;
    }
    const first = told[0]?.[0];
    if (!first) return;
    const field = first.closest(".objective, .field, .select-part");
    field.querySelector("input, select")?.focus({ preventScroll: true });
    first.scrollIntoView({ block: "center" });
  }

  /** An earlier recipe into the form. */
  #again(recipe) {
    if (recipe.n) this.#part("by-number").checked = true;
    else this.#part("by-share").checked = true;
    if (recipe.n) this.#part("n").value = recipe.n;
    if (recipe.share) this.#part("share").value = recipe.share * 100;
    this.#byHand();
    this.#objectives.set((recipe.objectives ?? []).map(received));
    this.#objectives.setThresholds(recipe.thresholds);
    this.#duplicates.set(recipe.duplicates?.distance ?? null);
    this.#part("min-distance").value = recipe.min_distance ?? "";
    this.#part("seed").value = recipe.seed ?? 0;
    this.#part("continue").value = recipe.continue_from ?? "";
    for (const box of this.#part("exclude").querySelectorAll("input")) box.checked = (recipe.exclude ?? []).includes(box.value);
    this.#part("how").open = true;
    this.#count();
    this.#part("how").scrollIntoView({ block: "start" });
    this.#studio.say("The recipe is in the form: change what you like, then press Select. Its filter is that of the Filter tab.");
  }

  #proceed(name) {
    this.#part("continue").value = name;
    this.#part("more").open = true;
    this.#part("continue").focus();
    this.#studio.say(`The next selection goes on from ${name}.`);
  }
}

/** What is left out of a recipe: nothing, an empty text, list or object. */
const said = (value) => value !== null && value !== "" && (typeof value !== "object" || Object.keys(value).length > 0);
