/** Positions on a slider and the values that they stand for: each bar of its histogram is as wide as the others. */
const STEPS = 8; // positions a bar

/** Decimals that make a difference for bars that wide. */
const digits = (width) => Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(width || 1))));

export class Scale {
  /** edges: (n + 1,) ascending */
  constructor(edges) { this.edges = edges; }

  static even(low, high, bins = 32) {
    return new Scale(Array.from({ length: bins + 1 }, (_, at) => low + ((high - low) * at) / bins));
  }

  get bins() { return this.edges.length - 1; }

  get last() { return this.bins * STEPS; }

  get low() { return this.edges[0]; }

  get high() { return this.edges.at(-1); }

  /** A position in bars. */
  bars(position) { return position / STEPS; }

  /** The ends as one would write them. */
  get ends() {
    const wide = digits((this.high - this.low) / this.bins);
    return [this.low, this.high].map((end) => Number(end.toFixed(wide)));
  }

  /** The value at a position, null at that end of the slider where it restricts nothing. */
  value(position, end) {
    if (position === (end === 0 ? 0 : this.last)) return null;
    const bin = Math.min(this.bins - 1, Math.floor(position / STEPS));
    const [from, to] = [this.edges[bin], this.edges[bin + 1]];
    return Number((from + ((to - from) * (position - bin * STEPS)) / STEPS).toFixed(digits(to - from)));
  }

  /** The position nearest to a value; null means the end itself. */
  position(value, end) {
    if (value === null) return end === 0 ? 0 : this.last;
    const above = this.edges.findIndex((edge) => edge > value);
    if (above === 0) return 0;
    if (above < 0) return this.last;
    const [from, to] = [this.edges[above - 1], this.edges[above]];
    return Math.round((above - 1 + (to > from ? (value - from) / (to - from) : 0)) * STEPS);
  }
}
