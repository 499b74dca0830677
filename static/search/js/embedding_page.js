/** Encoders side by side: the form shows what its choice needs, and what is at work is watched until it is finished. */
import { Watch } from "./embedding_watch.js";

const config = JSON.parse(document.getElementById("config").textContent);

const labels = document.querySelector("[data-labels]");
const collections = document.querySelector("[data-collections]");

function fit() {
  collections.hidden = labels.value !== "collections";
}

if (labels && collections) {
  labels.addEventListener("change", fit);
  fit();
}

for (const id of config.at_work) {
  const card = document.querySelector(`[data-at-work="${id}"]`);
  const watch = new Watch(`/api/v1/datasets/${config.slug}/evaluations/${id}/`);
  watch.addEventListener("told", ({ detail }) => tell(card, detail));
  watch.addEventListener("lost", ({ detail }) => (card.querySelector("[data-stage]").textContent = detail));
  watch.addEventListener("over", ({ detail }) => location.assign(detail.status === "cancelled" ? "?" : `?show=${id}`));
  watch.start();
}

function tell(card, job) {
  card.querySelector("[data-stage]").textContent = job.stage || "Waiting for a worker";
  card.querySelector("[data-count]").textContent = job.total ? `${job.done.toLocaleString("en")} of ${job.total.toLocaleString("en")}` : "";
  const bar = card.querySelector("[data-bar]");
  if (job.total) Object.assign(bar, { max: job.total, value: job.done });
}

document.documentElement.dataset.ready = "";
