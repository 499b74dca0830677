/** Counts as they come: votes, tiles, agreement, answers, who is here. */
import { all, one } from "../../search/js/elements.js";
import { count } from "../../search/js/format.js";
import { element } from "./host_answers.js";

const STATES = { open: "open", paused: "paused", closed: "closed" };

export class Figures {
  #answers;

  constructor(answers) {
    this.#answers = answers;
    one("answer-bars").replaceChildren(...answers.list.map(({ code }) => bar(answers, code)));
  }

  draw({ votes, per_minute: pace, tiles, settled, disputed, agreement, kappa, here, answers, state }) {
    const figures = {
      votes: count(votes), per_minute: count(pace), tiles: `${count(settled)} of ${count(tiles)}`, disputed: count(disputed),
      agreement: agreement === null ? "–" : `${Math.round(100 * agreement)} %`, kappa: kappa === null ? "–" : kappa.toFixed(2).replace("-", "−"),
    };
    for (const figure of all("figure")) figure.textContent = figures[figure.dataset.figure];
    Object.assign(one("tiles-bar"), { max: Math.max(1, tiles), value: settled });
    this.#bars(answers);
    one("here").textContent = here.length ? here.join(", ") : "Nobody just now.";
    one("here-count").textContent = here.length;
    this.#state(state);
  }

  #bars(answers) {
    const most = Math.max(1, ...answers.map(({ votes }) => votes));
    for (const { code, votes, labels } of answers) {
      const row = document.querySelector(`[data-bar="${CSS.escape(code)}"]`);
      row.querySelector(".answer-bars__fill").style.inlineSize = `${100 * votes / most}%`;
      row.querySelector(".answer-bars__numbers").textContent = `${count(votes)} votes, ${count(labels)} tiles`;
    }
  }

  #state(state) {
    one("state").textContent = STATES[state];
    one("state").className = `badge ${state === "open" ? "badge--ready" : ""}`;
    for (const button of all("set-state")) button.hidden = button.dataset.setState === state || (state === "closed" && button.dataset.setState === "paused");
  }
}

function bar(answers, code) {
  const row = element("li", "answer-bars__one", answers.badge(code), element("span", "answer-bars__bar", element("span", "answer-bars__fill")), element("span", "answer-bars__numbers"));
  row.dataset.bar = code;
  row.style.setProperty("--answer", answers.colour(code));
  return row;
}
