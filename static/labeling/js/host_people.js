/** Who has answered, how well they agree, what was noticed about them; and taking somebody's votes out. */
import { one, show } from "../../search/js/elements.js";
import { count } from "../../search/js/format.js";
import { element } from "./host_answers.js";

const FLAGS = { fast: "answers faster than one can look", "against-gold": "often wrong on known tiles" };
const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)} %`);

export class People {
  #api;
  #fail;

  constructor({ api, fail }) { this.#api = api; this.#fail = fail; }

  async draw() {
    const people = await this.#api.people().catch((error) => { this.#fail(error); return []; });
    one("people").replaceChildren(...people.map((person) => this.#row(person)));
    show(one("people-empty"), people.length === 0);
  }

  #row(person) {
    const { nickname, votes, agreement, skill, gold_seen: seen, gold_right: right, flags, excluded, here, link } = person;
    const name = element("td", "", element("strong", "", nickname), element("div", "muted", [here ? "here now" : "", link ?? ""].filter(Boolean).join(" · ")));
    const cells = [count(votes), percent(agreement), percent(skill), seen ? `${right} of ${seen}` : "–", flags.map((flag) => FLAGS[flag] ?? flag).join(", ")];
    const button = Object.assign(element("button", "button button--small", excluded ? "Count again" : "Leave out"), { type: "button" });
    button.title = excluded ? "Their votes count again" : "Their votes are kept, but count no longer";
    button.addEventListener("click", () => this.#api.exclude(person.id, !excluded).then(() => this.draw(), this.#fail));
    return element("tr", excluded ? "vote--out" : flags.length ? "person--flagged" : "", name, ...cells.map((words) => element("td", "", words)), element("td", "", button));
  }
}
