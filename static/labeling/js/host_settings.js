/** The campaign's settings, whether it is open, and its end. */
import { all, one, show } from "../../search/js/elements.js";

export function wireSettings({ api, fail, changed }) {
  const form = one("settings");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(one("saved"), false);
    const values = Object.fromEntries(new FormData(form));
    for (const box of form.querySelectorAll("[type=checkbox]")) values[box.name] = box.checked;
    for (const number of form.querySelectorAll("[type=number]")) values[number.name] = Number(number.value);
    await api.change(values).then((campaign) => { show(one("saved"), true); changed(campaign); }, fail);
  });
  for (const button of all("set-state")) {
    button.addEventListener("click", () => {
      if (button.dataset.setState === "closed" && !confirm("Close the campaign? Phones stop; you can open it again.")) return;
      api.setState(button.dataset.setState).then(changed, fail);
    });
  }
  one("delete").addEventListener("click", () => {
    if (!confirm("Delete this campaign with all its votes and labels? This cannot be undone.")) return;
    api.remove().then(() => location.assign("/campaigns/"), fail);
  });
}
