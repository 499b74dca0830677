/** One tab stop for a grid of items; arrow keys move inside it. */
export class Roving {
  #list;
  #stops;

  /** stops: (item) => the focusable elements of one item, the main one first */
  constructor(list, stops) {
    this.#list = list;
    this.#stops = stops;
    list.addEventListener("focusin", (event) => this.#enter(event.target));
    list.addEventListener("keydown", (event) => this.#press(event));
  }

  /** To be called when the items have changed. */
  refresh() {
    const items = [...this.#list.children];
    items.forEach((item, index) => this.#open(item, index === 0));
  }

  focus(index) { this.#stops(this.#list.children[index] ?? this.#list.firstElementChild)[0]?.focus(); }

  #open(item, open) {
    for (const stop of this.#stops(item)) stop.tabIndex = open ? 0 : -1;
  }

  #enter(target) {
    for (const item of this.#list.children) this.#open(item, item.contains(target));
  }

  #press(event) {
    const items = [...this.#list.children];
    const index = items.findIndex((item) => item.contains(event.target));
    const row = this.#columns(items);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row }[event.key];
    const next = { Home: 0, End: items.length - 1 }[event.key] ?? index + step;
    if (index < 0 || !items[next]) return;
    event.preventDefault();
    this.focus(next);
  }

  #columns(items) {
    const top = items[0]?.offsetTop;
    const second = items.findIndex((item) => item.offsetTop > top);
    return second < 0 ? items.length : second;
  }
}
