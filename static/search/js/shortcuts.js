import { all, one } from "./elements.js";

const typing = (element) => element.matches?.("input:not([type=range], [type=checkbox]), select, textarea");

/** Keys that work anywhere, and the help that lists them.  escape(): leave whatever mode the page is in. */
export class Shortcuts {
  #help = one("help");
  #escape;
  #keys;

  /** keys: {key: what it does}, besides those that every page has */
  constructor(escape, keys = {}) {
    this.#escape = escape;
    this.#keys = keys;
    document.addEventListener("keydown", (event) => this.#press(event));
    one("help-open").addEventListener("click", () => this.#help.showModal());
    one("help-close").addEventListener("click", () => this.#help.close());
    this.#help.addEventListener("click", ({ target }) => target === this.#help && this.#help.close());
    document.addEventListener("click", ({ target }) => this.#closeMenus(target));
  }

  #press(event) {
    if (event.key === "Escape") this.#leave();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || this.#help.open) return;
    if (event.key === "?") this.#help.showModal();
    if (event.key === "/" && one("text")) this.#describe(event);
    if (this.#keys[event.key] && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      this.#keys[event.key]();
    }
  }

  #describe(event) {
    event.preventDefault();
    one("text").focus();
  }

  #leave() {
    this.#closeMenus(document.body);
    this.#escape();
  }

  #closeMenus(target) {
    for (const menu of [...all("download"), ...document.querySelectorAll(".menu")]) {
      if (menu.open && !menu.contains(target)) menu.open = false;
    }
  }
}
