"""Planted near-duplicates among real tiles: precision and recall over the distance. docs/benchmarks/selection.md

    python -m tests.bench.selection.planted --data ../shared/data

Land tiles of August at level 7 (2.25 degrees, 50 px, drawn at 128); of 500 of them four copies are planted: stored anew
as JPEG (quality 75), cropped by 2 % of the side and drawn at the old size, 5 % brighter, 5 % darker. A pair is right
when both are the same tile. Tiles of different places that are as near count as wrong, however alike they look.
"""

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml import encoders
from ml.selection import near_duplicates
from tests.bench.encoders import imagery
from tests.bench.selection import sets

PLANTED = 500
DISTANCES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
Picture = NDArray[np.uint8]


def as_jpeg(picture: Picture) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))


def cropped(picture: Picture) -> Picture:
    side = len(picture)
    box = (0.01 * side, 0.01 * side, 0.99 * side, 0.99 * side)
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box))


def brighter(picture: Picture, factor: float = 1.05) -> Picture:
    return np.clip(np.round(picture * factor), 0, 255).astype(np.uint8)


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "JPEG": as_jpeg,
    "cropped 2 %": cropped,
    "5 % brighter": brighter,
    "5 % darker": lambda picture: brighter(picture, 0.95),
}


def planted(data: Path) -> tuple[Picture, NDArray[np.int64], NDArray[np.int64]]:
    """Pictures (n, 128, 128, 3); which tile each shows (n,); which change (n,), -1 for the tile itself."""
    originals = imagery.tiles(data / "bluemarble_2004-08-01.tif", 7)[imagery.land(data, 7)]
    some = np.random.default_rng(0).choice(len(originals), PLANTED, replace=False)
    copies = [np.stack([change(originals[i]) for i in some]) for change in CHANGES.values()]
    changes = np.repeat(np.arange(len(CHANGES)), PLANTED)
    tiles = np.concatenate([np.arange(len(originals)), np.tile(some, len(CHANGES))])
    return np.concatenate([originals, *copies]), tiles, np.concatenate([np.full(len(originals), -1), changes])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-selection")
    parser.add_argument("--encoders", nargs="+", choices=list(encoders.builtin()), default=[sets.ENCODER])
    options = parser.parse_args()
    pictures, tiles, changes = planted(options.data)
    for name in options.encoders:
        vectors = sets.embedded(pictures.__getitem__, len(pictures), options.work / f"planted-{name}.npy", name)
        print(f"\n{name}: {len(pictures):,} tiles, {PLANTED * len(CHANGES):,} of them planted\n")
        print(table(vectors, tiles, changes), flush=True)


def table(vectors: NDArray[np.float16], tiles: NDArray[np.int64], changes: NDArray[np.int64]) -> str:
    pairs = near_duplicates(vectors, max(DISTANCES), most=20_000_000)
    right = tiles[pairs.a] == tiles[pairs.b]
    all_right = np.bincount(tiles)
    possible = int((all_right * (all_right - 1) // 2).sum())
    rows = [f"| distance | precision | recall | {' | '.join(CHANGES)} | other pairs |", "| ---: |" + " ---: |" * 7]
    for distance in DISTANCES:
        near = pairs.distances < distance
        good = int((near & right).sum())
        precision = good / max(1, int(near.sum()))
        each = [
            (near & right & (changes[pairs.a] == -1) & (changes[pairs.b] == i)).sum() / PLANTED
            for i in range(len(CHANGES))
        ]
        told = " | ".join(f"{one:.3f}" for one in (precision, good / possible, *each))
        rows.append(f"| {distance} | {told} | {int((near & ~right).sum()):,} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
