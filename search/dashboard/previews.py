"""A strip of tiles for each product and level: what the imagery looks like, drawn from the newest finished shard."""

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from search import keys
from search.describing import Describer
from search.models import Dataset, Shard

SHOWN = 8
MOSTLY = 0.5  # share without data above which a tile is not shown
MOST = 12  # strips
LOOKED = 500  # of the newest shards: a product that ended long before the others has no strip


@dataclass(frozen=True)
class Strip:
    title: str
    level: int
    size: str
    date: str
    tiles: list[dict[str, object]]


def strips(dataset: Dataset) -> list[Strip]:
    """Two queries at most for each strip, and two columns of a file."""
    newest: dict[tuple[int, int], Shard] = {}
    for shard in Shard.objects.of(dataset).searchable().filter(tiles__gt=0).order_by("-scene__day")[:LOOKED]:
        newest.setdefault((shard.scene.product.number, shard.level), shard)
    made = [strip(dataset, newest[place]) for place in sorted(newest)[:MOST] if is_drawn(newest[place])]
    return [one for one in made if one.tiles]


def is_drawn(shard: Shard) -> bool:
    """False where only vectors came in: there are no pictures of those squares."""
    scene = shard.scene
    return bool(scene.folder or scene.images or scene.files.exists())


def strip(dataset: Dataset, shard: Shard) -> Strip:
    product, pyramid = shard.scene.product, dataset.grid
    size = f"{pyramid.kilometres(shard.level):,} km" if dataset.kind == Dataset.Kind.MAP else "images"
    describer = Describer(dataset, [shard.scene])
    tiles = [describer.tile(key) for key in chosen(shard)]
    return Strip(product.title or product.name, shard.level, size, shard.scene.written_day, tiles)


def chosen(shard: Shard) -> list[int]:
    """Keys spread evenly over those that show something; none while the folder is being replaced."""
    path = shard.path() / "tiles.parquet"
    if not path.is_file():
        return []
    table = pq.read_table(path, columns=["key", "nodata_share"])
    shown = table["key"].to_numpy()[table["nodata_share"].to_numpy() <= MOSTLY]
    shown = shown[(shown >> keys.SHIFTS["offset"] & 1) == 0]
    if not len(shown):
        return []
    places = np.unique(np.linspace(0, len(shown) - 1, SHOWN + 2).astype(int)[1:-1])
    return [int(shown[place]) for place in places]
