import { one } from "./elements.js";

const ALWAYS = ["activity", "trainings"]; // what happens there matters more than where the focus is

/** Parts of the page as the server renders them, fetched anew when what they show has changed; one fetch at a time. */
export class PageParts {
  #names;
  #busy = false;
  #again = false;

  constructor(names) { this.#names = names; }

  async refresh() {
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    const response = await fetch(location.href.split("#")[0], { credentials: "same-origin" }).catch(() => null); // offline: the feed comes back and asks again
    if (response?.ok) this.#replace(new DOMParser().parseFromString(await response.text(), "text/html"));
    this.#busy = false;
    if (this.#again) { this.#again = false; await this.refresh(); }
  }

  #replace(fresh) {
    const focused = document.activeElement?.closest("[data-live]");
    for (const name of this.#names) {
      const [old, part] = [document.querySelector(`[data-live="${name}"]`), fresh.querySelector(`[data-live="${name}"]`)];
      if (!old || !part || (old === focused && !ALWAYS.includes(name))) continue;
      const open = [...old.querySelectorAll("[data-job] details[open]")].map((log) => log.closest("[data-job]").dataset.job);
      old.replaceChildren(...part.childNodes);
      for (const id of open) one("job-details", old.querySelector(`[data-job="${CSS.escape(id)}"]`) ?? old)?.setAttribute("open", "");
    }
  }
}
