/** One's own count, time and pace, the team's count, and who has answered most. */
import { all, one, show } from "../../search/js/elements.js";

const PACE = 60_000, STILL = 30_000; // ms: the pace is of the last minute; who answers nothing for so long is away

export class Score {
  #me;
  #say;
  #times = [];
  #worked = 0;
  #last = null;
  #team = null;
  #mine;

  constructor({ me, say }) {
    this.#me = me;
    this.#say = say;
    this.#mine = me.votes;
    setInterval(() => this.draw(), 1000);
  }

  get count() { return this.#mine; }

  answered(number) {
    const now = performance.now();
    if (this.#last !== null) this.#worked += Math.min(now - this.#last, STILL);
    this.#last = now;
    if (number > 0) this.#times.push(now);
    else this.#times.pop();
    this.mine(this.#mine + number);
  }

  mine(count) {
    this.#mine = Math.max(0, count);
    one("mine").textContent = this.#mine.toLocaleString();
    this.draw();
  }

  team(team) {
    this.#team = team;
    one("team-fill").style.inlineSize = `${team.tiles ? 100 * team.settled / team.tiles : 0}%`;
    this.draw();
  }

  draw() {
    const sheet = document.querySelector('[data-sheet="score"]');
    if (!sheet.open) return;
    const now = performance.now(), { votes = 0, people = 1, tiles = 0, settled = 0, leaders = [] } = this.#team ?? {};
    this.#times = this.#times.filter((time) => now - time < PACE);
    const worked = Math.round((this.#worked + (this.#last === null ? 0 : Math.min(now - this.#last, STILL))) / 1000);
    const figures = {
      mine: this.#mine, team: Math.max(votes, this.#mine), people: Math.max(1, people), tiles: `${settled.toLocaleString()} / ${tiles.toLocaleString()}`,
      pace: this.#say("a_minute", { count: this.#times.length }), time: `${Math.floor(worked / 60)}:${String(worked % 60).padStart(2, "0")}`,
    };
    all("score", sheet).forEach((element) => { element.textContent = figures[element.dataset.score].toLocaleString(); });
    this.#lead(leaders);
  }

  #lead(leaders) {
    const list = one("leader-list");
    if (!list) return;
    show(one("leaders"), leaders.length > 0);
    list.replaceChildren(...leaders.map(({ id, nickname, votes }) => {
      const row = document.createElement("li");
      row.className = "leaders__one";
      row.append(name(nickname, id === this.#me.id ? ` (${this.#say("you")})` : ""), Object.assign(document.createElement("span"), { textContent: votes.toLocaleString() }));
      if (id === this.#me.id) row.setAttribute("aria-current", "true");
      return row;
    }));
  }
}

function name(nickname, suffix) {
  return Object.assign(document.createElement("span"), { textContent: nickname + suffix });
}
