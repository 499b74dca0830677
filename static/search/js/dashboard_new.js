/** The form of a new dataset: the short name follows the name, the sizes follow the projection. */
import { all, one } from "./elements.js";

const slugOf = (name) => name.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[-\s]+/g, "-").slice(0, 60);

const [name, slug, grid] = [one("name"), one("slug"), one("grid")];
let written = slug.value !== "";
slug.addEventListener("input", () => { written = slug.value !== ""; });
name.addEventListener("input", () => { if (!written) slug.value = slugOf(name.value); });

function chooseSizes() {
  for (const sizes of all("sizes")) sizes.disabled = sizes.dataset.sizes !== grid.value;
}
grid.addEventListener("change", chooseSizes);
chooseSizes();
document.documentElement.dataset.ready = "";
