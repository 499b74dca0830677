/** Links: made, shown with their QR codes, revoked. A token is known to this browser only: the site keeps a digest. */
import { one, show } from "../../search/js/elements.js";
import { plural } from "../../search/js/format.js";
import { element } from "./host_answers.js";

export class Links {
  #api;
  #fail;

  constructor({ api, fail }) {
    this.#api = api;
    this.#fail = fail;
    one("link-form").addEventListener("submit", (event) => { event.preventDefault(); this.#make(event.target); });
  }

  async draw() {
    const links = await this.#api.links().catch((error) => { this.#fail(error); return []; });
    one("links").replaceChildren(...await Promise.all(links.map((link) => this.#row(link))));
    one("new-link").open ||= links.length === 0;
  }

  async #make(form) {
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    if (values.expires_at) values.expires_at = new Date(values.expires_at).toISOString();
    if (values.most_people) values.most_people = Number(values.most_people);
    show(one("link-problem"), false);
    try {
      const { id, token } = await this.#api.makeLink(values);
      remember(this.#api.number, id, token);
      form.reset();
      one("new-link").open = false;
      await this.draw();
    } catch (error) {
      one("link-problem").textContent = error.message;
      show(one("link-problem"), true);
    }
  }

  async #row(link) {
    const token = link.works ? recalled(this.#api.number, link.id) : null;
    const head = element("div", "link__head", element("strong", "", link.name || `Link ${link.id}`), element("span", "muted", facts(link)));
    const row = element("li", `link${link.works ? "" : " link--over"}`, head);
    if (token) row.append(await this.#shown(token));
    else if (link.works) row.append(element("p", "helptext", "Its address is known only where the link was made: open this page in that browser, or make a new link."));
    if (link.works) row.append(this.#button("Revoke", "button button--small", () => this.#revoke(link)));
    return row;
  }

  async #shown(token) {
    const address = new URL(`/l/${token}/`, location.origin).href;
    const field = Object.assign(element("input", "input link__address"), { value: address, readOnly: true });
    field.setAttribute("aria-label", "The link's address");
    field.addEventListener("focus", () => field.select());
    const copy = this.#button("Copy", "button button--primary", async () => {
      await navigator.clipboard?.writeText(address).catch(() => field.select());
      field.select();
      copy.textContent = "Copied";
    });
    const open = Object.assign(element("a", "button", "Open"), { href: address, target: "_blank", rel: "noopener" });
    const code = element("div", "link__code");
    code.innerHTML = await this.#api.qr(token).catch(() => ""); // our own server's SVG; without it the address still works
    code.querySelector("svg")?.setAttribute("aria-label", "QR code of the link");
    code.querySelector("svg")?.setAttribute("role", "img");
    return element("div", "link__shown", code, element("div", "link__row", field, copy, open));
  }

  async #revoke(link) {
    const words = `Revoke ${link.name || "this link"}? Whoever came by it cannot go on. Their answers stay.`;
    if (!confirm(words)) return;
    await this.#api.revoke(link.id).then(() => this.draw(), this.#fail);
  }

  #button(words, className, act) {
    const button = Object.assign(element("button", className, words), { type: "button" });
    button.addEventListener("click", act);
    return button;
  }
}

function facts({ works, revoked, people, most_people: most, passphrase, expires_at: ends }) {
  const parts = [most ? `${people} of ${plural(most, "person", "people")}` : plural(people, "person", "people")];
  if (passphrase) parts.push("passphrase");
  if (ends) parts.push(`${works || revoked ? "ends" : "ended"} ${new Date(ends).toLocaleString()}`);
  if (revoked) parts.push("revoked");
  return parts.join(" · ");
}

const name = (campaign) => `lookalike-links-${campaign}`;

function recalled(campaign, id) {
  try {
    return JSON.parse(localStorage.getItem(name(campaign)) ?? "{}")[id] ?? null;
  } catch (error) { // storage is closed: the link is shown once only
    console.warn("Links cannot be remembered here:", error);
    return null;
  }
}

function remember(campaign, id, token) {
  try {
    const known = JSON.parse(localStorage.getItem(name(campaign)) ?? "{}");
    localStorage.setItem(name(campaign), JSON.stringify({ ...known, [id]: token }));
  } catch (error) {
    console.warn("Links cannot be remembered here:", error);
    alert(`Note this link now: ${new URL(`/l/${token}/`, location.origin).href}`);
  }
}
