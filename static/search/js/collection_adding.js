import { one, show } from "./elements.js";
import { plural } from "./format.js";

/** The form that puts the results shown into a collection, a new one or one that there is. */
export class CollectionAdding {
  #form = one("add-to");
  #json;
  #shown;
  #examples;
  #done;
  #known = [];

  /** json: of the API.  shown(), examples(): keys.  done(words): it has changed */
  constructor({ json, shown, examples, done }) {
    this.#json = json;
    this.#shown = shown;
    this.#examples = examples;
    this.#done = done;
    if (!this.#form) return; // nobody is signed in
    one("add-to-open").addEventListener("click", () => (this.#form.hidden ? this.#open() : this.close()));
    one("add-to-close").addEventListener("click", () => this.close());
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#add(); });
    this.#form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  close() {
    if (!this.#form || this.#form.hidden) return;
    const inside = this.#form.contains(document.activeElement);
    show(this.#form, false);
    one("add-to-open").ariaExpanded = "false";
    if (inside) one("add-to-open").focus();
  }

  async #open() {
    show(this.#form, true);
    one("add-to-open").ariaExpanded = "true";
    one("add-to-name").focus();
    this.#problem("");
    const answer = await this.#json("collections/").catch((error) => { this.#problem(error.message); return { results: [] }; });
    this.#known = answer.results.filter(({ may_change: mine }) => mine);
    one("add-to-names").replaceChildren(...this.#known.map(({ name, count }) => new Option(plural(count, "tile"), name)));
  }

  async #add() {
    const name = one("add-to-name").value.trim().replace(/\s+/g, " ");
    const keys = [...new Set([...this.#shown(), ...(one("add-to-examples").checked ? this.#examples() : [])])];
    if (!name) { this.#problem("Write a name for the collection first."); one("add-to-name").focus(); return; }
    const there = this.#known.find((collection) => collection.name === name);
    const [path, body] = there ? [`collections/${there.id}/tiles`, { add: keys }] : ["collections/", { name, keys }];
    this.#form.ariaBusy = "true";
    await this.#json(path, { method: "POST", body }).then(
      (made) => { this.close(); this.#done(`${plural(keys.length, "tile")} added to ${name}, which has ${plural(made.count, "tile")} now.`); },
      (error) => this.#problem(error.message),
    );
    this.#form.ariaBusy = "false";
  }

  #problem(words) {
    one("add-to-problem").textContent = words;
    show(one("add-to-problem"), words);
  }
}
