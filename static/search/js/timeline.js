/** Dates along a line, placed by when they are, not by how many: gaps stay gaps.  Dates are "YYYY-MM-DD", sorted. */
const DAY = 86_400_000; // milliseconds
const APART = 54; // pixels between labels, at least
const STEPS = [["day", 1], ["day", 7], ["month", 1], ["month", 3], ["year", 1], ["year", 2], ["year", 5], ["year", 10], ["year", 50]];
const LENGTH = { day: DAY, month: 30.4 * DAY, year: 365.25 * DAY };

const time = (date) => Date.parse(`${date}T00:00:00Z`);
const dated = (dates) => dates.filter((date) => date !== "static");
const month = new Intl.DateTimeFormat("en-GB", { month: "short", timeZone: "UTC" });

export class Timeline {
  #times;
  #from;
  #to;
  dates;

  /** within: dates whose first and last are the ends of the line, if those of `dates` are not */
  constructor(dates, within = dates) {
    this.dates = dated(dates);
    this.#times = this.dates.map(time);
    const ends = dated(within).map(time);
    [this.#from, this.#to] = [Math.min(...ends), Math.max(...ends)];
  }

  /** Is there anything to choose from? */
  get useful() { return this.#to > this.#from; }

  /** date → 0 at the left end to 1 at the right */
  share(date) { return this.useful ? (time(date) - this.#from) / (this.#to - this.#from) : 0.5; }

  /** The date nearest to another one, which may not be there; undefined where there is none. */
  closest(date) { return date === "static" ? undefined : this.nearest(this.share(date)); }

  /** The date nearest to a share of the line; undefined where there is none. */
  nearest(share) {
    const wanted = this.#from + share * (this.#to - this.#from);
    const after = this.#search(wanted);
    const before = Math.max(0, after - 1);
    return this.dates[wanted - this.#times[before] <= this.#times[after] - wanted ? before : after] ?? this.dates[before];
  }

  /** The date some steps on, or the last one in that direction; undefined where there is none. */
  step(date, by) {
    const index = this.#search(time(date));
    const here = this.dates[index] === date || by > 0 ? index : index - 1;
    const on = this.dates[index] === date ? by : by - Math.sign(by);
    return this.dates[Math.min(Math.max(here + on, 0), this.dates.length - 1)];
  }

  /** The date nearest to so many days away, and another one if there is. */
  jump(date, days) {
    const wanted = (time(date) + days * DAY - this.#from) / (this.#to - this.#from);
    const found = this.nearest(Math.min(Math.max(wanted, 0), 1));
    return found === date ? this.step(date, Math.sign(days)) : found;
  }

  /** Stretches of pixels with imagery, [[left, right]], never more than pixels. */
  runs(width) {
    const found = [];
    const scale = width / (this.#to - this.#from);
    for (const at of this.#times) {
      const left = Math.floor((at - this.#from) * scale);
      const right = Math.max(left + 1, Math.ceil((at + DAY - this.#from) * scale));
      const last = found.at(-1);
      if (last && left <= last[1]) last[1] = Math.max(last[1], right);
      else found.push([left, right]);
    }
    return found;
  }

  /** Where the line is labelled, [{x, label}]: by years, months or days, as there is room. */
  ticks(width) {
    const span = this.#to - this.#from;
    const [unit, every] = STEPS.find(([name, n]) => (n * LENGTH[name] * width) / span >= APART) ?? STEPS.at(-1);
    return starts(this.#from, this.#to, unit, every).map((at) => ({
      x: ((at - this.#from) / span) * width, label: label(new Date(at), unit),
    }));
  }

  /** The first index whose time is not before. */
  #search(wanted) {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The beginnings of years, months or days between two times. */
function starts(from, to, unit, every) {
  const found = [];
  const first = new Date(from);
  const year = unit === "year" ? Math.ceil(first.getUTCFullYear() / every) * every : first.getUTCFullYear();
  for (let n = 0; ; n += every) {
    const at = { year: Date.UTC(year + n, 0), month: Date.UTC(year, n), day: Date.UTC(year, first.getUTCMonth(), 1 + n) }[unit];
    if (at > to) return found;
    if (at >= from) found.push(at);
  }
}

function label(when, unit) {
  const year = String(when.getUTCFullYear());
  if (unit === "year" || (when.getUTCMonth() === 0 && when.getUTCDate() === 1)) return year;
  return unit === "month" ? month.format(when) : `${when.getUTCDate()} ${month.format(when)}`;
}
