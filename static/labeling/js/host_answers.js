/** A campaign's answers as the host sees them: icon, word and colour, never the colour alone. */
export class Answers {
  #all;

  constructor(answers) { this.#all = answers; }

  get list() { return this.#all; }
  of(code) { return this.#all.find((answer) => answer.code === code) ?? null; }
  word(code) { return this.of(code)?.word ?? "No label"; }
  colour(code) { return this.of(code)?.colour ?? "#9aa4ad"; }

  /** An element with the answer's icon and word. */
  badge(code) {
    const badge = element("span", "answer-badge", this.of(code) ? icon(this.of(code).icon) : "", element("span", "", this.word(code)));
    badge.style.setProperty("--answer", this.colour(code));
    return badge;
  }

  /** A button for each, and one that takes the host's word back; choose: (code or null) => void */
  buttons(choose, { none = "Leave it to the votes" } = {}) {
    const made = this.#all.map((answer, number) => {
      const button = element("button", "button button--small", this.badge(answer.code), number < 9 ? element("kbd", "", String(number + 1)) : "");
      button.addEventListener("click", () => choose(answer.code));
      return button;
    });
    const back = element("button", "button button--small button--quiet", none, element("kbd", "", "0"));
    back.addEventListener("click", () => choose(null));
    return [...made, back].map((button) => Object.assign(button, { type: "button" }));
  }
}

export function element(tag, className, ...children) {
  const made = Object.assign(document.createElement(tag), { className });
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const known = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  use.setAttribute("href", `${known}#${name}`);
  svg.append(use);
  return svg;
}
