import { make, one, show } from "./elements.js";
import { plural } from "./format.js";
import { compact, restrictions, same } from "./filter_json.js";

/** Filters that the person saved under a name. */
export class FilterViews {
  #group;
  #source;
  #on;
  #views = [];
  #filter = {};

  /** on: {apply(filter), current(): the filter to save, announce(words)} */
  constructor(root, source, on) {
    this.#group = one("views-group", root);
    this.#source = source;
    this.#on = on;
    one("view-save", this.#group).addEventListener("click", () => this.#save());
    one("view-name", this.#group).addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#save();
    });
  }

  get open() { return this.#group.open; }

  fill(views, filter) {
    this.#views = views;
    this.render(filter);
  }

  render(filter) {
    this.#filter = filter;
    one("group", this.#group).replaceChildren(...this.#views.map((view) => this.#row(view)));
    show(one("none", this.#group), !this.#views.length);
  }

  #row(view) {
    const row = make("view");
    const [apply, remove] = [one("view-apply", row), one("view-remove", row)];
    one("name", apply).textContent = view.name;
    one("count", apply).textContent = plural(restrictions(view.filter), "filter");
    apply.ariaPressed = String(same(view.filter, this.#filter));
    apply.addEventListener("click", () => this.#on.apply(view.filter));
    remove.ariaLabel = `Delete the view ${view.name}`;
    remove.addEventListener("click", () => this.#remove(view));
    return row;
  }

  #problem(words) {
    one("view-wrong", this.#group).textContent = words;
    show(one("view-wrong", this.#group), words);
    one("view-name", this.#group).setAttribute("aria-invalid", String(Boolean(words)));
  }

  async #save() {
    const name = one("view-name", this.#group).value.trim();
    const filter = compact(this.#on.current());
    if (!name) return this.#refuse("Write a name for the view first.");
    if (!restrictions(filter)) return this.#refuse("There is no filter in use: choose one, then save it.");
    return this.#try(async () => {
      const made = await this.#source.saveView(name, filter);
      this.fill([...this.#views.filter(({ id }) => id !== made.id), made], this.#filter);
      one("view-name", this.#group).value = "";
      this.#on.announce(`The view ${name} is saved.`);
    });
  }

  #refuse(words) {
    this.#problem(words);
    one("view-name", this.#group).focus();
  }

  #remove({ id, name }) {
    return this.#try(async () => {
      await this.#source.removeView(id);
      this.fill(this.#views.filter((view) => view.id !== id), this.#filter);
      one("view-name", this.#group).focus();
      this.#on.announce(`The view ${name} is deleted.`);
    });
  }

  async #try(action) {
    this.#problem("");
    await action().catch((error) => this.#problem(error.message));
  }
}
