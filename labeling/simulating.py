"""Campaigns without people: rounds whose answers come from a file, to learn how many labels a search would take."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labeling.errors import BadCampaign
from labeling.rounds import places
from labeling.rounds.archive import columns_of
from ml import active
from ml.evaluate import inside
from ml.shards import Shard as Columns
from search import similarity
from search.errors import NotIndexed
from search.models import Dataset
from search.query import Query

YES = {"1", "yes", "true", "positive"}
NO = {"0", "no", "false", "negative"}
BOUNDS = ("west", "south", "east", "north")


@dataclass(frozen=True)
class Truth:
    """keys: (n,) of the positives, ascending."""

    keys: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: np.ndarray) -> np.ndarray:
        """(n,) -> (n,) bool."""
        return np.isin(keys, self.keys)


class Point(NamedTuple):
    """Of a learning curve: one round of one seed."""

    seed: int
    round: int
    labels: int
    found: int
    recall: float
    scored: int
    neighbours: int
    seconds: float


def shards_of(
    dataset: Dataset,
    *,
    levels: Sequence[int] = (),
    products: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
) -> list[Columns]:
    """NotIndexed or BadQuery when the scope has no finished shard."""
    query = Query(levels=tuple(levels), products=tuple(products), first=first, last=last)
    rows, _ = similarity.chosen_shards(dataset, query)
    found = columns_of(rows)
    if not found:
        raise NotIndexed("No shard of this scope can be read just now. Try again in a minute.")
    return found


def by_polygons(dataset: Dataset, shards: Sequence[Columns], path: Path, *, touches: bool, least: float) -> Truth:
    """Tiles that have a polygon of more than `least` km² wholly inside, or are touched by one."""
    if not dataset.grid.is_geographic:
        raise BadCampaign("Polygons can be compared with maps in degrees only (EPSG:4326): give a CSV of keys.")
    polygons = inside.larger(inside.polygons(path), least)
    if not polygons:
        raise BadCampaign(f"{path} has no polygon of more than {least:g} km².")
    decide = inside.touched if touches else inside.holding
    found = [shard.keys[decide(boxes(shard), polygons)] for shard in shards]
    return checked(np.concatenate(found), shards)


def by_table(shards: Sequence[Columns], path: Path) -> Truth:
    """Tiles that a CSV with the columns key and label calls positives; the others are negatives."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"key", "label"} <= set(rows[0]):
        raise BadCampaign(f"{path} needs a first line that names the columns key and label.")
    labels = [row["label"].strip().lower() for row in rows]
    if unknown := set(labels) - YES - NO:
        raise BadCampaign(f"{path} has the label {min(unknown)!r}: write 1 or 0, or yes or no.")
    try:
        keys = np.array([int(row["key"]) for row in rows], np.int64)
    except (ValueError, OverflowError) as error:
        raise BadCampaign(f"{path} has a key that is not a tile's: {error}.") from error
    return checked(keys[[label in YES for label in labels]], shards)


def boxes(shard: Columns) -> np.ndarray:
    """(count, 4) west, south, east, north."""
    return np.stack([shard.column(name) for name in BOUNDS], axis=1)


def checked(keys: np.ndarray, shards: Sequence[Columns]) -> Truth:
    every = np.concatenate([shard.keys for shard in shards])
    known = np.unique(keys[np.isin(keys, every)])
    if not 0 < len(known) < len(every):
        raise BadCampaign(f"{len(known):,} of {len(every):,} tiles are positives: a search needs some of each.")
    return Truth(known)


def run(
    dataset: Dataset,
    shards: Sequence[Columns],
    truth: Truth,
    settings: active.Settings,
    *,
    seeds: Sequence[int],
    until: active.Until,
    noise: float = 0.0,
    pool: int = 100_000,
    on_point: Callable[[Point], None] | None = None,
) -> list[Point]:
    """One campaign for each seed, which decides the example that it begins with, too."""
    archive = active.ShardArchive(shards)
    points: list[Point] = []

    def add(seed: int, row: active.Row) -> None:
        cost = row.cost
        spent = (cost.scored, cost.neighbours, round(cost.seconds, 3)) if cost else (0, 0, 0.0)
        points.append(Point(seed, row.number, row.labels, row.found, round(row.recall, 5), *spent))
        if on_point:
            on_point(points[-1])

    for seed in seeds:
        random = np.random.default_rng(seed)
        example = int(random.choice(truth.keys))
        tiles = active.choose_pool(list(shards), pool, rng=random)
        active.simulate(
            archive, tiles, truth.of, [example], settings, positives=len(truth), rng=random, until=until, noise=noise,
            groups=partial(places.groups, dataset), on_row=partial(add, seed),
        )  # fmt: skip
    return points


def write_csv(points: Sequence[Point], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(Point._fields)
        table.writerows(points)


def draw(points: Sequence[Point], path: Path, title: str) -> None:
    """Labels against the share found, a line for each seed: a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=150)
    axes = figure.subplots()
    for seed in dict.fromkeys(point.seed for point in points):
        mine = [point for point in points if point.seed == seed]
        axes.plot([one.labels for one in mine], [100 * one.recall for one in mine], linewidth=1.4, label=f"seed {seed}")
    axes.set(xlabel="labels", ylabel="found, % of all", title=title, ylim=(0, 100))
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, format="png")


def needed(points: Sequence[Point], share: float) -> dict[int, int | None]:
    """seed -> labels after the round that reached this share of all positives; None where none did."""
    found: dict[int, int | None] = {}
    for point in points:
        found.setdefault(point.seed, None)
        if found[point.seed] is None and point.recall >= share:
            found[point.seed] = point.labels
    return found
