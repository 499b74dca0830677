import { format, parse } from "./address.js";
import { all, one } from "./elements.js";
import { searchBody } from "./query.js";

/** Keeps the address, and the links made of it, in step with the state; Back and Forward bring old states back. */
export class AddressBar {
  #store;
  #dataset;
  #api;
  #announce;

  constructor({ store, dataset, api, announce }) {
    this.#store = store;
    this.#dataset = dataset;
    this.#api = api;
    this.#announce = announce;
    store.onChange((state, _previous, how) => this.#write(state, how));
    addEventListener("popstate", () => store.change(parse(location.search, dataset), "keep"));
    for (const button of all("copy-link")) button.addEventListener("click", () => this.#copy());
    this.#link(store.state);
  }

  #write(state, how) {
    const address = format(state, this.#dataset);
    if (how === "push" && address !== location.search) history.pushState(null, "", address);
    if (how === "replace") history.replaceState(null, "", address);
    this.#link(state);
  }

  #link(state) {
    const body = { ...searchBody(state), ...(state.minScore && { min_score: state.minScore }) };
    for (const link of all("download-link")) link.href = this.#api.downloadUrl(body, link.dataset.downloadLink);
  }

  async #copy() {
    one("download").open = false;
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    this.#announce(copied ? "The link is copied." : "The browser does not allow copying; use the address bar.");
  }
}
