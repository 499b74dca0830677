"""What a sweep has found: its best tiles, page by page, and where they lie.

A page is read off the front of each part's order, so it costs as many rows as it has, times the parts, however many
tiles there are. Only an area asks for more: the keys of all tiles of the scores that are asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from labeling.models import AuditTile, Campaign, Sweep, SweepPart
from labeling.sweeps import scores
from labeling.sweeps.scores import Scores
from search import grid, keys
from search.models import Dataset

CELLS = 5_000  # of a heat map, at most
FINEST = 720  # cells along the longer side of the finest one
MOST_OFFSET = 100_000


@dataclass(frozen=True)
class Asked:
    """Which tiles of a sweep.  day: as keys have it.  area: west, south, east, north in degrees."""

    least: float = 0.0
    most: float = 1.0
    levels: tuple[int, ...] = ()
    products: tuple[str, ...] = ()
    day: int | None = None
    area: grid.Bounds | None = None

    def wants(self, part: SweepPart) -> bool:
        return (
            (not self.levels or part.level in self.levels)
            and (not self.products or part.product in self.products)
            and (self.day is None or part.day == self.day)
        )


@dataclass(frozen=True)
class Page:
    """count: tiles in all.  keys, scores: (m,) of those on the page."""

    count: int
    keys: np.ndarray
    scores: np.ndarray


def best(sweep: Sweep, asked: Asked, *, limit: int, offset: int = 0, without: np.ndarray | None = None) -> Page:
    """The highest scores first, equal ones in the order of their keys.  without: keys (ascending) to leave out."""
    found = [front(one, rows, left_out, offset + limit) for one, rows, left_out in chosen(sweep, asked, without)]
    return page(found, np.negative, limit, offset)


def nearest(sweep: Sweep, asked: Asked, threshold: float, *, limit: int, offset: int = 0, without: np.ndarray) -> Page:
    """Those whose score is closest to a threshold."""
    above = replace(asked, least=max(asked.least, threshold))
    below = replace(asked, most=min(asked.most, float(np.nextafter(threshold, -np.inf))))
    most = offset + limit
    found = [front(one, rows[::-1], left_out, most) for one, rows, left_out in chosen(sweep, above, without)]
    found += [front(one, rows, left_out, most) for one, rows, left_out in chosen(sweep, below, without)]
    return page(found, lambda values: np.abs(values - threshold), limit, offset)


Front = tuple[int, np.ndarray, np.ndarray]
NOTHING = np.empty(0, np.int64)


def front(one: Scores, rows: np.ndarray, left_out: np.ndarray, most: int) -> Front:
    """How many there are; keys and scores of the first ones.  rows: in the order in which they are wanted; left_out:
    those of them that are not."""
    some = np.asarray(rows[: most + len(left_out)])
    first = some[np.isin(some, left_out, invert=True)][:most]
    return len(rows) - len(left_out), one.keys[first], one.values[first]


def page(found: list[Front], rank: Callable[[np.ndarray], np.ndarray], limit: int, offset: int) -> Page:
    """rank: (n,) scores -> (n,) what they are sorted by."""
    if not found:
        return Page(0, NOTHING, np.empty(0, np.float32))
    packed, values = (np.concatenate([one[i] for one in found]) for i in (1, 2))
    order = np.lexsort((packed, rank(values)))[offset : offset + limit]
    return Page(sum(count for count, _, _ in found), packed[order], values[order])


Chosen = tuple[Scores, np.ndarray, np.ndarray]


def chosen(sweep: Sweep, asked: Asked, without: np.ndarray | None = None) -> Iterator[Chosen]:
    """The parts, which of their rows, the best first, and those of them that are to be left out."""
    pyramid = sweep.campaign.dataset.grid
    for part in scores.ready(sweep):
        if asked.wants(part):
            one = scores.opened(part)
            rows = one.between(asked.least, asked.most)
            left_out = NOTHING if without is None else in_reach(one, one.rows_of(without), asked)
            if asked.area is not None:
                rows, left_out = (within(one, np.asarray(some), asked.area, pyramid) for some in (rows, left_out))
            yield one, rows, left_out


def in_reach(one: Scores, rows: np.ndarray, asked: Asked) -> np.ndarray:
    """Those of the rows that `between` has: of the scores that are asked for, in the sweep's own area."""
    values = one.values[rows]
    mine = rows[(values >= asked.least) & (values <= asked.most)]
    return mine if len(one.order) == len(one.keys) else np.intersect1d(mine, one.order)


