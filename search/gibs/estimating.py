"""About how much and how long a download will be, from what tiles of the layer have weighed before."""

import json
from typing import Any

import numpy as np

from search.gibs import endpoint, rules
from search.gibs.endpoint import EPSGS, Source
from search.gibs.layers import Layer

USUAL = {("image/jpeg", 512): 30_000, ("image/png", 512): 60_000}  # bytes of a tile, until there are measured ones
OTHERWISE = 12_000
LATENCY = 0.25  # seconds of one request to NASA


def estimated(
    layer: Layer, tiles: dict[int, np.ndarray], sheets: int, recipe: dict[str, Any]
) -> tuple[int, float, str]:
    """Bytes, seconds, and what that rests on."""
    kept = weights()
    usual = USUAL.get((layer.format, EPSGS[layer.epsg].tile_size), OTHERWISE)
    size, measured = 0.0, 0
    for level, places in tiles.items():
        count, weight = kept.get(f"epsg{layer.epsg}/{layer.id}/{level}", (0, 0))
        measured += count
        size += len(places) * sheets * (weight / count if count else usual)
    bounds = rules.limits(recipe.get("connections"), recipe.get("megabits"))
    total = sum(map(len, tiles.values())) * sheets
    slowest = [total * LATENCY / bounds.connections]
    slowest += [size * 8 / (bounds.megabits * 1e6)] if bounds.megabits else []
    slowest += [total / bounds.requests] if bounds.requests else []
    basis = (
        f"as {measured:,} tiles of it weighed before"
        if measured
        else f"if a tile weighs {usual // 1000} kB, as is usual"
    )
    pace = f" at {bounds.megabits:g} Mbit/s" if bounds.megabits else ""
    return round(size), max(slowest), basis + pace


def weights() -> dict[str, tuple[int, int]]:
    """ "epsg4326/<layer>/<level>" -> tiles and bytes downloaded so far."""
    try:
        return json.loads((endpoint.home() / "weights.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}


def weigh(source: Source, level: int, tiles: int, size: int) -> None:
    """Remember what tiles weigh, for the next estimate."""
    place = endpoint.home() / "weights.json"
    with rules.locked(place.with_suffix(".lock")):
        kept, name = weights(), f"epsg{source.epsg}/{source.layer}/{level}"
        count, weight = kept.get(name, (0, 0))
        kept[name] = (count + tiles, weight + size)
        part = place.with_suffix(".part")
        part.write_text(json.dumps(kept))
        part.replace(place)


def written_bytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"


def written_seconds(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
