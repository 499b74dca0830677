const FILTERED = ["number", "text", "date"]; // kinds of columns that filters take

/**
 * What the filter panel asks the site for, of one dataset.
 *
 * json(path, {method, body, signal}): the API below /api/v1/datasets/<slug>/; rejects with an Error whose message is the
 * API's.  columns: of the tiles, as the API lists them.
 */
export class FilterSource {
  #json;

  constructor(json, columns) {
    this.#json = json;
    this.columns = columns.filter(({ name, kind }) => !name.startsWith("@") && FILTERED.includes(kind));
  }

  facets(filter, columns, signal) { return this.#json("facets", { method: "POST", body: { filter, columns }, signal }); }

  /** The campaigns on this dataset that the person hosts, with their answers and finished sweeps. */
  campaigns() { return this.#json("labels/").then(({ results }) => results); }

  collections() { return this.#json("collections/").then(({ results }) => results); }

  views() { return this.#json("views/").then(({ results }) => results); }

  saveView(name, filter) { return this.#json("views/", { method: "POST", body: { name, filter } }); }

  removeView(id) { return this.#json(`views/${id}/`, { method: "DELETE" }); }
}
