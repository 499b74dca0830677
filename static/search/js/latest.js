/** Runs one request at a time: a newer one aborts the older, whose answer is never heard. */
export class Latest {
  #controller = null;

  /** request: (signal) => Promise; on: {start, done(answer), failed(error)} */
  async run(request, on) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    on.start?.();
    try {
      const answer = await request(controller.signal);
      if (controller === this.#controller) on.done(answer);
    } catch (error) {
      if (controller === this.#controller && error.name !== "AbortError") on.failed(error);
    }
  }

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
