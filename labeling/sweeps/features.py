"""What a classifier looks at, for the tiles of one shard in the order of its rows.

Most look at the tiles' own vectors. Some look at those of the squares above or below as well (labeling.rounds.archive);
where there is none, as at a rim of the imagery, there are zeros, as in training.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.errors import SweepUnready
from labeling.rounds.archive import RELATIONS, Related
from ml.active.archive import fill
from ml.classify import Classifier
from ml.shards import Shard as Columns
from search import library
from search.models import Shard

STEPS = {"parent": -1, "children": 1}  # from a tile's level to that of its relations


@dataclass(frozen=True)
class Relatives:
    """Another level's shard of the same scene.  dim: numbers of its vectors."""

    columns: Columns | None
    related: Related
    dim: int


class Features:
    """`features[start:end]`: (n, d) floats; SweepUnready when the classifier was trained on other vectors."""

    def __init__(self, classifier: Classifier, shard: Shard, columns: Columns) -> None:
        self.columns = columns
        own, *others = classifier.sources or [{"dim": classifier.dim}]
        made_by = encoder_of(columns.meta["fingerprint"])
        if own["dim"] != columns.dim or encoder_of(own.get("fingerprint", made_by)) != made_by:
            raise SweepUnready("The classifier was trained on another encoder's vectors: let it learn a round first.")
        self.relatives = [relatives(shard, source) for source in others]
        dim = columns.dim + sum(one.dim for one in self.relatives)
        if dim != classifier.dim:
            raise SweepUnready("The classifier looks at vectors that are no longer made: let it learn a round first.")
        self.shape = (columns.count, dim)

    @property
    def vectors(self) -> Any:
        """The mapped file itself where there is nothing to add to it."""
        return self if self.relatives else self.columns.vectors

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        keys = self.columns.keys[rows]
        out, at = np.zeros((len(keys), self.shape[1]), np.float32), self.columns.dim
        out[:, :at] = self.columns.vectors[rows]
        for one in self.relatives:
            if one.columns is not None:
                fill(out[:, at : at + one.dim], [one.columns], one.related[0](keys))
            at += one.dim
        return out

    def untouched(self) -> bool:
        """Whether the files that were read are still those that were opened."""
        opened = [self.columns, *(one.columns for one in self.relatives if one.columns is not None)]
        return all(columns.untouched() for columns in opened)


def encoder_of(fingerprint: str) -> str:
    """A shard's fingerprint without the imagery's version (search.building.build)."""
    return fingerprint.split("-", 1)[0]


def relatives(shard: Shard, source: dict[str, Any]) -> Relatives:
    name, related = named(source)
    mine = Shard.objects.select_related("scene__product__dataset", "encoder").filter(
        scene=shard.scene_id, encoder=shard.encoder_id, level=shard.level + STEPS[name]
    )
    found = mine.exclude(folder="").first()
    return Relatives(library.opened(found) if found else None, related, int(source["dim"]))


def named(source: dict[str, Any]) -> tuple[str, Related]:
    for name, relations in RELATIONS.items():
        for related in relations:
            if related[1].items() <= source.items():
                return name, related
    raise SweepUnready("The classifier looks at vectors that this site does not have: let it learn a round first.")
