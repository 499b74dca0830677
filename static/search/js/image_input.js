import { one, show } from "./elements.js";


const imageIn = (transfer) => [...(transfer?.files ?? [])][0];

/** An image chosen, dropped or pasted, handed on as a file. */
export class ImageInput {
  #largest;
  #take;
  #depth = 0; // of nested dragenter events

  /** largest: bytes that the server accepts; take(file): what to do with one */
  constructor({ largest, take }) {
    this.#largest = largest;
    this.#take = take;
    one("file").addEventListener("change", ({ target }) => this.#choose(target));
    document.addEventListener("paste", (event) => this.#paste(event));
    document.addEventListener("dragenter", (event) => this.#drag(event, 1));
    document.addEventListener("dragleave", (event) => this.#drag(event, -1));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => this.#drop(event));
  }

  refuse(message) {
    one("upload-error").textContent = message;
    show(one("upload-error"), message);
  }

  #choose(input) {
    this.#offer(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  }

  #paste(event) {
    const file = imageIn(event.clipboardData);
    if (file) event.preventDefault();
    this.#offer(file);
  }

  #drag(event, step) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#depth = Math.max(0, this.#depth + step);
    show(one("drop-veil"), this.#depth > 0);
  }

  #drop(event) {
    event.preventDefault();
    this.#depth = 0;
    show(one("drop-veil"), false);
    this.#offer(imageIn(event.dataTransfer));
  }

  #offer(file) {
    if (!file) return;
    if (file.size <= this.#largest) return this.#take(file);
    this.refuse(`${file.name} is too large for this site. A few hundred pixels are enough: use a smaller version.`);
  }
}
