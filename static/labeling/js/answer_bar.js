/** The answers as buttons, the left one where one swipes left; the one that a swipe would give lights up. */
import { all } from "../../search/js/elements.js";

export class AnswerBar {
  #buttons;

  constructor(root, answers) {
    this.#buttons = all("answer", root).sort((a, b) => a.dataset.way - b.dataset.way);
    document.querySelectorAll("[data-colour]").forEach((element) => element.style.setProperty("--answer", element.dataset.colour));
    root.style.setProperty("--columns", answers.length <= 4 ? answers.length : 3);
  }

  onAnswer(answer) {
    this.#buttons.forEach((button, number) => button.addEventListener("click", () => answer(number)));
  }

  enable(on) { this.#buttons.forEach((button) => { button.disabled = !on; }); }
  hint(way) { this.#buttons.forEach((button, number) => button.classList.toggle("answer--hinted", number === way)); }
}