def within(one: Scores, rows: np.ndarray, area: grid.Bounds, pyramid: grid.Grid) -> np.ndarray:
    """The rows whose tile's middle lies in the area."""
    lon, lat = middles(one.keys[rows], pyramid)
    west, south, east, north = area
    across = (lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east)
    found: np.ndarray = rows[across & (lat >= south) & (lat <= north)]
    return found


def middles(packed: np.ndarray, pyramid: grid.Grid) -> tuple[np.ndarray, np.ndarray]:
    """(n,) keys -> (n,) longitudes from -180 to 180, (n,) latitudes."""
    lon, lat = pyramid.centres(*(keys.part_of_many(packed, part) for part in ("level", "row", "col", "offset")))
    return (lon + 180) % 360 - 180, lat


@dataclass(frozen=True)
class Heat:
    """cell: degrees.  cells: (m, 4) longitude, latitude of the middle, tiles, best score."""

    cell: float
    cells: np.ndarray


def heat(sweep: Sweep, asked: Asked) -> Heat:
    """How many tiles there are where, in cells so small that CELLS of them, at most, hold any; none of a gallery."""
    if sweep.campaign.dataset.kind == Dataset.Kind.GALLERY:
        return Heat(0.0, np.empty((0, 4)))
    cell = 360 / FINEST
    counts, highest = np.zeros((FINEST // 2, FINEST), np.int64), np.zeros((FINEST // 2, FINEST), np.float32)
    for one, rows, _ in chosen(sweep, asked):
        at = np.asarray(rows)
        lon, lat = middles(one.keys[at], sweep.campaign.dataset.grid)
        row = np.clip((90 - lat) / cell, 0, FINEST // 2 - 1).astype(np.int64)
        col = np.clip((lon + 180) / cell, 0, FINEST - 1).astype(np.int64)
        np.add.at(counts, (row, col), 1)
        np.maximum.at(highest, (row, col), one.values[at].astype(np.float32))
    return coarsened(counts, highest, cell)


def coarsened(counts: np.ndarray, highest: np.ndarray, cell: float) -> Heat:
    while np.count_nonzero(counts) > CELLS:
        counts, highest = folded(counts, np.add), folded(highest, np.maximum)
        cell *= 2
    rows, cols = np.nonzero(counts)
    places = [(cols + 0.5) * cell - 180, 90 - (rows + 0.5) * cell, counts[rows, cols], highest[rows, cols]]
    return Heat(cell, np.stack(places, axis=1))


def folded(values: np.ndarray, how: np.ufunc) -> np.ndarray:
    """(h, w) -> (h/2, w/2), an odd rim filled up with nothing."""
    height, width = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2)))
    found: np.ndarray = how.reduce(how.reduce(even.reshape(even.shape[0] // 2, 2, -1, 2), axis=3), axis=1)
    return found


def blind(campaign: Campaign) -> np.ndarray:
    """(m,) keys, ascending: tiles that an audit waits for. Who labels them must not see their scores anywhere."""
    waiting = AuditTile.objects.filter(audit__sweep__campaign=campaign, card__label=None)
    return np.unique(np.fromiter(waiting.values_list("key", flat=True), np.int64))


def not_wanted(campaign: Campaign) -> np.ndarray:
    """(m,) keys, ascending, to leave out where only tiles without a label are wanted."""
    return np.union1d(scores.labelled_keys(campaign), blind(campaign))
