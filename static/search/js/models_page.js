/** The encoders: one is sent in pieces, then tried on the server; what comes of it is the next page. */
import { one } from "./elements.js";
import { BringForm } from "./bring_form.js";

const form = one("bring");
if (form && window.tus) new BringForm(form).start();
document.documentElement.dataset.ready = "";
