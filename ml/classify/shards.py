"""A classifier over shards, into one table: key, bounds, score."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml.classify import scoring
from ml.classify.classifier import Classifier
from ml.classify.related import BOUNDS, Related
from ml.errors import BadClassifier
from ml.index.interface import Progress
from ml.shards import Shard

Write = Callable[[pa.Table], None]


@dataclass
class Told:
    """What came out: tiles scored, tiles written, and how many of the scored lie in each of 200 bins over 0 to 1."""

    tiles: int = 0
    written: int = 0
    histogram: NDArray[np.int64] = field(default_factory=lambda: np.zeros(200, np.int64))


def score_shards(
    classifier: Classifier,
    shards: Sequence[Path],
    out: Path,
    *,
    least: float = 0.0,
    as_csv: bool = False,
    beside: Sequence[Path] = (),
    on_progress: Progress | None = None,
) -> Told:
    """Write the tiles that score at least `least` to out, whole or not at all: Parquet, or CSV.

    Columns: shard (its folder's name), key, name where the shard has names, score, west, south, east, north in degrees.
    beside: shards of other levels, for a classifier that looks at the squares above or below as well (Related).
    All shards are looked at before anything is written.  Raises BadClassifier for one of another encoder, DamagedShard,
    FileExistsError.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists already. Move it away first, or give another file.")
    opened = [Shard.open(folder) for folder in shards]
    others = [Shard.open(folder) for folder in beside]
    features = [features_of(classifier, shard, others) for shard in opened]
    told, total = Told(), sum(shard.count for shard in opened)
    part = out.with_name(f".{out.name}.part")
    writer: AbstractContextManager[Write] = _csv(part) if as_csv else _parquet(part)
    try:
        with writer as write:
            for shard, vectors in zip(opened, features, strict=True):
                for first, scores in blocks(classifier, vectors):
                    told.tiles += len(scores)
                    told.histogram += scoring.histogram(scores)
                    rows = np.flatnonzero(scores >= least)
                    told.written += len(rows)
                    write(_table(shard, rows + first, scores[rows]))
                    if on_progress:
                        on_progress("tiles", told.tiles, total)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return told


def blocks(classifier: Classifier, vectors: scoring.Rows) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """First row and scores of each block."""
    first = 0
    for scores in scoring.sweep(classifier, vectors):
        yield first, scores
        first += len(scores)


def features_of(classifier: Classifier, shard: Shard, beside: Sequence[Shard] = ()) -> scoring.Rows:
    """What the classifier looks at; raises BadClassifier when the shards do not have it."""
    own: dict[str, Any] = classifier.sources[0] if classifier.sources else {}
    dim = own.get("dim", classifier.dim)
    if dim != shard.dim:
        raise BadClassifier(
            f"This classifier looks at vectors of {dim} numbers, those of {shard.folder} have {shard.dim}: embed "
            "the images with the encoder that it was trained on."
        )
    for one in (shard, *beside) if len(classifier.sources) > 1 else (shard,):
        check_encoder(own, one)
    return Related(shard, classifier.sources, beside) if len(classifier.sources) > 1 else shard.vectors


def check_encoder(own: dict[str, Any], shard: Shard) -> None:
    """Raises BadClassifier when the shard's vectors mean something else than those that were learnt from."""
    wanted, made = own.get("fingerprint"), shard.meta["fingerprint"]
    if wanted and _encoder(wanted) != _encoder(made):
        trained, held = (
            f"{about.get('encoder', 'encoder')} {_encoder(about['fingerprint'])}" for about in (own, shard.meta)
        )
        raise BadClassifier(
            f"This classifier was trained on vectors of {trained}, {shard.folder} holds those of {held}: their numbers "
            "mean different things. Embed the images with the encoder that it was trained on."
        )


def _encoder(fingerprint: str) -> str:
    """Without the imagery's version, which the site appends."""
    return fingerprint.split("-")[0]


def _table(shard: Shard, rows: NDArray[np.intp], scores: NDArray[np.float32]) -> pa.Table:
    names = pa.array([None] * len(rows), pa.string())
    if "name" in shard.columns:
        names = pa.array(shard.column("name")[rows].tolist(), pa.string())
    columns: dict[str, Any] = {"shard": [shard.folder.name] * len(rows), "key": shard.keys[rows], "name": names}
    bounds = {name: shard.column(name)[rows].astype(np.float64) for name in BOUNDS}
    return pa.table({**columns, "score": scores, **bounds}, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [("shard", pa.string()), ("key", pa.int64()), ("name", pa.string()), ("score", pa.float32())]
    + [(name, pa.float64()) for name in BOUNDS]
)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        yield writer.write_table


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_SCHEMA.names)
        yield lambda table: rows.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
