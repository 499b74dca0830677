/** What can be done with the tiles that are marked: put into a collection or taken out, labelled, taken home. */
import { all, fill, one, show } from "./elements.js";
import { plural } from "./format.js";
import { packed } from "./studio_http.js";

export class Actions {
  #studio;
  #dialog = one("save");
  #then = null;

  constructor({ studio }) {
    this.#studio = studio;
    one("mark-all").addEventListener("click", () => this.#markAll());
    one("invert").addEventListener("click", () => this.#invert());
    one("clear").addEventListener("click", () => this.#clear());
    for (const button of all("change")) button.addEventListener("click", () => this.#change(button.dataset.change === "remove"));
    for (const button of all("with-new")) button.addEventListener("click", () => this.#open(button.dataset.withNew));
    one("save-form")?.addEventListener("submit", (event) => this.#save(event));
    one("save-close")?.addEventListener("click", () => this.#dialog.close());
    for (const kind of ["marked", "view"]) studio.addEventListener(kind, () => this.#render());
    studio.addEventListener("collections", () => this.#names());
    this.#names();
    this.#render();
  }

  #render() {
    const { markedCount, inView } = this.#studio;
    for (const button of all("needs-marks")) button.disabled = markedCount === 0;
    one("mark-all").disabled = inView === 0;
    show(one("tray-actions"), markedCount > 0);
    show(one("tray-hint"), markedCount === 0);
  }

  #names() {
    const select = one("collection");
    if (!select) return;
    const options = this.#studio.collections.map(({ id, name, count }) => [id, `${name} (${plural(count, "tile")})`]);
    fill(select, options.length ? options : [["", "no collection yet"]], select.value);
    show(one("collection-part"), options.length);
  }

  #markAll() {
    this.#studio.mark(this.#studio.view.slice());
    this.#said();
  }

  #invert() {
    const { view, marked } = this.#studio;
    this.#studio.mark(view.map((seen, row) => (seen && !marked[row] ? 1 : 0)));
    this.#said();
  }

  #clear() {
    this.#studio.mark([]);
    this.#said();
  }

  #said() { this.#studio.say(`${plural(this.#studio.markedCount, "tile")} marked now.`, "quiet"); }

  async #change(remove) {
    const { frame, marked } = this.#studio;
    const id = Number(one("collection").value);
    const chosen = this.#studio.collections.find((collection) => collection.id === id);
    if (!chosen) return;
    const body = { frame, bits: packed(marked), remove };
    await this.#try(async () => {
      await this.#studio.json(`collections/${id}/tiles`, { method: "POST", body });
      await this.#studio.refresh();
      this.#done(this.#studio.collections.find((collection) => collection.id === id) ?? chosen, remove ? "taken out of" : "included in");
    });
  }

  /** then: "keep", "campaign", or an export's form: csv, geojson, parquet, zip */
  #open(then) {
    this.#then = then;
    const what = { keep: "", campaign: "A campaign asks about the tiles of a collection: save these first.", zip: "Pictures come from a collection: save these tiles first." };
    one("save-why").textContent = what[then] ?? "A file is made of a collection: save these tiles first.";
    one("save-count").textContent = plural(this.#studio.markedCount, "tile");
    one("save-error").textContent = "";
    one("save-name").value = free(this.#studio.collections.map(({ name }) => name));
    this.#dialog.showModal();
    one("save-name").select();
  }

  async #save(event) {
    event.preventDefault();
    const { frame, marked } = this.#studio;
    const fields = new FormData(event.target);
    const body = { name: fields.get("name").trim(), description: fields.get("description").trim(), frame, bits: packed(marked) };
    try {
      const made = await this.#studio.json("collections/", { method: "POST", body });
      this.#dialog.close();
      await this.#studio.refresh();
      this.#done(made, "saved as");
      this.#go(made);
    } catch (error) {
      one("save-error").textContent = error.message;
    }
  }

  #go({ id }) {
    if (this.#then === "keep") return;
    const address = this.#then === "campaign" ? `/campaigns/new/?${new URLSearchParams({ dataset: this.#studio.slug, collection: id })}` : `${this.#studio.api}collections/${id}/export.${this.#then}`;
    location.assign(address);
  }

  #done({ id, name, count }, how) {
    if (one("collection")) one("collection").value = id;
    this.#studio.say(`${plural(this.#studio.markedCount, "tile")} ${how} “${name}”, which has ${plural(count, "tile")} now.`);
  }

  async #try(action) {
    try {
      await action();
    } catch (error) {
      this.#studio.say(error.message, "error");
    }
  }
}

/** A name that no collection has yet. */
function free(taken) {
  for (let number = taken.length + 1; ; number += 1) if (!taken.includes(`collection-${number}`)) return `collection-${number}`;
}
