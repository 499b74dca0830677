/** A job that is looked at every so often until it is over. Events: told (its answer), over (the last one), lost (why). */
const PAUSE = 1500; // ms
const LONGEST = 15000; // ms, while the site does not answer

export class Watch extends EventTarget {
  #address;
  #pause = PAUSE;

  constructor(address) {
    super();
    this.#address = address;
  }

  start() {
    setTimeout(() => this.#look(), this.#pause);
  }

  async #look() {
    try {
      const answer = await fetch(this.#address, { headers: { Accept: "application/json" } });
      if (answer.status === 404) return this.#tell("over", { status: "cancelled" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      this.#pause = PAUSE;
      const job = await answer.json();
      if (!["waiting", "running"].includes(job.status)) return this.#tell("over", job);
      this.#tell("told", job);
    } catch {
      this.#pause = Math.min(2 * this.#pause, LONGEST);
      this.#tell("lost", "The site does not answer; this page keeps asking.");
    }
    this.start();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
