/** /api/v1/campaigns/ as methods; every failure is an Error with a sentence for the person. */
const WORDS = { 0: "The server cannot be reached. Check your connection and try again." };
const token = document.querySelector('meta[name="csrf-token"]')?.content;

export async function ask(address, { method = "GET", body, form } = {}) {
  const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...(method !== "GET" && { "X-CSRFToken": token }) };
  const response = await fetch(address, { method, headers, body: form ?? (body && JSON.stringify(body)), credentials: "same-origin" })
    .catch(() => { throw new Error(WORDS[0]); });
  if (!response.ok) {
    const said = await response.json().catch(() => null); // a proxy's error page is not JSON
    throw new Error(said?.error?.message ?? `The server failed (error ${response.status}). Try again.`);
  }
  return response.status === 204 ? null : response;
}

const json = async (...request) => (await ask(...request))?.json();
const root = "/api/v1/campaigns/";

export const create = (body) => json(root, { method: "POST", body });

export class HostApi {
  #at;

  constructor(number) { this.#at = `${root}${number}/`; this.number = number; }

  read() { return json(this.#at); }
  change(body) { return json(this.#at, { method: "PATCH", body }); }
  remove() { return json(this.#at, { method: "DELETE" }); }
  setState(state) { return this.#post("state", { state }); }
  cards(query) { return json(`${this.#at}cards?${new URLSearchParams(query)}`); }
  card(id) { return json(`${this.#at}cards/${id}/`); }
  decide(cards, answer) { return this.#post("decisions", { cards, answer }); }
  gold(keys, answer) { return this.#post("gold", { keys, answer }); }
  example(key, answer) { return this.#post("examples", { key, answer }); }
  links() { return json(`${this.#at}links`).then(({ results }) => results); }
  makeLink(body) { return this.#post("links", body); }
  revoke(id) { return this.#post(`links/${id}/revoke`, {}); }
  people() { return json(`${this.#at}people`).then(({ results }) => results); }
  exclude(id, excluded) { return json(`${this.#at}people/${id}`, { method: "PATCH", body: { excluded } }); }

  learning() { return json(`${this.#at}learning`); }
  changeLearning(body) { return json(`${this.#at}learning`, { method: "PATCH", body }); }
  beginRound() { return this.#post("learning/rounds", {}); }
  confusions() { return json(`${this.#at}learning/confusions`); }
  relabel(cards) { return this.#post("learning/relabel", { cards }); }

  sweeps() { return json(`${this.#at}sweeps`); }
  beginSweep() { return this.#post("sweeps", {}); }
  sweepAction(number, action) { return this.#post(`sweeps/${number}/${action}`, {}); }
  sweepTiles(number, query) { return json(`${this.#at}sweeps/${number}/tiles?${new URLSearchParams(query)}`); }
  sweepHeat(number, query) { return json(`${this.#at}sweeps/${number}/heat?${new URLSearchParams(query)}`); }
  review(number, query) { return json(`${this.#at}sweeps/${number}/review?${new URLSearchParams(query)}`); }
  labelSwept(number, keys, answer) { return this.#post(`sweeps/${number}/labels`, { keys, answer }); }
  askSwept(number, keys) { return this.#post(`sweeps/${number}/ask`, { keys }); }
  beginAudit(number, body) { return this.#post(`sweeps/${number}/audit`, body); }
  audit(number, threshold) { return json(`${this.#at}sweeps/${number}/audit${threshold === null ? "" : `?threshold=${threshold}`}`); }
  sweepFile(number, name, min) { return `${this.#at}sweeps/${number}/export/${name}?min=${min}`; }

  async qr(secret) {
    const form = new URLSearchParams({ token: secret });
    return (await ask(`/campaigns/${this.number}/qr`, { method: "POST", form })).text();
  }

  #post(path, body) { return json(this.#at + path, { method: "POST", body }); }
}
