/** Runs one request at a time: a newer one aborts the older, whose answer is never heard. */
export class Latest {
  #controller = null;

  /** request: (signal) => Promise; on: {start, done(answer), failed(error)} */
  async run(request, on) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    on.start?.();
    const told = await request(controller.signal).then((answer) => () => on.done(answer), (error) => () => on.failed(error));
    if (controller !== this.#controller) return; // a newer one runs, or nobody waits any more
    this.#controller = null;
    told();
  }

  get busy() { return this.#controller !== null; }

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
