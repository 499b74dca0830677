/** A dataset's page: what is at work is watched, files are uploaded, layers are suggested. */
import { ActivityView } from "./activity_view.js";
import { AreaPicker } from "./area_picker.js";
import { all, one } from "./elements.js";
import { GibsForm } from "./gibs_form.js";
import { ImportsFeed } from "./imports_feed.js";
import { PageParts } from "./page_parts.js";
import { TeachForm } from "./teach_form.js";
import { TrainingView } from "./training_view.js";
import { UploadForm } from "./upload_form.js";
import { moveInGrid } from "./grid_keys.js";

const root = one("dashboard");
const slug = root.dataset.slug;
const parts = new PageParts(["holds", "activity", "measuring", "trainings", "coverage", "index", "disk"]);
const watching = { root, refresh: () => parts.refresh().then(() => trainings.start()), announce: (text) => { one("announce").textContent = text; } };
const activity = new ActivityView(watching);
const trainings = new TrainingView(watching);

const feed = new ImportsFeed(slug, (message) => { activity.hear(message); trainings.hear(message); });
feed.start();
for (const form of all("upload")) new UploadForm(form).start();
for (const panel of all("teach")) new TeachForm(panel).start();
const gibs = one("gibs");
if (gibs) new GibsForm(gibs, slug).start();
if (gibs && one("area", gibs)) new AreaPicker(gibs).start();
moveInGrid(root);

/** A link into the page opens what it points at. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target) target.scrollIntoView();
}
openTarget();
trainings.start();
document.documentElement.dataset.ready = "";
