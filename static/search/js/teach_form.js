/** The form that teaches an encoder: what it would take here, what its views look like, as one chooses. */
import { duration } from "./activity_view.js";
import { all, debounce, one, show } from "./elements.js";
import { plural } from "./format.js";

const AGAIN = 5000; // ms until a pace that is being measured is asked for again
const MEGABYTE = 2 ** 20;

export class TeachForm {
  #panel;
  #form;
  #shown = "";
  #asked = 0;
  #timer = null;

  constructor(panel) { this.#panel = panel; this.#form = one("teach-form", panel); }

  start() {
    if (!this.#form) return;
    const look = debounce(() => this.#look(), 500), reckon = debounce(() => this.#reckon(), 500);
    this.#panel.addEventListener("toggle", () => { look(); reckon(); });
    this.#form.addEventListener("input", ({ target }) => { this.#react(target); look(); reckon(); });
    for (const range of all("unit", this.#form)) this.#tell(range);
    this.#react(this.#form.elements.start);
    this.#catchUp();
    if (this.#panel.open) { look(); reckon(); }
  }

  /** An answer that was given before this script had arrived, unless the sliders have been moved since. */
  #catchUp() {
    const early = [...this.#form.elements.colours].find((each) => each.checked && !each.defaultChecked);
    const untouched = ["brightness", "contrast", "colour"].every((name) => this.#form.elements[name].value === this.#form.elements[name].defaultValue);
    if (early && untouched) this.#react(early);
  }

  /** What one answer means for the other fields. */
  #react(field) {
    if (field.name === "start") show(one("backbone", this.#form), field.value === "");
    if (field.name === "colours") this.#colours(field.dataset.colours.split(" "));
    const output = this.#form.querySelector(`output[for="${CSS.escape(field.id)}"]`);
    if (output) this.#tell(output);
  }

  #colours([brightness, contrast, colour]) {
    for (const [name, value] of Object.entries({ brightness, contrast, colour })) {
      this.#form.elements[name].value = value;
      this.#tell(this.#form.querySelector(`output[for="teach-${name}"]`));
    }
  }

  #tell(output) { output.textContent = `${document.getElementById(output.htmlFor.value).value}${output.dataset.unit}`; }

  #chosen() {
    const chosen = new URLSearchParams(new FormData(this.#form));
    chosen.delete("csrfmiddlewaretoken");
    return chosen;
  }

  /** The picture appears once it is there; what does not change it asks for none. */
  #look() {
    const chosen = this.#chosen();
    for (const name of ["preset", "epochs", "most", "balance", "method", "backbone", "start", "name"]) chosen.delete(name);
    const address = `${this.#panel.dataset.previewUrl}?${chosen}`;
    if (!this.#panel.open || address === this.#shown) return;
    this.#shown = address;
    const picture = one("looks-picture", this.#form);
    picture.onload = () => show(one("looks", this.#form), true);
    picture.onerror = () => show(one("looks", this.#form), false);
    picture.src = address;
  }

  async #reckon() {
    clearTimeout(this.#timer);
    if (!this.#panel.open) return;
    const asked = ++this.#asked;
    const response = await fetch(`${this.#panel.dataset.estimateUrl}?${this.#chosen()}`, { credentials: "same-origin" }).catch(() => null); // offline: the next change asks again
    if (!response?.ok || asked !== this.#asked) return;
    const found = await response.json();
    this.#say(found);
    if (Object.values(found).some((each) => each.seconds === null)) this.#timer = setTimeout(() => this.#reckon(), AGAIN);
  }

  #say({ problem, ...presets }) {
    for (const time of all("preset-time", this.#form)) {
      const each = presets[time.dataset.presetTime];
      time.textContent = each ? each.seconds === null ? "being timed …" : `about ${duration(each.seconds)}` : "–";
    }
    const chosen = presets[new FormData(this.#form).get("preset")];
    one("estimate-said", this.#form).textContent = problem ?? this.#sentence(chosen);
  }

  #sentence({ tiles, epochs, seconds, bytes }) {
    const long = seconds === null ? "How fast this machine is at it is being measured." : `About ${duration(seconds)} when this machine has nothing else to do`;
    const what = `${plural(epochs, "look")} at ${plural(tiles, "tile")}, ${Math.ceil(bytes / MEGABYTE)} MB of disk meanwhile`;
    return seconds === null ? `${long} ${what[0].toUpperCase()}${what.slice(1)}.` : `${long}: ${what}. Pages stay quick, as it only takes what they leave.`;
  }
}
