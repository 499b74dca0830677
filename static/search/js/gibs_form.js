import { all, debounce, one, show } from "./elements.js";

/** Layers suggested while one types, and the size of the download said before it begins. */
export class GibsForm {
  #form;
  #slug;
  #layers = [];
  #at = -1;
  #asked = 0;

  constructor(form, slug) { this.#form = form; this.#slug = slug; }

  start() {
    const field = one("layer", this.#form);
    field.addEventListener("input", debounce(() => this.#suggest(), 250));
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    one("estimate-button", this.#form).addEventListener("click", (event) => { event.preventDefault(); this.#estimate(); });
    one("geojson", this.#form).addEventListener("change", (event) => this.#read(event.target.files[0]));
    show(one("geojson-file", this.#form), true);
  }

  async #suggest() {
    const words = one("layer", this.#form).value.trim();
    const asked = ++this.#asked;
    if (words.length < 2) { this.#close(); return; }
    const query = new URLSearchParams({ q: words, epsg: this.#form.dataset.epsg });
    const response = await fetch(`/api/v1/gibs/layers?${query}`).catch(() => null);
    const body = await response?.json().catch(() => null); // a proxy's error page is not JSON
    if (asked !== this.#asked || document.activeElement !== one("layer", this.#form)) return;
    if (!response?.ok) { this.#hint(body?.error?.message ?? "NASA's list of layers cannot be reached just now. Write the layer's id."); return; }
    this.#layers = body.results;
    this.#hint(body.count ? `${body.count} layers fit.` : "No layer has all these words. Try fewer.");
    this.#open();
  }

  #hint(text) { one("layer-hint", this.#form).textContent = text; }

  #open() {
    const list = one("layer-list", this.#form);
    this.#at = -1;
    list.replaceChildren(...this.#layers.map((layer, number) => this.#option(layer, number)));
    show(list, this.#layers.length);
    one("layer", this.#form).setAttribute("aria-expanded", String(this.#layers.length > 0));
  }

  #option(layer, number) {
    const [item, about] = [document.createElement("li"), document.createElement("small")];
    item.id = `layer-${number}`;
    item.role = "option";
    item.className = "suggest__one";
    item.textContent = layer.title || layer.id;
    about.textContent = `${layer.id} · ${layer.from ? `${layer.from} to ${layer.to}` : "no dates"} · down to level ${layer.deepest}`;
    item.append(about);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); this.#choose(layer); });
    return item;
  }

  #choose(layer) {
    one("layer", this.#form).value = layer.id;
    show(one("time", this.#form), layer.subdaily);
    for (const name of ["from", "to"]) {
      const field = one(name, this.#form);
      Object.assign(field, { min: layer.from ?? "", max: layer.to ?? "", disabled: !layer.from });
      if (layer.to && !field.value) field.value = layer.to;
    }
    for (const box of this.#form.querySelectorAll('[name="levels"]')) box.disabled = Number(box.value) > layer.deepest;
    this.#hint(`${layer.title}. ${layer.from ? `From ${layer.from} to ${layer.to}.` : "One picture, without dates."}`);
    this.#close();
  }

  #close() {
    show(one("layer-list", this.#form), false);
    one("layer", this.#form).setAttribute("aria-expanded", "false");
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.#close();
    if (event.key === "Enter" && this.#at >= 0 && !one("layer-list", this.#form).hidden) { event.preventDefault(); this.#choose(this.#layers[this.#at]); }
    if (!step || !this.#layers.length) return;
    event.preventDefault();
    this.#at = (this.#at + step + this.#layers.length) % this.#layers.length;
    const options = [...one("layer-list", this.#form).children];
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.#at)));
    options[this.#at].scrollIntoView({ block: "nearest" });
    one("layer", this.#form).setAttribute("aria-activedescendant", options[this.#at].id);
  }

  async #read(file) {
    if (file) one("polygon", this.#form).value = await file.text();
  }

  #recipe() {
    const form = new FormData(this.#form);
    const sides = ["west", "south", "east", "north"].map((side) => form.get(side).trim());
    const polygon = form.get("polygon").trim();
    const words = Object.fromEntries(["layer", "from", "to", "step", "time"].map((name) => [name, (form.get(name) ?? "").trim()]));
    if (/^\d+$/.test(words.step)) words.step = Number(words.step);
    return { ...words, levels: form.getAll("levels").map(Number), ...(polygon ? { polygon } : sides.some(Boolean) && { bbox: sides.map(Number) }) };
  }

  async #estimate() {
    const said = one("estimate", this.#form);
    said.textContent = "Counting…";
    const headers = { "Content-Type": "application/json", "X-CSRFToken": new FormData(this.#form).get("csrfmiddlewaretoken") };
    const body = JSON.stringify({ dataset: this.#slug, recipe: this.#recipe() });
    const response = await fetch("/api/v1/gibs/estimate", { method: "POST", headers, body }).catch(() => null);
    const answer = await response?.json().catch(() => null); // a proxy's error page is not JSON
    said.className = response?.ok ? "estimate" : "estimate notice notice--error";
    said.textContent = answer?.sentence ?? answer?.error?.message ?? "The server cannot be reached. Check your connection.";
    for (const note of answer?.notes ?? []) said.append(Object.assign(document.createElement("p"), { className: "muted", textContent: note }));
    show(one("confirm", this.#form), answer?.large);
  }
}
