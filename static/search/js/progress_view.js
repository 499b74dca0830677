import { one, show } from "./elements.js";
import { count, plural } from "./format.js";
import { unfinished } from "./jobs_feed.js";

/** The index under construction, in one line and a bar; gone when there is nothing to say. */
export class ProgressView {
  #announce;
  #ready = null;

  constructor(announce) { this.#announce = announce; }

  /** Answers whether more shards are ready than last time. */
  render(shards) {
    const { ready } = shards;
    const troubled = shards.failed + shards.damaged;
    one("progress-bar").value = shards.tiles ? shards.tiles_ready / shards.tiles : 0;
    one("progress-text").textContent = unfinished(shards) ? this.#building(shards) : this.#trouble(troubled);
    show(one("progress"), unfinished(shards) || troubled);
    show(one("progress-bar"), unfinished(shards));
    const grown = this.#ready !== null && ready > this.#ready;
    if (grown && !unfinished(shards)) this.#announce("The index is complete.");
    this.#ready = ready;
    return grown;
  }

  #building({ ready, total, tiles, tiles_ready: done }) {
    const rest = ready ? "What is ready can be searched already." : "The first part is on its way.";
    const [parts, squares] = [plural(total, "part"), plural(tiles, "tile")];
    return `Building the index: ${count(ready)} of ${parts}, ${count(done)} of ${squares}. ${rest}`;
  }

  #trouble(parts) {
    return parts ? `${plural(parts, "part")} of the index could not be built or read. The others are searched.` : "";
  }
}
