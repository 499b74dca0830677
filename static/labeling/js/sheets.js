/** The dialogs: help with the tutorial, and how far everybody is. */
import { all } from "../../search/js/elements.js";

export function wireSheets({ onOpen }) {
  const sheet = (name) => document.querySelector(`[data-sheet="${name}"]`);
  const open = (name) => { onOpen(name); if (!sheet(name).open) sheet(name).showModal(); };
  all("open").forEach((button) => button.addEventListener("click", () => open(button.dataset.open)));
  all("sheet").forEach((dialog) => dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  }));
  return { open };
}

/** On the first visit by a link, once. */
export function openedFirst(key, open) {
  const name = `lookalike-seen-${key}`;
  try {
    if (localStorage.getItem(name)) return;
    localStorage.setItem(name, "1");
  } catch (error) { // storage is closed: the tutorial comes each time
    console.warn("Nothing can be remembered on this device:", error);
  }
  open();
}
