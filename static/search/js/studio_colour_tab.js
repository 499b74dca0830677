/** The tab that says by what the points are coloured. */
import { one } from "./elements.js";

const GROUPS = [
  ["The tile", ({ source, name }) => name === "@date" || name === "@product" || name === "@level" || source === "made"],
  ["Measured", ({ source }) => source === "metric"],
  ["Labels and scores", ({ source }) => source === "label" || source === "score"],
  ["Collections (tags)", ({ source }) => source === "collection"],
  ["Your columns", () => true],
];

export class ColourTab {
  #studio;
  #on;

  /** on: {chosen} */
  constructor({ studio, on }) {
    this.#studio = studio;
    this.#on = on;
    one("colour").addEventListener("change", ({ target }) => {
      studio.colourBy(target.value);
      this.#on.chosen();
    });
    for (const kind of ["collections", "colour", "selection"]) studio.addEventListener(kind, () => this.#render());
    this.#render();
  }

  #render() {
    const { columns, colour, shown } = this.#studio;
    const left = new Set(columns);
    const groups = GROUPS.map(([title, belongs]) => {
      const mine = [...left].filter(belongs);
      mine.forEach((column) => left.delete(column));
      return group(title, mine, colour);
    });
    const first = [new Option("one colour", "", false, colour === "")];
    if (shown.some((rank) => rank >= 0)) first.push(new Option("order of the selection shown", "@selection", false, colour === "@selection"));
    one("colour").replaceChildren(...first, ...groups.filter(({ children }) => children.length));
  }
}

function group(title, columns, chosen) {
  const made = document.createElement("optgroup");
  made.label = title;
  made.append(...columns.map(({ name, title: words, unit, measured }) => {
    const label = `${words || name}${unit && !/^\d/.test(unit) ? ` (${unit})` : ""}${measured === false ? ", not of all tiles" : ""}`;
    return new Option(label, name, false, name === chosen);
  }));
  return made;
}
