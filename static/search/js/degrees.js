/** Arithmetic of longitudes and latitudes. */
export const wrapLongitude = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
