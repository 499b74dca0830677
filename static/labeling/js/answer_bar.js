/** The answers as buttons; the one that a swipe would give lights up. */
import { all } from "../../search/js/elements.js";

export class AnswerBar {
  #buttons;

  constructor(root, answers) {
    this.#buttons = all("answer", root);
    document.querySelectorAll("[data-colour]").forEach((element) => element.style.setProperty("--answer", element.dataset.colour));
    root.style.setProperty("--columns", answers.length <= 4 ? answers.length : 3);
  }

  onAnswer(answer) {
    this.#buttons.forEach((button, number) => button.addEventListener("click", () => answer(number)));
  }

  enable(on) { this.#buttons.forEach((button) => { button.disabled = !on; }); }
  hint(way) { this.#buttons.forEach((button, number) => button.classList.toggle("answer--hinted", number === way)); }
}
