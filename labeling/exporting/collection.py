"""The collection: the tiles that a sweep scores highly, together with those that people have labelled, row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from labeling.models import Campaign, Sweep, SweepPart
from labeling.sweeps import scores
from search import keys, worldview
from search.describing import Describer
from search.errors import NoSuchTile
from search.models import Dataset, Scene

AT_ONCE = 500  # rows, so that no statement grows beyond what a database takes
COLUMNS = (
    "key", "dataset", "product", "date", "level", "row", "col", "west", "south", "east", "north", "lon", "lat", "name",
    "score", "label", "label_from", "votes", "share", "encoder", "classifier", "image", "map", "worldview",
)  # fmt: skip
TOLD = ("product", "date", "level", "row", "col", "name")  # as search.describing says them
Row = dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """Rows in the order of the tiles' keys, those that the sweep did not score last.

    sweep: None for the labels alone.  least: score of unlabelled tiles.  labelled: leave out what has no label.
    site: what the links begin with, "https://lookalike.example.org".
    """

    campaign: Campaign
    sweep: Sweep | None = None
    least: float = 0.5
    labelled: bool = False
    site: str = ""

    def rows(self) -> Iterator[Row]:
        """Each as a dictionary with COLUMNS; west > east across the date line, no box for a gallery's pictures."""
        for part, some, values in self.blocks():
            yield from self._described(part, some, values)

    def blocks(self) -> Iterator[tuple[SweepPart | None, np.ndarray, np.ndarray]]:
        """AT_ONCE tiles at most: their part, (n,) keys, (n,) scores; NaN for tiles that no part has."""
        left = scores.labelled_keys(self.campaign)
        for part in scores.ready(self.sweep) if self.sweep else ():
            found = scores.opened(part)
            known = found.rows_of(left)
            left = np.setdiff1d(left, found.keys[known], assume_unique=True)
            liked = known if self.labelled else np.union1d(known, found.between(self.least))
            for rows in portions(liked):
                yield part, found.keys[rows], np.asarray(found.values[rows], np.float32)
        for some in portions(left):
            yield None, some, np.full(len(some), np.nan, np.float32)

    def scene_of(self, row: Row) -> Scene | None:
        """Of one of `rows`; None when its imagery has been deleted."""
        return self._describer.scene(keys.unpack(row["key"]))

    @cached_property
    def codes(self) -> list[str]:
        """Of the answers, in the order of the campaign."""
        return list(self.campaign.answers.values_list("code", flat=True))

    def _described(self, part: SweepPart | None, some: np.ndarray, values: np.ndarray) -> Iterator[Row]:
        given = some.tolist()
        addresses = [keys.unpack(key) for key in given]
        self._describer.look_up(addresses)
        labels, scored_by = self._labels(given), self._scored_by(part)
        for key, address, value in zip(given, addresses, values.tolist(), strict=True):
            score = None if np.isnan(value) else round(value, 6)
            yield {**self._tile(key, address), **labels.get(key, UNLABELLED), **scored_by, "score": score}

    @cached_property
    def _describer(self) -> Describer:
        return Describer(self.campaign.dataset)

    def _labels(self, given: list[int]) -> dict[int, Row]:
        cards = self.campaign.cards.filter(key__in=given).order_by()
        found = cards.values_list("key", "label__code", "label_from", "votes", "share")
        return {key: dict(zip(UNLABELLED, said, strict=True)) for key, *said in found}

    def _scored_by(self, part: SweepPart | None) -> Row:
        """encoder: name and fingerprint, as the shards' folders have them."""
        own = self.campaign.dataset.encoder
        encoder = part.folder.split("/")[1] if part else f"{own.name}-{own.fingerprint}"
        return {"encoder": encoder, "classifier": self.sweep.version if part and self.sweep else None}

    def _tile(self, key: int, address: keys.TileAddress) -> Row:
        """Of a tile whose imagery has been deleted only what its key says."""
        slug, scene = self.campaign.dataset.slug, self._describer.scene(address)
        try:
            tile = self._describer.tile(key)
        except NoSuchTile:
            scene = None
        if scene is None:
            gone = dict.fromkeys(COLUMNS) | {"date": keys.written(address.day)}
            return gone | {"key": key, "dataset": slug, "level": address.level, "row": address.row, "col": address.col}
        box: Any = tile["bbox"] or [None] * 4
        center: Any = tile["center"] or [None] * 2
        place = {"west": box[0], "south": box[1], "east": box[2], "north": box[3], "lon": center[0], "lat": center[1]}
        links = {"image": f"{self.site}{tile['image']}", **self._links(scene, key, address)}
        return {"key": key, "dataset": slug, **{name: tile[name] for name in TOLD}, **place, **links}

    def _links(self, scene: Scene, key: int, address: keys.TileAddress) -> Row:
        """The map with this tile in its middle, or the gallery beside the picture; the same place in Worldview."""
        dataset = self.campaign.dataset
        page = f"{self.site}/?dataset={dataset.slug}&product={scene.product.name}&date={scene.written_day}"
        if dataset.kind == Dataset.Kind.GALLERY:
            return {"map": f"{page}&like={key}", "worldview": None}
        box = around(scene, address)
        view = ",".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in box)
        shown = f"{page}&level={address.level}&lock=1&v={view}"
        return {"map": shown, "worldview": worldview.address(scene, box)}


UNLABELLED: Row = {"label": None, "label_from": "", "votes": 0, "share": None}


def portions(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def around(scene: Scene, address: keys.TileAddress) -> tuple[float, float, float, float]:
    """The tile's box with half a tile around it, in units of the grid."""
    pyramid = scene.product.dataset.grid
    west, south, east, north = pyramid.box(address.level, address.row, address.col, address.offset)
    half = (east - west) / 2
    return west - half, south - half, east + half, north + half


def outlines(row: Row) -> Sequence[tuple[float, float, float, float]]:
    """The tile's box in degrees, cut to the world and in two at the date line (RFC 7946, 3.1.9); () without a place."""
    west, south, east, north = (row[side] for side in ("west", "south", "east", "north"))
    if west is None:
        return ()
    south, north, east = max(south, -90.0), min(north, 90.0), min(east, 180.0)
    if west <= east:
        return ((west, south, east, north),)
    parts = ((west, south, 180.0, north), (-180.0, south, east, north))
    return tuple(part for part in parts if part[0] < part[2])
