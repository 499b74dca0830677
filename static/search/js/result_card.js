import { all, make, show } from "./elements.js";
import { score, subtitle, title } from "./format.js";

const ACTIONS = { inside: "Look inside", like: "More like", unlike: "Less like", query: "Search with" };

/** What a card says below its title: the date, and the size where results have several. */
function below(tile, { several, sizeName }) {
  return [subtitle(tile), several && sizeName(tile.level).replace(" ", "\u00a0")].filter(Boolean).join(" · ");
}

const alsoWords = (also, sizeName) => (
  also?.length ? `also ${also.map((other) => `${sizeName(other.tile.level)} ${score(other.score)}`).join(", ")}` : ""
);

/**
 * One result as a card; its picture is left to the list.
 * known: {several: results of several sizes, sizeName(level), missed: keys that the index did not find}
 */
export function resultCard({ tile, score: value, also }, known) {
  const card = make("result");
  const [name, when] = [title(tile), below(tile, known)];
  const [more, missed] = [alsoWords(also, known.sizeName), known.missed.has(tile.key) && "missed by the index"];
  card.dataset.key = tile.key;
  card.querySelector(".result__score").textContent = score(value);
  card.querySelector(".result__title").textContent = name;
  card.querySelector(".result__subtitle").textContent = when;
  card.querySelector(".result__also").textContent = more;
  show(card.querySelector(".result__also"), more);
  show(card.querySelector(".result__missed"), missed);
  const spoken = [name, when, `likeness ${score(value)}`, more, missed].filter(Boolean).join(", ");
  card.querySelector(".result__show").setAttribute("aria-label", spoken);
  for (const button of all("action", card)) button.ariaLabel = `${ACTIONS[button.dataset.action]} ${name}`;
  return card;
}
