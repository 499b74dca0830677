import { ImageInput } from "./image_input.js";
import { Latest } from "./latest.js";

/** A search with an image of one's own: uploaded, then one of the examples. */
export class ImageSearch {
  #images;
  #uploads = new Latest(); // of the image that was given
  #results;

  /** api, results, announce; largest: bytes; found(id): it is uploaded */
  constructor({ api, results, announce, largest, found }) {
    this.#results = results;
    this.#images = new ImageInput({ largest, take: (file) => this.#take(file, { api, announce, found }) });
  }

  /** Something else is looked for in the meantime. */
  forget() {
    if (!this.#uploads.busy) return;
    this.#uploads.cancel();
    this.#results.settle();
  }

  #take(file, { api, announce, found }) {
    this.#images.refuse("");
    announce("Uploading the image…");
    this.#uploads.run((signal) => api.upload(file, signal), {
      start: () => this.#results.loading(),
      done: ({ id }) => { this.#results.settle(); found(id); },
      failed: (error) => { this.#images.refuse(error.message); this.#results.settle(); },
    });
  }
}
