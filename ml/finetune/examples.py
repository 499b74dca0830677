"""Labelled images: class sub-folders, the pictures that a campaign exports (images.zip), or a table of paths.

A share that people agreed by (column "share") makes the label soft: the rest goes to the other classes alike.
"""

import csv
import math
import zipfile
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadLabels, TooFewLabels
from ml.images import SUFFIXES
from ml.train.sources import place_by_name

UNLABELLED, LISTING = "unlabelled", "tiles.csv"  # as labeling/exporting/pictures.py names them
_CELLS = (1.0, 0.25, 0.05, 0.01)  # degrees a side: tiles of one cell are held out together; the largest that divides
_MOST_UNPACKED = 200  # times the size of the zip that its images may take
Row = dict[str, str]


@dataclass(frozen=True)
class Examples:
    """paths: (n,), below root.  targets: (n, classes) float32, each row a distribution.  weights: (n,), not negative.

    groups: (n,) numbers; what shares one is held out together, or not at all.
    """

    root: Path
    paths: list[str]
    classes: list[str]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,): the likeliest class of each."""
        return self.targets.argmax(axis=1)

    def take(self, rows: NDArray[np.integer]) -> "Examples":
        return Examples(
            self.root, [self.paths[row] for row in rows], self.classes, self.targets[rows], self.weights[rows],
            self.groups[rows],
        )  # fmt: skip


def read(path: Path, work: Path) -> Examples:
    """work: where a zip is unpacked to.  Raises BadLabels, with what to do about it."""
    if not path.exists():
        raise BadLabels(f"{path} does not exist: give a folder of class sub-folders, images.zip, or a table.")
    if path.suffix.lower() == ".zip":
        return from_folder(unpacked(path, work / "unpacked"))
    if path.is_dir():
        return from_folder(path)
    if path.suffix.lower() in (".csv", ".parquet", ".geoparquet"):
        return from_table(path)
    raise BadLabels(f"{path} is no folder, .zip, .csv or .parquet: give one of these.")


def from_folder(folder: Path) -> Examples:
    """Classes are the sub-folders; images may lie deeper in them, and those of one folder are held out together."""
    if (folder / LISTING).is_file():
        return from_table(folder / LISTING)
    found = sorted(path for path in folder.glob("*/**/*") if path.suffix.lower() in SUFFIXES and path.is_file())
    paths = [path.relative_to(folder) for path in found]
    paths = [path for path in paths if path.parts[0] != UNLABELLED]
    if not paths:
        raise BadLabels(f"{folder} has no images in sub-folders: make one sub-folder per class.")
    rows = [{"path": path.as_posix(), "label": path.parts[0], "group": _deeper(path)} for path in paths]
    return _examples(folder, folder.name, rows)


def _deeper(path: Path) -> str:
    """The folder below the class, which another class may share; "" when images lie in the class folder itself."""
    return "/".join(path.parts[1:-1])


def from_table(table: Path) -> Examples:
    """A CSV or Parquet file: the columns path (or file) and label, and perhaps share, weight, group, lon and lat."""
    rows = _csv(table) if table.suffix.lower() == ".csv" else _parquet(table)
    columns = set(rows[0]) if rows else set()
    if rows and not ({"path", "file"} & columns and "label" in columns):
        raise BadLabels(
            f"{table} needs the columns path (of the picture) and label. An export of a campaign that has no pictures "
            "does not do: take its images.zip instead."
        )
    rows = [{**row, "path": row.get("path") or row.get("file") or ""} for row in rows]
    rows = [row for row in rows if row["label"] and row["path"]]
    if not rows:
        raise BadLabels(f"{table} has no line with a picture and a label.")
    missing = [row["path"] for row in rows if not (table.parent / row["path"]).is_file()]
    if missing:
        raise BadLabels(f"{table}: {len(missing)} of {len(rows)} images are missing, the first is {missing[0]}.")
    return _examples(table.parent, table.name, rows)


def _csv(table: Path) -> list[Row]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            return [{name: value or "" for name, value in row.items() if name} for row in csv.DictReader(file)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadLabels(f"{table} is not a CSV file in UTF-8: {error}.") from error


def _parquet(table: Path) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = ("path", "file", "label", "share", "weight", "group", "lon", "lat")
    try:
        schema = pq.read_schema(table)
        found = pq.read_table(table, columns=[name for name in wanted if name in schema.names]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise BadLabels(f"{table} is not a Parquet file ({error}).") from error
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in found]


def unpacked(archive: Path, folder: Path) -> Path:
    """The zip's pictures and its list, below folder; no path of it leads elsewhere."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [m for m in zipped.infolist() if Path(m.filename).suffix.lower() in {*SUFFIXES, ".csv"}]
            if sum(member.file_size for member in members) > _MOST_UNPACKED * archive.stat().st_size + 2**20:
                raise BadLabels(f"{archive} would become far larger than any pictures do: it is refused.")
            for member in members:
                zipped.extract(member, folder)
    except zipfile.BadZipFile as error:
        raise BadLabels(f"{archive} is not a whole zip file ({error}): fetch it again.") from error
    return folder


