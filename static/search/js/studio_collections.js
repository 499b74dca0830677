/** The studio's collections: made of what is marked, changed, shown, exported, labelled, deleted. */
import { all, make, one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { packed, unpacked } from "./studio_http.js";

export function mount(root, studio) { return new StudioCollections(root, studio); }

class StudioCollections {
  #root;
  #studio;
  #rows = new Map(); // id → element
  #confirm;

  constructor(root, studio) {
    this.#root = root;
    this.#studio = studio;
    this.#confirm = new Confirm(one("confirm", root));
    one("collection-new", root)?.addEventListener("submit", (event) => { event.preventDefault(); this.#make(event); });
    for (const event of ["marked", "view"]) studio.addEventListener(event, () => this.#counts());
    studio.addEventListener("collections", () => this.#list());
    this.#list();
    this.#counts();
  }

  #counts() {
    const { markedCount, inView, mayEdit } = this.#studio;
    const form = one("collection-new", this.#root);
    if (form) {
      one("collection-of", form).textContent = `${plural(markedCount, "tile")} marked, ${plural(inView, "tile")} in the view.`;
      one("from-marked", form).disabled = !markedCount || !mayEdit;
      one("from-view", form).disabled = !inView || !mayEdit;
    }
    for (const button of this.#root.querySelectorAll('[data-act="add"], [data-act="take"]')) button.disabled = !markedCount;
  }

  /** Rows that are open stay open. */
  #list() {
    const collections = this.#studio.collections ?? [];
    const rows = collections.map((collection) => [collection.id, this.#row(collection)]);
    for (const [id, row] of rows) one("collection", row).open = Boolean(this.#rows.get(id) && one("collection", this.#rows.get(id)).open);
    this.#rows = new Map(rows);
    one("list", this.#root).replaceChildren(...this.#rows.values());
    show(one("none", this.#root), !collections.length);
    this.#counts();
  }

  #row(collection) {
    const row = make("collection");
    const { id, name, description, count: tiles, owner, may_change: mine = this.#studio.mayEdit } = collection;
    one("name", row).textContent = name;
    one("count", row).textContent = count(tiles);
    one("about", row).textContent = [description, owner && `Made by ${owner}.`].filter(Boolean).join(" ");
    for (const part of all("mine", row)) show(part, mine);
    for (const link of all("file", row)) link.href = `${this.#studio.api}collections/${id}/export.${link.dataset.file}`;
    const label = one("label", row);
    if (label) label.href = `${label.pathname}?collection=${id}`;
    const form = one("edit", row);
    one("name-field", form).value = name;
    one("description-field", form).value = description ?? "";
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#rename(collection, row); });
    row.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (button) this.#act(button.dataset.act, collection, row);
    });
    return row;
  }

  #act(what, collection, row) {
    const acts = {
      show: () => this.#show(collection),
      colour: () => this.#studio.colourBy(`@collection:${collection.id}`),
      add: () => this.#change(collection, false),
      take: () => this.#change(collection, true),
      delete: () => this.#delete(collection),
    };
    return this.#try(row, async () => acts[what]());
  }

  async #show({ name }) {
    const { frame, tiles } = this.#studio;
    const bits = await this.#studio.binary("studio/mask", { method: "POST", body: { filter: { collections: [name] }, frame } });
    this.#studio.mark(unpacked(bits, tiles));
    this.#studio.say(`${plural(this.#studio.markedCount, "tile")} of ${name} marked.`);
  }

  async #change({ id, name }, remove) {
    const { frame, marked, markedCount } = this.#studio;
    await this.#studio.json(`collections/${id}/tiles`, { method: "POST", body: { frame, bits: packed(marked), remove } });
    await this.#studio.refresh();
    this.#studio.say(remove ? `${plural(markedCount, "marked tile")} taken out of ${name}.` : `${plural(markedCount, "marked tile")} added to ${name}.`);
  }

  async #delete({ id, name, count: tiles }) {
    const words = `${name} names ${plural(tiles, "tile")}. The tiles themselves stay; filters and saved views that use it will say that it is gone.`;
    if (!await this.#confirm.ask(words)) return;
    await this.#studio.json(`collections/${id}/`, { method: "DELETE" });
    await this.#studio.refresh();
    this.#studio.say(`${name} is deleted.`);
    (this.#root.querySelector("summary") ?? one("name-field", this.#root))?.focus();
  }

  #rename({ id }, row) {
    return this.#try(row, async () => {
      const [name, description] = ["name-field", "description-field"].map((field) => one(field, row).value.trim());
      await this.#studio.json(`collections/${id}/`, { method: "PATCH", body: { name, description } });
      await this.#studio.refresh();
      this.#studio.say(`Saved as ${name}.`);
    });
  }

  #make({ submitter }) {
    const form = one("collection-new", this.#root);
    const [name, description] = ["name-field", "description-field"].map((field) => one(field, form).value.trim());
    const { frame, marked, view } = this.#studio;
    return this.#try(form, async () => {
      if (!name) { one("name-field", form).focus(); throw new Error("Write a name for the collection first."); }
      const bits = packed(submitter?.value === "view" ? view : marked);
      const made = await this.#studio.json("collections/", { method: "POST", body: { name, description, frame, bits } });
      form.reset();
      await this.#studio.refresh();
      this.#studio.say(`${name} is made: ${plural(made.count, "tile")}.`);
    });
  }

  /** What is refused stands next to what was pressed. */
  async #try(place, action) {
    const said = one("wrong", place);
    show(said, false);
    place.setAttribute("aria-busy", "true");
    await action().catch((error) => {
      said.textContent = error.message;
      show(said, true);
    });
    place.setAttribute("aria-busy", "false");
  }
}

/** A question that is answered once. */
class Confirm {
  #dialog;
  #answer = () => {};

  constructor(dialog) {
    this.#dialog = dialog;
    one("confirm-yes", dialog).addEventListener("click", () => this.#close(true));
    one("confirm-no", dialog).addEventListener("click", () => this.#close(false));
    dialog.addEventListener("close", () => this.#answer(false));
  }

  ask(words) {
    one("confirm-text", this.#dialog).textContent = words;
    this.#dialog.showModal();
    one("confirm-no", this.#dialog).focus();
    return new Promise((answer) => { this.#answer = answer; });
  }

  #close(yes) {
    this.#answer(yes);
    this.#dialog.close();
  }
}
