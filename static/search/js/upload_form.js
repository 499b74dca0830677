import { all, one } from "./elements.js";
import { count } from "./format.js";
import { Uploading } from "./uploading.js";

const SIZES = ["B", "kB", "MB", "GB", "TB"];

export function bytes(size) {
  const power = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log(size || 1) / Math.log(1024))));
  return `${(size / 1024 ** power).toFixed(power ? 1 : 0)} ${SIZES[power]}`;
}

/** Files dropped or chosen are uploaded at once, one after another; the button then imports those that arrived. */
export class UploadForm {
  #form;
  #token;
  #queue = [];
  #busy = false;

  constructor(form) { this.#form = form; this.#token = new FormData(form).get("csrfmiddlewaretoken"); }

  start() {
    const drop = one("drop", this.#form);
    const over = (event, on) => { event.preventDefault(); drop.classList.toggle("drop--over", on); };
    drop.addEventListener("dragover", (event) => over(event, true));
    drop.addEventListener("dragleave", (event) => over(event, false));
    drop.addEventListener("drop", (event) => { over(event, false); this.#take(event.dataTransfer.files); });
    const chosen = one("files", this.#form);
    const takeChosen = () => { this.#take(chosen.files); chosen.value = ""; };
    chosen.addEventListener("change", takeChosen);
    takeChosen(); // those chosen before this script had arrived
    this.#form.addEventListener("submit", (event) => { if (this.#queue.length || this.#busy) { event.preventDefault(); this.#say("Wait until all files have arrived."); } });
    for (const button of all("drop-upload", this.#form)) button.addEventListener("click", () => this.#forget(button));
  }

  #say(text) { one("upload-said", this.#form).textContent = text; }

  #take(files) {
    for (const file of files) this.#queue.push({ file, row: this.#row(file) });
    this.#next();
  }

  #row(file) {
    const kept = all("kept", this.#form).find((row) => row.dataset.name === file.name && Number(row.dataset.size) === file.size);
    kept?.remove();
    const row = document.createElement("li");
    row.className = "upload";
    const part = (tag, name) => Object.assign(document.createElement(tag), { className: `upload__${name}` });
    const [name, state, bar, stop] = [part("span", "name"), part("span", "state"), part("progress", "bar"), part("button", "stop")];
    name.textContent = file.name;
    state.textContent = "waiting";
    bar.setAttribute("aria-label", file.name);
    Object.assign(bar, { max: file.size, value: 0 });
    Object.assign(stop, { type: "button", className: "button button--small button--quiet", textContent: "Stop" });
    row.append(name, bar, state, stop);
    one("uploads", this.#form).append(row);
    return { row, state, bar, stop, kept: kept?.dataset.kept };
  }

  async #next() {
    if (this.#busy || !this.#queue.length) return;
    this.#busy = true;
    const { file, row } = this.#queue.shift();
    await this.#send(file, row);
    this.#busy = false;
    if (!this.#queue.length) this.#say("All files have been sent.");
    this.#next();
  }

  async #send(file, { row, state, bar, stop, kept }) {
    const { chunk, dataset } = this.#form.dataset;
    const upload = new Uploading(file, { dataset, token: this.#token, chunk: Number(chunk), kept });
    upload.told = (done, total, waiting) => {
      bar.value = done;
      state.textContent = waiting ? `${bytes(done)} of ${bytes(total)}: no connection, going on by itself as soon as there is one` : `${bytes(done)} of ${bytes(total)} (${count((100 * done) / total)} %)`;
    };
    stop.onclick = () => upload.stop();
    try {
      const id = await upload.send();
      bar.remove();
      state.textContent = `${bytes(file.size)}, arrived`;
      row.append(Object.assign(document.createElement("input"), { type: "hidden", name: "uploads", value: id }));
      stop.textContent = "Remove";
      stop.onclick = () => { row.remove(); upload.stop(); };
    } catch (error) {
      bar.remove();
      row.classList.add("upload--failed");
      state.textContent = error.message;
      this.#say(`${file.name}: ${error.message}`);
      stop.textContent = "Remove";
      stop.onclick = () => row.remove();
    }
  }

  async #forget(button) {
    const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": this.#token };
    const answer = await fetch(`/api/v1/uploads/${button.dataset.dropUpload}`, { method: "DELETE", headers }).catch(() => null);
    if (answer?.ok || answer?.status === 404) button.closest("li").remove();
    else this.#say("The server cannot be reached. Try again in a moment.");
  }
}
