/** One tile: its picture, every vote on it, and the host's word. */
import { one, show } from "../../search/js/elements.js";
import { date, place } from "../../search/js/format.js";
import { element } from "./host_answers.js";

export class TileView {
  #api;
  #answers;
  #fail;
  #card = null;
  #dialog = one("tile");

  constructor({ api, answers, fail }) {
    this.#api = api;
    this.#answers = answers;
    this.#fail = fail;
    one("tile-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    one("tile-decide").replaceChildren(...answers.buttons((code) => this.#decide(code)));
    one("tile-gold").addEventListener("click", () => this.#use(({ key, label, gold }) => this.#api.gold([key], gold ? null : label), "Everyone is asked about it some time, to see who answers well."));
    one("tile-example").addEventListener("click", () => this.#use(({ key, label }) => this.#api.example(key, label), "It is shown before the first tile, from the next visit on."));
  }

  async open(id, card) {
    this.#draw({ ...card, said: [] });
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#again(id);
  }

  /** It has changed while it is looked at. */
  changed(cards) {
    if (this.#dialog.open && cards.some(({ id }) => id === this.#card.id)) this.#again(this.#card.id);
  }

  async #again(id) {
    try {
      this.#draw(await this.#api.card(id));
    } catch (error) {
      this.#dialog.close();
      this.#fail(error);
    }
  }

  #draw(card) {
    this.#card = card;
    const where = card.center ? place(card.center, 0.01) : card.name ?? "Tile";
    one("tile-title").textContent = card.date && card.date !== "static" ? `${where} · ${date(card.date)}` : where;
    one("tile-image").src = card.image ? `${card.image}&size=512`.replace("?&", "?") : "";
    one("tile-label").replaceChildren(this.#answers.badge(card.label), ` ${{ host: "by your word", gold: "known beforehand", skill: "by votes weighted by skill", majority: "by most votes" }[card.label_from] ?? ""}`);
    one("tile-votes").replaceChildren(...card.said.map((vote) => this.#row(vote)));
    show(one("tile-none"), card.said.length === 0);
    for (const name of ["tile-gold", "tile-example"]) one(name).disabled = !card.label;
    one("tile-gold").textContent = card.gold ? "No longer a known tile" : "Use as a known tile";
    one("tile-said").textContent = card.label ? "" : "Give it your word first.";
  }

  #row({ nickname, answer, took, withdrawn, excluded }) {
    const row = element("tr", withdrawn || excluded ? "vote--out" : "", element("td", "", nickname), element("td", "", this.#answers.badge(answer)), element("td", "", took === null ? "–" : `${(took / 1000).toFixed(1)} s`));
    row.title = withdrawn ? "taken back" : excluded ? "does not count" : "";
    return row;
  }

  #key({ key }) {
    const answer = this.#answers.list[Number(key) - 1];
    if (answer || key === "0") this.#decide(answer?.code ?? null);
  }

  async #decide(code) {
    await this.#api.decide([this.#card.id], code).then(() => this.#again(this.#card.id), this.#fail);
  }

  async #use(act, words) {
    await act(this.#card)
      .then(() => this.#again(this.#card.id)).then(() => { one("tile-said").textContent = words; }, this.#fail);
  }
}
