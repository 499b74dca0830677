/** Pictures of one's own become a private gallery: uploaded in pieces, imported, and then asked about. */
import { Uploading } from "../../search/js/uploading.js";
import { ask } from "./host_api.js";

const LOOK = 1500; // ms between two looks at the import
const token = document.querySelector('meta[name="csrf-token"]').content;
const json = async (...request) => (await ask(...request)).json();

/** The short name of the new dataset.  said(words): how far it is. */
export async function importPictures(files, { name, chunk, said }) {
  said("Making room for the pictures …");
  const { slug } = await json("/api/v1/datasets/", { method: "POST", body: { name: `Pictures: ${name}`.slice(0, 100), slug: `pictures-${Date.now().toString(36)}`, is_public: false } });
  const uploads = [];
  for (const [number, file] of files.entries()) {
    const uploading = new Uploading(file, { dataset: slug, token, chunk });
    uploading.told = (done, total, waiting) => said(`Uploading ${number + 1} of ${files.length}: ${Math.round(100 * done / (total || 1))} %${waiting ? ", waiting for a connection" : ""}`);
    uploads.push(await uploading.send());
  }
  let job = await json(`/api/v1/datasets/${slug}/imports/`, { method: "POST", body: { kind: "files", recipe: {}, uploads } });
  while (!["ready", "failed", "cancelled"].includes(job.status)) {
    said("Looking at the pictures …");
    await new Promise((resolve) => { setTimeout(resolve, LOOK); });
    job = await json(`/api/v1/imports/${job.id}/`);
  }
  if (job.status !== "ready") throw new Error(`The pictures could not be used: ${job.error || "the import was stopped"}. See /datasets/${slug}/.`);
  return slug;
}
