/** Milliseconds of an animation, none for those who want none. */
export const quick = (ms) => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms);
