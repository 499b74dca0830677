/** What the studio shows as the query part of its address, and back; what cannot be read is ignored. */
const TABS = ["colour", "filter", "select", "compare", "collections"];

export function parse(search) {
  const params = new URLSearchParams(search);
  const tab = params.get("tab");
  return {
    layout: /^(\d{1,12}|pca|umap)$/.test(params.get("layout") ?? "") ? params.get("layout") : "",
    colour: params.get("colour"),
    mosaic: params.get("mosaic") === "on",
    tab: TABS.includes(tab) ? tab : TABS[0],
    filter: readFilter(params.get("filter")),
    at: readPlace(params.get("at")),
  };
}

/** search: the address's query part so far, of which what is none of ours stays (the filter's panel keeps its own). */
export function format({ layout, colour, mosaic, tab, at }, search) {
  const params = new URLSearchParams(search);
  const put = (name, value) => { if (value) params.set(name, value); else params.delete(name); };
  put("layout", layout === "pca" ? "" : layout);
  if (colour === null) params.delete("colour");
  else params.set("colour", colour);
  put("mosaic", mosaic && "on");
  put("tab", tab === TABS[0] ? "" : tab);
  put("at", at && [at.x.toFixed(4), at.y.toFixed(4), at.zoom.toFixed(2)].join(","));
  const text = params.toString();
  return text ? `?${text}` : "";
}

function readFilter(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {}; // a mistyped address still opens the page
  }
}

function readPlace(text) {
  const [x, y, zoom] = (text ?? "").split(",").map(Number);
  return [x, y, zoom].every(Number.isFinite) && zoom > 0 ? { x, y, zoom } : null;
}
