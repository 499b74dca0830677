/** What a selection may be made of, in words, and the ready-made ones. */

export const KINDS = {
  diversity: {
    title: "Diversity", words: "Prefers tiles that look unlike those chosen already.",
    fields: [{ name: "method", label: "First come", options: [["k-center", "the most unlike: also rare kinds"], ["facility-location", "those that stand for the most others"]] }],
  },
  typicality: {
    title: "Typicality", words: "Looks at how close the tiles most like it are.",
    fields: [
      { name: "wanted", label: "Wanted are", options: [["typical", "typical tiles, which have many like them"], ["outliers", "odd tiles, which have few like them"]] },
      { name: "neighbours", label: "Tiles that it is compared with", number: [1, 1000] },
    ],
  },
  weight: {
    title: "Weight", words: "Prefers high or low values of a column: a metric, a score, a column of yours.",
    fields: [{ name: "column", label: "Column", columns: "number" }, { name: "prefer", label: "Prefer", options: [["high", "high values"], ["low", "low values"]] }],
  },
  balance: {
    title: "Balance", words: "Takes turns among the values of a column, so that none dominates.",
    fields: [
      { name: "column", label: "Column", columns: "any" },
      { name: "target", label: "Shares", options: [["uniform", "the same of each"], ["input", "as in the whole dataset"], ["given", "as I say"]] },
      { name: "bins", label: "Steps, of a column of numbers", number: [2, 100] },
    ],
  },
  similarity: {
    title: "Similarity", words: "Prefers tiles that resemble those of a collection (tag).",
    fields: [{ name: "collection", label: "Collection (tag)", collections: true }],
  },
};

const USUAL = {
  diversity: { method: "k-center" }, typicality: { wanted: "typical", neighbours: 20 }, weight: { column: "", prefer: "high" },
  balance: { column: "", target: "uniform", bins: 10 }, similarity: { collection: "" },
};

export const objective = (kind, changes = {}, strength = 1) => ({ kind, ...USUAL[kind], ...changes, strength });

/** needs: what else has to be chosen.  duplicates: whether near-duplicates go */
export const PRESETS = {
  varied: { title: "A varied sample", words: "A bit of everything: tiles that look unlike each other, and each of them stands for some others.", objectives: () => [objective("diversity", { method: "facility-location" })] },
  typical: { title: "Typical ones", words: "What most of the dataset looks like, without repeating itself.", objectives: () => [objective("typicality", {}, 2), objective("diversity", {}, 0.5)] },
  odd: { title: "Odd ones", words: "Tiles that few others resemble: surprises, faults, rare events.", objectives: () => [objective("typicality", { wanted: "outliers" }), objective("diversity", {}, 0.5)] },
  evenly: { title: "Evenly over a column", words: "The same number of tiles for each class, date or step of a metric.", needs: "column", objectives: (column) => [objective("balance", { column }), objective("diversity")] },
  like: { title: "More like a collection", words: "Tiles that resemble those you collected (tagged) already.", needs: "collection", objectives: (collection) => [objective("similarity", { collection }, 2), objective("diversity", {}, 0.5)] },
  duplicates: { title: "Remove near-duplicates only", words: "Everything stays but copies of what is there already.", duplicates: true, everything: true, objectives: () => [objective("diversity", {}, 0)] },
};

export const strengthWords = (strength) => (strength === 0 ? "off" : `${strength}${strength === 1 ? " (normal)" : strength > 1 ? " (stronger)" : " (weaker)"}`);

/** An objective as the API takes it: only the fields that its kind knows. */
export function sent({ kind, strength, shares, ...fields }) {
  const known = KINDS[kind].fields.map(({ name }) => name).filter((name) => name in fields);
  const made = { kind, strength, ...Object.fromEntries(known.map((name) => [name, fields[name]])) };
  if (kind === "balance" && fields.target === "given") made.target = shares ?? {};
  return made;
}

/** The reverse: of an earlier recipe, for the form. */
export function received({ target, ...given }) {
  const made = objective(given.kind, given, given.strength ?? 1);
  if (typeof target === "string") made.target = target;
  else if (target) Object.assign(made, { target: "given", shares: target });
  return made;
}

/** What a recipe does, in one line. */
export function inWords(recipe) {
  const amount = recipe.n ? `${recipe.n.toLocaleString("en-GB")} tiles` : recipe.share === 1 ? "every tile" : recipe.share ? `${+(recipe.share * 100).toPrecision(3)} % of the tiles` : "as many tiles as fit";
  const parts = (recipe.objectives ?? []).filter(({ strength }) => strength !== 0).map(({ kind, wanted, column, collection }) => {
    const what = column || collection;
    return `${kind === "typicality" && wanted === "outliers" ? "oddness" : KINDS[kind]?.title.toLowerCase() ?? kind}${what ? ` (${what})` : ""}`;
  });
  const how = [parts.length ? `by ${parts.join(" × ")}` : "", recipe.duplicates ? "without near-duplicates" : "", recipe.continue_from ? `after ${recipe.continue_from}` : ""];
  return [amount, ...how.filter(Boolean)].join(", ");
}
