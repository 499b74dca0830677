"""Numbers that search/ keeps as plain integers (it knows no Prometheus), carried over after each request."""

import threading
from collections.abc import Callable

from prometheus_client import Counter, Gauge

from search import tiles
from search.imagery.raster import rasters
from search.library import library
from webapp.metrics import counter, gauge

COUNTERS: dict[Counter, Callable[[], int]] = {
    counter("shard_hits", "Shards that were open already"): lambda: library.hits,
    counter("shard_misses", "Shards opened, each verified against its checksums"): lambda: library.misses,
    counter("shard_evictions", "Shards closed because OPEN_SHARDS were open"): lambda: library.evicted,
    counter("shard_damaged", "Shards found damaged while answering"): lambda: library.damaged,
    counter("tile_hits", "Tile images from the cache"): lambda: tiles.cache.hits,
    counter("tile_misses", "Tile images rendered"): lambda: tiles.cache.misses,
    counter("tile_shared", "Tile images that waited for another request's render"): lambda: tiles.cache.shared,
    counter("tile_evictions", "Tile images dropped: TILE_CACHE_MB were full"): lambda: tiles.cache.evicted,
    counter("raster_hits", "Rasters that were open already"): lambda: rasters.hits,
    counter("raster_misses", "Rasters opened"): lambda: rasters.misses,
}
GAUGES: dict[Gauge, Callable[[], int]] = {
    gauge("open_shards", "Shards held open"): lambda: len(library),
    gauge("tile_cache_bytes", "Bytes of tile images held"): lambda: tiles.cache.bytes,
    gauge("tile_cache_tiles", "Tile images held"): lambda: len(tiles.cache),
    gauge("open_rasters", "Rasters held open, idle"): lambda: len(rasters),
}
_guard = threading.Lock()
_seen = dict.fromkeys(COUNTERS, 0)


def pull() -> None:
    with _guard:
        for counted, now in COUNTERS.items():
            total = now()
            counted.inc(max(0, total - _seen[counted]))
            _seen[counted] = total
    for level, value in GAUGES.items():
        level.set(value())
