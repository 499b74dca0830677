/** The tabs of the panel: one is open, arrow keys move between them. */
import { all, one } from "./elements.js";

const stacked = matchMedia("(max-width: 56rem)"); // the panel lies below map and list, as studio.css has it

export class Tabs {
  #opened;
  chosen;

  /** opened(name): somebody chose another one */
  constructor(chosen, opened) {
    this.#opened = opened;
    for (const tab of all("tab")) {
      tab.addEventListener("click", () => this.choose(tab.dataset.tab, true));
      tab.addEventListener("keydown", (event) => this.#press(event));
    }
    this.choose(chosen);
  }

  choose(name, byHand = false) {
    this.chosen = name;
    for (const tab of all("tab")) {
      const open = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(open));
      tab.tabIndex = open ? 0 : -1;
    }
    for (const panel of all("panel-of")) panel.hidden = panel.dataset.panelOf !== name;
    if (!byHand) return;
    this.#opened(name);
    if (stacked.matches) one("tab").parentElement.scrollIntoView({ block: "start" });
  }

  #press(event) {
    const tabs = all("tab");
    const at = tabs.findIndex(({ dataset }) => dataset.tab === this.chosen);
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    this.choose(tab.dataset.tab, true);
    tab.focus();
  }
}
