import { one, show } from "./elements.js";
import { bytes } from "./upload_form.js";
import { Uploading } from "./uploading.js";

const UNKNOWN = "The server cannot be reached. Try again in a moment; what has been sent is kept.";

/** An encoder on its way into the store. Without this script the form sends a small file by itself. */
export class BringForm {
  #form;
  #busy = false;

  constructor(form) { this.#form = form; }

  start() {
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); if (!this.#busy) this.#bring(); });
  }

  async #bring() {
    const file = one("file", this.#form).files[0];
    if (!file) return;
    this.#work(true);
    try {
      const upload = await this.#send(file);
      this.#told("It is unpacked, checked and tried. That may take a minute.", null);
      location.assign((await this.#publish(upload)).page);
    } catch (error) {
      this.#refused(error.message);
    }
  }

  #send(file) {
    const upload = new Uploading(file, { token: this.#field("csrfmiddlewaretoken"), chunk: Number(this.#form.dataset.chunk) });
    upload.told = (done, total, waiting) => this.#told(`${bytes(done)} of ${bytes(total)} sent${waiting ? ": no connection, going on by itself" : ""}`, done / total);
    return upload.send();
  }

  async #publish(upload) {
    const given = Object.fromEntries([...new FormData(this.#form)].filter(([name, value]) => typeof value === "string" && value && name !== "csrfmiddlewaretoken"));
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#field("csrfmiddlewaretoken") };
    const answer = await fetch("/api/v1/models/", { method: "POST", headers, body: JSON.stringify({ ...given, upload }) }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (answer?.ok) return said;
    throw new Error(said?.error?.message ?? UNKNOWN);
  }

  #field(name) { return new FormData(this.#form).get(name); }

  #work(on) {
    this.#busy = on;
    one("send", this.#form).disabled = on;
    show(one("progress", this.#form), on);
    if (on) show(one("said", this.#form.parentElement), false);
  }

  #told(words, share) {
    const bar = one("bar", this.#form);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    one("words", this.#form).textContent = words;
  }

  #refused(sentence) {
    this.#work(false);
    const said = one("said", this.#form.parentElement);
    said.textContent = sentence;
    show(said, true);
    said.scrollIntoView({ block: "nearest" });
  }
}
