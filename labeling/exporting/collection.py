"""The collection: the tiles that a sweep scores highly, together with those that people have labelled, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labeling.models import Campaign, Sweep, SweepPart
from labeling.sweeps import scores
from search import keys
from search.exporting.rows import LINKS, PLACE, Row, TileRows, portions
from search.models import Scene

COLUMNS = (
    *PLACE, "score", "label", "label_from", "votes", "share", "encoder", "classifier", *LINKS,
)  # fmt: skip


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
        return self._tiles.scene_of(row)

    @cached_property
    def codes(self) -> list[str]:
        """Of the answers, in the order of the campaign."""
        return list(self.campaign.answers.values_list("code", flat=True))

    def _described(self, part: SweepPart | None, some: np.ndarray, values: np.ndarray) -> Iterator[Row]:
        given = some.tolist()
        addresses = [keys.unpack(key) for key in given]
        self._tiles.look_up(addresses)
        labels, scored_by = self._labels(given), self._scored_by(part)
        for key, address, value in zip(given, addresses, values.tolist(), strict=True):
            score = None if np.isnan(value) else round(value, 6)
            yield {**self._tiles.row(key, address), **labels.get(key, UNLABELLED), **scored_by, "score": score}

    @cached_property
    def _tiles(self) -> TileRows:
        return TileRows(self.campaign.dataset, self.site)

    def _labels(self, given: list[int]) -> dict[int, Row]:
        cards = self.campaign.cards.filter(key__in=given).order_by()
        found = cards.values_list("key", "label__code", "label_from", "votes", "share")
        return {key: dict(zip(UNLABELLED, said, strict=True)) for key, *said in found}

    def _scored_by(self, part: SweepPart | None) -> Row:
        """encoder: name and fingerprint, as the shards' folders have them."""
        own = self.campaign.dataset.encoder
        encoder = part.folder.split("/")[1] if part else f"{own.name}-{own.fingerprint}"
        return {"encoder": encoder, "classifier": self.sweep.version if part and self.sweep else None}


UNLABELLED: Row = {"label": None, "label_from": "", "votes": 0, "share": None}
