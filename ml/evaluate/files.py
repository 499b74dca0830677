"""Labelled sets from files: a folder with a sub-folder per class, or a table of paths and labels."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.errors import BadImage, BadLabels
from ml.evaluate.labelled import Images, Labelled, from_names
from ml.images import MAX_BYTES, SUFFIXES, decode, square

APART = 1.0  # degrees: what is nearer may show the same thing


def from_folder(folder: Path) -> Labelled:
    """Classes are the sub-folders; images may lie deeper in them.  Raises BadLabels."""
    paths = sorted(path for path in folder.glob("*/**/*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise BadLabels(f"{folder} has no images in sub-folders: make one sub-folder per class ({_known()}).")
    return from_names(folder.name, [path.relative_to(folder).parts[0] for path in paths], lambda i: _image(paths[i]))


def from_table(table: Path, apart: float = APART) -> Labelled:
    """A CSV file with the columns path, label and perhaps lon, lat (degrees); paths are relative to the file."""
    rows = _rows(table)
    paths = [table.parent / row["path"] for row in rows]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise BadLabels(f"{table}: {len(missing)} of {len(paths)} images are missing, the first is {missing[0]}.")
    found = from_names(table.stem, [row["label"] for row in rows], lambda i: _image(paths[i]))
    if not {"lon", "lat"} <= rows[0].keys():
        return found
    places = np.array([[_degrees(table, row, "lon", 360), _degrees(table, row, "lat", 90)] for row in rows])
    return replace(found, places=places, apart=apart, around=360.0)


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = set(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadLabels(f"{table} is not a CSV file in UTF-8: {error}.") from error
    if not {"path", "label"} <= columns:
        raise BadLabels(f"{table} needs the columns path and label (and perhaps lon, lat) in its first line.")
    for number, row in enumerate(rows, start=2):
        if not row["path"] or not row["label"]:
            raise BadLabels(f"{table}, line {number}: path or label is empty.")
    if not rows:
        raise BadLabels(f"{table} has no lines below its header.")
    return rows


def _degrees(table: Path, row: dict[str, str], column: str, most: float) -> float:
    text = row[column]
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not abs(value) <= most:
        raise BadLabels(f"{table}: {text!r} is not a {column} in degrees ({row['path']}).")
    return value


def _image(path: Path) -> Images:
    try:
        return square(decode(path.read_bytes(), max_bytes=10 * MAX_BYTES))
    except BadImage as error:
        raise BadImage(f"{path}: {error}") from error


def _known() -> str:
    return ", ".join(sorted(SUFFIXES))
