/** Pictures of tiles, no larger than they are shown and no earlier than they come into sight. */
const SIZES = [64, 128, 256, 512, 1024]; // pixels a side; few, so that caches meet them again
const NEAR = "160px"; // about one row of cards ahead

/** The address of a thumbnail for a square of so many CSS pixels. */
export function sized(address, pixels) {
  const wanted = pixels * devicePixelRatio * 0.95;
  return address.replace(/size=\d+/, `size=${SIZES.find((size) => size >= wanted) ?? SIZES.at(-1)}`);
}

export class Thumbnails {
  #observer;
  #waiting = new WeakMap();

  constructor() {
    const options = { rootMargin: NEAR, scrollMargin: NEAR };
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), options);
  }

  /** at: "now", or "sight" for as soon as the picture is about to be seen */
  load(image, address, at) {
    if (at === "now") image.src = address;
    else this.#wait(image, address);
  }

  #wait(image, address) {
    this.#waiting.set(image, address);
    this.#observer.observe(image);
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      target.src = this.#waiting.get(target);
      this.#observer.unobserve(target);
    }
  }
}
