/** The same view in NASA's Worldview: `p` projection, `v` box, `l` layers, `t` time; `l1`, `t1`, `cm`, `cv` what it is compared with. */
const ROOT = "https://worldview.earthdata.nasa.gov/";

const rounded = (value, unit) => Number(value.toFixed(unit === "degrees" ? 4 : 0));
const day = (date) => (date && date !== "static" ? `${date}-T00:00:00Z` : "");
const list = (layer, opacity) => (layer ? `${layer}${opacity < 1 ? `(opacity=${opacity})` : ""}` : "");

/**
 * projection, extent: of the map; area: what is in sight in degrees; layers: product → its layer's name at GIBS.
 * Maps that Worldview does not have (Web Mercator) are opened in its geographic one.
 */
export function worldviewLink(state, { projection, extent, area, layers }) {
  const own = projection.code !== "EPSG:3857";
  const box = own && !projection.isGeographic ? extent.map((value) => rounded(value, "metres")) : degrees(area);
  const { compare, product, date, otherProduct, otherDate, opacity, split } = state;
  const top = compare ? 1 : opacity;
  const fields = {
    p: projection.view, v: box.join(","), l: list(layers[product], top), t: day(date),
    ...(compare && {
      l1: list(layers[otherProduct], 1), t1: day(otherDate), ca: "true", cm: compare === "swipe" ? "swipe" : "opacity",
      cv: String(Math.round((compare === "swipe" ? split : opacity) * 100)),
    }),
  };
  const parts = Object.entries(fields).filter(([, value]) => value).map(([name, value]) => `${name}=${value}`);
  return `${ROOT}?${parts.join("&")}`;
}

/** West below east, also across the date line. */
function degrees([west, south, east, north]) {
  return [west, south, east < west ? east + 360 : east, north].map((value) => rounded(value, "degrees"));
}
