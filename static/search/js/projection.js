import { clamp, wrapLongitude } from "./degrees.js";

/**
 * The dataset's projection.  A place is [lon, lat] in degrees; a point is [x, y] and an extent [x0, y0, x1, y1] in the
 * tile grid's own units: degrees or metres.
 */
const ALONG = 64; // points along each side of what is carried into another projection
const BETWEEN = 8; // the same of a drawn polygon
const MOST_NORTH = 85.051129; // latitude at the rim of Web Mercator

export class Projection {
  #ol = globalThis.ol;
  code;
  extent;
  wraps;

  /** grid: {crs, proj4, extent, wraps} */
  constructor({ crs, proj4, extent, wraps }) {
    if (!this.#ol.proj.get(crs)) this.#register(crs, proj4, extent);
    this.code = crs;
    this.extent = extent;
    this.wraps = wraps;
  }

  get isGeographic() { return this.code === "EPSG:4326"; }

  /** What Worldview and people call it. */
  get view() { return { "EPSG:3413": "arctic", "EPSG:3031": "antarctic" }[this.code] ?? "geographic"; }

  get width() { return this.extent[2] - this.extent[0]; }

  point([lon, lat]) {
    if (this.isGeographic) return [lon, lat];
    const south = this.code === "EPSG:3857" ? MOST_NORTH : 90;
    return this.#ol.proj.transform([lon, clamp(lat, -south, south)], "EPSG:4326", this.code);
  }

  place([x, y]) {
    const [lon, lat] = this.isGeographic ? [x, y] : this.#ol.proj.transform([x, y], this.code, "EPSG:4326");
    return [wrapLongitude(lon), clamp(lat, -90, 90)];
  }

  /** x of the same point in the first of all the worlds side by side. */
  wrapped(x) {
    if (!this.wraps) return x;
    return ((((x - this.extent[0]) % this.width) + this.width) % this.width) + this.extent[0];
  }

  /** The copy of x that lies nearest to another. */
  nearest(x, other) { return this.wraps ? x + this.width * Math.round((other - x) / this.width) : x; }

  holds([x, y]) {
    const [left, bottom, right, top] = this.extent;
    return y >= bottom && y <= top && (this.wraps || (x >= left && x <= right));
  }

  /** Metres on the ground that one unit on the map is there. */
  metres(point) { return this.#ol.proj.getPointResolution(this.code, 1, point, "m"); }

  /** [west, south, east, north] in degrees → a polygon of the map. */
  outline([west, south, east, north]) {
    const right = east < west ? east + 360 : east;
    if (this.isGeographic) return this.#ol.geom.Polygon.fromExtent([west, south, right, north]);
    const corners = [[west, south], [right, south], [right, north], [west, north], [west, south]];
    const ring = densified(corners).map((place) => this.point(place));
    return new this.#ol.geom.Polygon([this.wraps ? unbroken(ring, this.width) : ring]);
  }

  /**
   * A ring of points of the map → its corners in degrees, rounded to 0.001°; where straight lines of the map are none in
   * degrees there are more corners along them.
   */
  corners(ring) {
    const straight = this.isGeographic || this.code === "EPSG:3857";
    const points = straight ? ring.slice(0, -1) : densified(ring, BETWEEN).slice(0, -1);
    return points.map((point) => this.place(point).map(rounded));
  }

  /** A GeoJSON Polygon or MultiPolygon in degrees → the same on the map. */
  shape({ type, coordinates }) {
    const parts = type === "Polygon" ? [coordinates] : coordinates;
    const ring = (places) => {
      const points = places.map((place) => this.point(place));
      return this.wraps ? unbroken(points, this.width) : points;
    };
    return new this.#ol.geom.MultiPolygon(parts.map((rings) => rings.map(ring)));
  }

  /** An extent of the map → the [west, south, east, north] in degrees around it, rounded to 0.001°; west > east crosses 180°. */
  around(extent) {
    const [x0, y0, x1, y1] = this.#inside(extent);
    if (this.wraps) {
      const [south, north] = [this.place([x0, y0])[1], this.place([x0, y1])[1]].map(rounded);
      if (x1 - x0 >= this.width) return [-180, south, 180, north];
      return [this.place([x0, y0])[0], south, this.place([x1, y1])[0], north].map(rounded);
    }
    return this.#aroundPole([x0, y0, x1, y1]);
  }

  #aroundPole([x0, y0, x1, y1]) {
    const ring = densified([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]);
    const places = ring.map((point) => this.place(point));
    const lats = places.map(([, lat]) => lat);
    const pole = this.place([0, 0])[1] > 0 ? 90 : -90;
    if (x0 <= 0 && x1 >= 0 && y0 <= 0 && y1 >= 0) {
      return pole > 0 ? [-180, rounded(Math.min(...lats)), 180, 90] : [-180, -90, 180, rounded(Math.max(...lats))];
    }
    const [middle] = this.place([(x0 + x1) / 2, (y0 + y1) / 2]);
    const lons = places.map(([lon]) => wrapLongitude(lon - middle));
    const [west, east] = [middle + Math.min(...lons), middle + Math.max(...lons)].map(wrapLongitude);
    return [west, Math.min(...lats), east, Math.max(...lats)].map(rounded);
  }

  #inside([x0, y0, x1, y1]) {
    const [left, bottom, right, top] = this.extent;
    const ends = [clamp(y0, bottom, top), clamp(y1, bottom, top)];
    return this.wraps ? [x0, ends[0], x1, ends[1]] : [clamp(x0, left, right), ends[0], clamp(x1, left, right), ends[1]];
  }

  #register(crs, definition, extent) {
    globalThis.proj4.defs(crs, definition);
    this.#ol.proj.proj4.register(globalThis.proj4);
    this.#ol.proj.get(crs).setExtent(extent);
  }
}

const rounded = (value) => Math.round(value * 1000) / 1000;

/** A ring of corners with points between them. */
function densified(ring, along = ALONG) {
  const side = ([x0, y0], [x1, y1]) => Array.from({ length: along }, (_, step) => (
    [x0 + ((x1 - x0) * step) / along, y0 + ((y1 - y0) * step) / along]
  ));
  return [...ring.slice(1).flatMap((corner, index) => side(ring[index], corner)), ring.at(-1)];
}

/** Without jumps from one rim of the world to the other. */
function unbroken(ring, width) {
  let [before] = ring[0];
  return ring.map(([x, y]) => {
    before = x + width * Math.round((before - x) / width);
    return [before, y];
  });
}
