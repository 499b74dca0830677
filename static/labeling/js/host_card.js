/** A tile in a grid: its picture, a line or two below it, and a box to select it by. */
import { element } from "./host_answers.js";

export function labelCard({ id, thumbnail, colour, lines, selected, title = "" }) {
  const item = element("li", "label-card");
  item.dataset.card = id;
  item.style.setProperty("--answer", colour);
  const picture = Object.assign(element("img", "label-card__image"), { src: thumbnail ?? "", alt: title, width: 256, height: 256, loading: "lazy", decoding: "async" });
  const open = Object.assign(element("button", "label-card__open", picture, ...lines), { type: "button" });
  const box = Object.assign(element("input", "label-card__box"), { type: "checkbox", checked: selected });
  box.setAttribute("aria-label", "Select this tile");
  item.classList.toggle("label-card--selected", selected);
  item.append(open, box);
  return item;
}