def _examples(root: Path, name: str, rows: Sequence[Row]) -> Examples:
    classes, positions, counts = np.unique([row["label"] for row in rows], return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise BadLabels(f"{name} has the one class {str(classes[0])!r}: learning to tell apart needs at least two.")
    if counts.min() < 2:
        lonely = ", ".join(map(str, classes[counts < 2]))
        raise TooFewLabels(
            f"{name} has a single image of {lonely}, and one of each class is held out to judge by: give each class at "
            "least two, better twenty, or leave it out."
        )
    shares = np.array([_number(row, "share", 1.0) for row in rows], np.float32)
    targets = np.repeat((1 - shares)[:, None] / (len(classes) - 1), len(classes), axis=1)
    targets[np.arange(len(rows)), positions] = shares
    weights = np.array([_number(row, "weight", 1.0) for row in rows], np.float32)
    if not (np.isfinite(weights) & (weights >= 0)).all() or not ((shares > 0) & (shares <= 1)).all():
        raise BadLabels(f"{name}: a share must lie above 0 and be at most 1, a weight must not be negative.")
    return Examples(
        root,
        [row["path"] for row in rows],
        [str(one) for one in classes],
        targets.astype(np.float32),
        weights,
        _groups(rows, positions),
    )


def _number(row: Row, column: str, usual: float) -> float:
    if not row.get(column):
        return usual
    try:
        return float(row[column])
    except ValueError:
        return math.nan


def _groups(rows: Sequence[Row], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """By the column group or the folder, else the cell of the map, else the name without its date, else each alone.

    What does not leave each class in two groups at least is passed over.
    """
    numbers = np.arange(len(rows))
    for cell in _CELLS:
        for folders in (True, False):
            keys = [_group(row, number, cell, folders=folders) for number, row in enumerate(rows)]
            known = {key: number for number, key in enumerate(dict.fromkeys(keys))}
            numbers = np.array([known[key] for key in keys], np.int64)
            if all(len(np.unique(numbers[labels == label])) > 1 for label in np.unique(labels)):
                return numbers
    return numbers


def _group(row: Row, number: int, cell: float, *, folders: bool) -> Hashable:
    lon, lat = _number(row, "lon", math.nan), _number(row, "lat", math.nan)
    if folders and row.get("group"):
        return row["group"]
    if math.isfinite(lon) and math.isfinite(lat):
        return math.floor(lon % 360 / cell), math.floor(lat / cell)
    place = place_by_name(row["path"])
    return ("place", place) if place >= 0 else ("alone", number)


def held_out(examples: Examples, share: float, seed: int) -> NDArray[np.bool_]:
    """(n,): what is only judged by. Whole groups, of each class about the share, and never all of a class.

    Raises TooFewLabels when a class lies in one group, so that it could only be learnt or judged.
    """
    random, labels = np.random.default_rng(seed), examples.labels
    total = np.bincount(labels, minlength=len(examples.classes))
    wanted = np.maximum(1, np.round(share * total)).astype(np.int64)
    aside, chosen = np.zeros_like(total), np.zeros(len(examples), bool)
    groups = [np.flatnonzero(examples.groups == group) for group in random.permutation(np.unique(examples.groups))]
    counts = [np.bincount(labels[rows], minlength=len(total)) for rows in groups]
    for most in (1.5, math.inf):  # groups that are far too large only where nothing else is left
        for target in np.argsort(total, kind="stable"):  # the rarest class first
            for rows, count in zip(groups, counts, strict=True):
                fits = (aside + count <= np.maximum(1, most * wanted)).all() and (aside + count < total).all()
                if count[target] and fits and not chosen[rows[0]] and aside[target] < wanted[target]:
                    chosen[rows], aside = True, aside + count
    if missing := [examples.classes[i] for i in np.flatnonzero(aside == 0)]:
        raise TooFewLabels(
            f"None of {', '.join(missing)} can be held out to judge by, because all of it lies at one place or in one "
            "folder with the rest: label some elsewhere."
        )
    return chosen
