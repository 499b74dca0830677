/** Runs one request at a time: a newer one aborts the older, whose answer is never heard. */
export class Latest {
  #controller = null;

  /** request: (signal) => Promise; on: {start, done(answer), failed(error)} */
  async run(request, on) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    on.start?.();
    const [done, failed] = [(answer) => () => on.done(answer), (error) => () => on.failed(error)];
    const tell = await request(controller.signal).then(done, failed);
    if (controller !== this.#controller) return; // a newer one runs, or nobody waits any more
    this.#controller = null;
    tell();
  }

  get busy() { return this.#controller !== null; }

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
