/** The HTTP API as methods; every failure is an ApiError that says what to do. */
export class ApiError extends Error {
  constructor(status, message, { code = null, fields = null, wait = null } = {}) {
    super(message);
    this.status = status;
    this.code = code; // what kind of refusal, as webapp/errors.py names it
    this.fields = fields;
    this.wait = wait; // seconds the server asks us to wait, or null
  }
}

const WORDS = {
  0: "The server cannot be reached. Check your connection; your search is kept.",
  413: "This file is too large for the server.",
  429: "Too many searches in a short time.",
  502: "The server is restarting.",
  503: "The search is not available at this moment.",
  504: "The server took too long to answer.",
};

async function failure(response) {
  const body = await response.json().catch(() => null); // a proxy's error page is not JSON
  const words = body?.error?.message ?? WORDS[response.status] ?? `The server failed (error ${response.status}).`;
  const wait = Number(response.headers.get("Retry-After")) || null;
  return new ApiError(response.status, words, { code: body?.error?.code ?? null, fields: body?.error?.fields ?? null, wait });
}

export class Api {
  #root;
  #slug;
  #token;

  constructor({ root, slug, token }) {
    this.#root = root;
    this.#slug = slug;
    this.#token = token;
  }

  dataset(signal) { return this.#ask(this.#path("?brief=1"), { signal }); }
  search(body, signal) { return this.#send(this.#path("search"), JSON.stringify(body), signal, "application/json"); }
  tile(key, signal) { return this.#ask(this.#path(`tiles/${key}/`), { signal }); }

  page(offset, limit, signal) {
    return this.#ask(`${this.#path("tiles")}?${new URLSearchParams({ offset, limit })}`, { signal });
  }

  /** Places of a name, or the one that coordinates say. */
  places(text, signal) {
    return this.#ask(`${this.#root}places?${new URLSearchParams({ q: text })}`, { signal }).then(({ results }) => results);
  }

  /** Bring one tile in from where its product comes from. */
  fetchTile(body) { return this.#send(this.#path("fetch"), JSON.stringify(body), undefined, "application/json"); }

  animate(body) { return this.#send(this.#path("animations/"), JSON.stringify(body), undefined, "application/json"); }
  animation(id) { return this.#ask(`${this.#root}animations/${encodeURIComponent(id)}/`, {}); }

  /** The tiles `depth` levels below one, by their likeness to a search's examples. */
  children(key, query, depth, signal) { return this.#inside(key, "children", { query, depth }, signal); }

  /** Where in a tile the likeness to a search's examples is. */
  heat(key, query, signal) { return this.#inside(key, "heat", { query }, signal); }

  upload(file, signal) {
    const form = new FormData();
    form.append("image", file);
    return this.#send(this.#path("images/"), form, signal);
  }

  imageUrl(id) { return `${this.#root}images/${encodeURIComponent(id)}.webp`; }

  /** format: "geojson" or "csv" */
  downloadUrl(body, format) {
    return `${this.#path(`search.${format}`)}?q=${encodeURIComponent(JSON.stringify(body))}`;
  }

  /** Of what has no method of its own: collections, saved views, facets. */
  json(path, { method = "GET", body, signal } = {}) {
    const headers = { ...(this.#token && method !== "GET" && { "X-CSRFToken": this.#token }), ...(body && { "Content-Type": "application/json" }) };
    return this.#ask(this.#path(path), { method, headers, signal, body: body && JSON.stringify(body) });
  }

  #path(rest) { return `${this.#root}datasets/${encodeURIComponent(this.#slug)}/${rest}`; }

  #inside(key, what, body, signal) {
    return this.#send(this.#path(`tiles/${key}/${what}`), JSON.stringify(body), signal, "application/json");
  }

  #send(url, body, signal, type) {
    const headers = { ...(this.#token && { "X-CSRFToken": this.#token }), ...(type && { "Content-Type": type }) };
    return this.#ask(url, { method: "POST", body, signal, headers });
  }

  async #ask(url, { headers, ...options }) {
    const wanted = { ...options, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
    const response = await fetch(url, wanted).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, WORDS[0]);
    });
    if (!response.ok) throw await failure(response);
    return response.status === 204 ? null : response.json();
  }
}
