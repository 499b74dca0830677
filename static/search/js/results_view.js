import { make, one, show } from "./elements.js";
import { count, milliseconds, plural, score } from "./format.js";
import { compared, indexWords, missedBy } from "./index_words.js";
import { ResultList, skippedWords } from "./result_list.js";

const TITLES = {
  0: "No connection", 404: "Not found", 429: "Too fast", 503: "Not available just now",
  refused: "This search is not possible", failed: "The search failed",
};

// When there is nothing to show: title, text, what the button offers.
const TOO_UNLIKE = ["Nothing is that much alike", "No result reaches the likeness you ask for.", "Show all results"];
const NONE = [
  "No lookalikes found", "The filters leave nothing to compare with. Try more dates, a larger area or another size.",
  "Reset the filters",
];
const NOT_BUILT = [
  "The index is still being built",
  "Nothing of this size and date can be searched yet. Results come in by themselves when the first part is ready.", "",
];

/** Everything that can stand in the results: welcome, skeletons, cards, nothing, an error. */
export class ResultsView {
  #dataset;
  #list;
  #answer = null;
  #least = 0;
  #settled = "welcome"; // the content that loading interrupted
  #announce;
  #sizeName;

  constructor({ dataset, act, highlight, announce, sizeName }) {
    this.#dataset = dataset;
    this.#sizeName = sizeName;
    this.#announce = announce;
    this.#list = new ResultList(one("results-list"), { act, highlight });
    one("skeletons").replaceChildren(...Array.from({ length: 12 }, () => make("skeleton")));
  }

  /** The results at or above the threshold, best first. */
  get shown() { return this.#answer?.results.filter((result) => result.score >= this.#least) ?? []; }

  /** What was asked for is not coming: back to what was there before. */
  settle() { this.#reveal(this.#settled); }

  welcome() {
    this.#answer = null;
    this.#list.fill([]);
    this.#list.limit(0);
    this.#reveal("welcome");
  }

  loading() {
    one("results").setAttribute("aria-busy", "true");
    if (this.shown.length) this.#dim(true);
    else this.#reveal("skeletons");
    this.#announce("Searching…");
  }

  answer(answer, { least, level }) {
    this.#answer = answer;
    this.#least = least;
    this.#list.fill(answer.results, { sizeName: this.#sizeName, missed: missedBy(answer) });
    this.#render(level);
    this.#toTop();
    const said = one("results-title").textContent || one("nothing-title").textContent;
    this.#announce(`${said}. ${one("searched").textContent}`);
  }

  threshold(least, level) {
    this.#least = least;
    if (this.#answer) this.#render(level);
  }

  failed({ status, message, wait }) {
    this.#answer = null;
    this.#list.fill([]);
    this.#list.limit(0);
    this.#reveal("error");
    one("error-title").textContent = TITLES[status] ?? (status < 500 ? TITLES.refused : TITLES.failed);
    one("error-text").textContent = wait ? `${message} Try again in ${plural(wait, "second")}.` : message;
  }

  #render(level) {
    const { shown } = this;
    this.#list.limit(shown.length);
    this.#reveal(shown.length ? "results-list" : "nothing");
    this.#renderFoot();
    this.#renderThreshold();
    one("results-title").textContent = shown.length ? `${this.#howMany(shown.length)}${this.#ofSize(level)}` : "";
    if (!shown.length) this.#renderNothing();
  }

  /**
   * In the sheet of a phone, which scrolls as a whole, the results begin below the query.  In the frame that paints
   * them: scrolling at once would lay the page out one more time.
   */
  #toTop() {
    requestAnimationFrame(() => {
      one("scroll").scrollTop = 0;
      one("panel").scrollTop = one("scroll").offsetTop - one("grip").offsetHeight;
    });
  }

  /** The slider spans the likenesses that came; its left end asks for nothing. */
  #renderThreshold() {
    const scores = this.#answer.results.map((result) => result.score);
    const [low, high] = [Math.min(...scores), Math.max(...scores)];
    show(one("threshold"), scores.length > 1);
    one("least").min = Math.floor(Math.min(low, this.#least || low) * 100) / 100;
    one("least").max = Math.ceil(high * 100) / 100;
    one("least").value = this.#least || one("least").min;
    one("least-value").textContent = this.#least ? score(this.#least) : "any";
  }

  #howMany(n) {
    const total = this.#answer.results.length;
    return n < total ? `${count(n)} of ${plural(total, "lookalike")}` : plural(n, "lookalike");
  }

  /** level: null for results of all sizes */
  #ofSize(level) {
    if (this.#dataset.kind !== "map") return "";
    return level === null ? " · all sizes" : ` · ${this.#sizeName(level)}`;
  }

  #renderFoot() {
    const { searched, skipped, took_ms: ms } = this.#answer;
    const where = `${plural(searched.tiles, "tile")} in ${plural(searched.shards, "shard")}`;
    one("searched").textContent = `Searched ${where} in ${milliseconds(ms)}.`;
    one("index-words").textContent = indexWords(this.#answer.index);
    show(one("index"), one("index-words").textContent);
    one("compared").textContent = compared(this.#answer);
    show(one("compared"), one("compared").textContent);
    one("skipped").textContent = skipped.length ? skippedWords(skipped, this.#dataset.levels) : "";
    show(one("skipped"), skipped.length > 0);
  }

  #renderNothing() {
    const { results, searched, skipped } = this.#answer;
    const building = searched.shards === 0 && skipped.length > 0;
    const [title, text, action] = results.length ? TOO_UNLIKE : building ? NOT_BUILT : NONE;
    one("nothing-title").textContent = title;
    one("nothing-text").textContent = text;
    one("nothing-action").textContent = action;
    one("nothing-action").dataset.nothingAction = results.length ? "threshold" : "filters";
    show(one("nothing-action"), action);
  }

  #dim(dimmed) { one("results").classList.toggle("results--old", dimmed); }

  /** One of the five contents; what belongs to results only goes with them. */
  #reveal(content) {
    if (content !== "skeletons") this.#settled = content;
    one("results").setAttribute("aria-busy", String(content === "skeletons"));
    this.#dim(false);
    for (const name of ["welcome", "skeletons", "results-list", "nothing", "error"]) show(one(name), name === content);
    show(one("results"), content !== "welcome");
    show(one("results-head"), content === "results-list");
    show(one("results-foot"), content === "results-list" || content === "nothing");
    if (content !== "results-list" && content !== "nothing") show(one("threshold"), false);
    one("download").open = false;
  }
}
