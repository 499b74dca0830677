/** Cards in hand: at least 8 pictures ahead of the one on top, drawn before they are needed. */
const WANTED = 24, LOW = 12, AHEAD = 10;
const IN_SIGHT = 2; // the top card and the one that shows behind it

export class Deck {
  #cards = [];
  #want;
  #answered; // ids of cards whose votes may be on their way
  #pictures = new Map();
  #asking = false;
  #urgent = false; // what comes next has been chosen just now: it is shown before what we hold
  wasFilled = false;
  isEmpty = false; // the site has nothing more for us, just now

  constructor({ want, answered }) {
    this.#want = want;
    this.#answered = new Set(answered);
  }

  get top() { return this.#cards[0] ?? null; }
  get behind() { return this.#cards[1] ?? null; }
  get size() { return this.#cards.length; }

  /** anew: the site says that there are new cards, more urgent ones than ours. */
  refill(anew = false) {
    if (anew) { this.#asking = false; this.#urgent = true; }
    if (this.#asking || (!anew && this.#cards.length >= LOW)) return;
    this.#asking = true;
    this.#want([...this.#cards.map(({ id }) => id), ...this.#answered].slice(0, 900), WANTED + Math.min(this.#answered.size, WANTED));
  }

  take(cards) {
    const have = new Set(this.#cards.map(({ id }) => id));
    const fresh = cards.filter(({ id }) => !have.has(id) && !this.#answered.has(id));
    this.#cards.splice(this.#urgent ? IN_SIGHT : this.#cards.length, 0, ...fresh);
    this.#asking = this.#urgent = false;
    this.wasFilled ||= fresh.length > 0;
    this.isEmpty = this.#cards.length === 0 && cards.length === 0;
    this.#prefetch();
  }

  answered(card) {
    this.#cards = this.#cards.filter((other) => other !== card);
    this.#answered.add(card.id);
    this.#prefetch();
    this.refill();
  }

  putBack(card) {
    this.#answered.delete(card.id);
    this.#cards = [card, ...this.#cards.filter(({ id }) => id !== card.id)];
    this.#prefetch();
  }

  /** The site has our vote: it will not deal the card again, unless the vote is taken back. */
  settled(id) { this.#answered.delete(id); }

  /** Others have settled these; the one in sight stays until it is answered. */
  drop(ids, inSight) {
    const gone = new Set(ids.filter((id) => id !== inSight));
    this.#cards = this.#cards.filter(({ id }) => !gone.has(id));
    this.refill();
  }

  #prefetch() {
    const ahead = this.#cards.slice(0, AHEAD);
    const kept = new Set(ahead.map(({ image }) => address(image)));
    for (const url of this.#pictures.keys()) if (!kept.has(url)) this.#pictures.delete(url);
    for (const url of kept) if (!this.#pictures.has(url)) this.#pictures.set(url, decoded(url));
  }
}

/** As large as the screen shows it, within what the site makes. */
export function address(image) {
  const shown = Math.min(innerWidth, innerHeight) * devicePixelRatio;
  return `${image}?size=${shown > 1100 ? 1024 : 512}`;
}

function decoded(url) {
  const picture = new Image();
  picture.src = url;
  picture.decode().catch(() => {}); // the card itself says when its picture does not come
  return picture;
}
