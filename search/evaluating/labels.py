"""Labels at hand as a labelled set: which tiles, which class, and what shows the same ground."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.errors import BadLabels
from ml.evaluate import Labelled
from ml.evaluate.labelled import balanced
from search import collecting, keys
from search.columns import IMPORT, TABLE, Column
from search.errors import BadQuery
from search.evaluating.recipe import Recipe
from search.frames import Frame
from search.models import Dataset
from search.selecting import columns
from search.selecting.columns import Person, Texts

FEW = 2  # tiles that a class must have at least
MOST_CLASSES = 200
VIDEO = "video"  # the column of a gallery's frames that says which video each is of
SOURCES = (TABLE, IMPORT, "label", "collection")  # of text columns that say something about a tile's content


@dataclass(frozen=True)
class Chosen:
    """rows: (n,) of the frame, ascending; codes: (n,) positions in classes.  labelled: tiles of each class in all.

    left_out: classes with too few tiles.  ambiguous: tiles of several of the collections, which have no class.
    """

    title: str
    rows: np.ndarray
    codes: np.ndarray
    classes: list[str]
    labelled: list[int]
    left_out: list[str] = field(default_factory=list)
    ambiguous: int = 0


def offered(frame: Frame, user: Person) -> list[Column]:
    """Text columns that may be taken for labels or places: not those that say the same of every tile."""
    texts = [one for one in columns.columns_of(frame, user) if one.kind == "text" and one.source in SOURCES]
    return [one for one in texts if len(one.values) != 1]


def place_column(frame: Frame, recipe: Recipe, user: Person) -> str:
    """What was asked for; else the video of a gallery's frames, which show the same thing again and again.

    BadQuery for a column that there is not.
    """
    known = {one.name for one in offered(frame, user)}
    if recipe.place and recipe.place not in known:
        raise BadQuery(f"There is no column of places {recipe.place[:80]!r}: choose a text column that differs from "
                       f"tile to tile. There are: {', '.join(sorted(known)) or 'none yet'}.")  # fmt: skip
    return recipe.place or (VIDEO if VIDEO in known and recipe.labels != VIDEO else "")


def chosen(frame: Frame, recipe: Recipe, user: Person) -> Chosen:
    """At most recipe.most tiles, as many of each class as there can be. BadQuery, BadLabels say what is missing."""
    title, codes, texts, ambiguous = of_collections(frame, recipe) if recipe.collections else of_column(
        frame, recipe.labels, user
    )  # fmt: skip
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    kept = np.flatnonzero(counts >= FEW)
    few = [texts[code] for code in np.flatnonzero((counts > 0) & (counts < FEW))]
    check(title, counts, kept, few)
    renumbered = np.full(len(texts) + 1, -1)
    renumbered[kept] = np.arange(len(kept))
    codes = renumbered[codes]  # -1 stays -1: the last of renumbered
    rows = np.flatnonzero(codes >= 0)
    rows = rows[sampled(codes[rows], recipe.most, recipe.seed)]
    return Chosen(title, rows, codes[rows], [texts[code] for code in kept], counts[kept].tolist(), few, ambiguous)


def check(title: str, counts: np.ndarray, kept: np.ndarray, few: Sequence[str]) -> None:
    """BadLabels, BadQuery."""
    if not counts.sum():
        raise BadLabels(f"{title}: none of its labels is on a tile that can be searched. Wait until the dataset is "
                        "indexed, or label tiles of it.")  # fmt: skip
    if len(kept) > MOST_CLASSES:
        raise BadQuery(f"{title} has {len(kept):,} different values; at most {MOST_CLASSES} classes can be told apart. "
                       "Choose a column that names kinds of things.")  # fmt: skip
    if len(kept) < 2:
        lonely = f" ({', '.join(few[:5])} {'has' if len(few) == 1 else 'have'} a single tile)" if few else ""
        raise BadLabels(f"{title} has {len(kept)} class{'' if len(kept) == 1 else 'es'} with at least {FEW} tiles"
                        f"{lonely}; comparing needs two. Label some tiles of another kind.")  # fmt: skip


def of_column(frame: Frame, name: str, user: Person) -> tuple[str, np.ndarray, list[str], int]:
    column = next((one for one in offered(frame, user) if one.name == name), None)
    if column is None:
        usable = ", ".join(one.name for one in offered(frame, user)) or "none yet: label tiles, or bring a table"
        raise BadQuery(f"There are no labels {name[:80]!r}: choose a text column. There are: {usable}.")
    codes, texts = columns.values(frame, name, user)
    return column.title, codes, texts, 0


def of_collections(frame: Frame, recipe: Recipe) -> tuple[str, np.ndarray, list[str], int]:
    """A tile of several of them has no class."""
    codes, times = np.full(frame.count, -1), np.zeros(frame.count, np.int32)
    for code, name in enumerate(recipe.collections):
        rows = frame.rows_of(collecting.keys_of(collecting.named(frame.dataset, name)))
        codes[rows], times[rows] = code, times[rows] + 1
    codes[times > 1] = -1
    return "Collections", codes, list(recipe.collections), int((times > 1).sum())


def sampled(codes: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Positions, ascending: all, or the same number of each class, and all of those that have fewer."""
    if len(codes) <= most:
        return np.arange(len(codes))
    counts = np.sort(np.bincount(codes))
    each, left = 0, most
    for place, count in enumerate(counts):
        each = left // (len(counts) - place)
        if count > each:
            break
        left -= int(count)
    return balanced(codes, max(FEW, each), seed)


def labelled_set(frame: Frame, found: Chosen, recipe: Recipe, user: Person) -> Labelled:
    """With places on the map, in the units of its grid, or groups; images are given by whoever encodes them."""
    place = place_column(frame, recipe, user)
    groups = None
    if place:
        texts: Texts = columns.values(frame, place, user)  # type: ignore[assignment]
        groups = texts[0][found.rows].astype(np.int64)
    blank = Labelled(found.title, found.classes, found.codes, no_image, groups=groups)
    return blank if frame.dataset.kind == Dataset.Kind.GALLERY else on_map(frame, found, blank, recipe.apart)


def no_image(position: int) -> np.ndarray:
    raise BadLabels(f"Tile {position} was asked for before it was known how large to read it.")


def on_map(frame: Frame, found: Chosen, labelled: Labelled, apart: float) -> Labelled:
    grid, packed = frame.dataset.grid, frame.keys[found.rows]
    level, row, col, offset = (keys.part_of_many(packed, part) for part in ("level", "row", "col", "offset"))
    boxes = grid.bounds_of_many(level, row, col, offset)  # (n, 4) left, bottom, right, top
    middles = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2], axis=1)
    around = grid.extent[2] - grid.extent[0] if grid.wraps else None
    return Labelled(
        labelled.name, labelled.classes, labelled.labels, labelled.read, middles, apart, around,
        boxes[:, 2] - boxes[:, 0], labelled.groups,
    )  # fmt: skip
