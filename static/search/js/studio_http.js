/** What the studio's requests may come back with, in words. */
import { ApiError } from "./api.js";

export { ApiError };

export const WORDS = {
  0: "The server cannot be reached. Check your connection, then try again; what you marked is kept.",
  409: "The tiles of this dataset have been indexed anew. Reload the page and choose again.",
  429: "Too many requests in a short time. Wait a moment, then try again.",
  502: "The server is restarting. Try again in a moment.",
  503: "The server is busy. Try again in a moment.",
  504: "The server took too long to answer. Try again.",
};

export async function failure(answer) {
  const body = await answer.json().catch(() => null); // a proxy's error page is not JSON
  const words = body?.error?.message ?? WORDS[answer.status] ?? `The server failed (error ${answer.status}).`;
  return new ApiError(answer.status, words, { code: body?.error?.code ?? null, fields: body?.error?.fields ?? null });
}

/** One bit a tile, the lowest first → Uint8Array(n) of 0 and 1 */
export function unpacked(buffer, count) {
  const bits = new Uint8Array(buffer);
  const mask = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) mask[row] = (bits[row >> 3] >> (row & 7)) & 1;
  return mask;
}

/** The reverse, as base64: what the API takes for a set of rows */
export function packed(mask) {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  for (let row = 0; row < mask.length; row += 1) if (mask[row]) bits[row >> 3] |= 1 << (row & 7);
  let text = "";
  for (let at = 0; at < bits.length; at += 32768) text += String.fromCharCode(...bits.subarray(at, at + 32768));
  return btoa(text);
}
