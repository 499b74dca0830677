"""Find large, localise small: where in a tile is what the query shows?

`children` are the tiles of a finer level inside a tile, ranked by their likeness to the query; `heat` is a grid of
likenesses over it. Likeness is the cosine between the query's vector and those of the smaller squares: read from their
shards where they are indexed, else embedded now from the tile's pixels, at most WINDOWS or 4 ** MOST_DEPTH of them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from search import encoders, grid, imagery, keys, library, similarity
from search.errors import BadKey, BadQuery, NoSuchTile
from search.models import Dataset, Encoder, Scene, Shard
from search.query import Query

MOST_DEPTH = 3  # levels down: 2×2, 4×4, 8×8 children
FINE_DEPTH = 2  # an indexed level must be this many levels down to make a heat map; one level down has four squares
ACROSS, STEP = 4, 2  # windows for heat: a quarter of the tile's side, each moved by half a window: 7×7
WINDOWS = ((ACROSS - 1) * STEP + 1) ** 2
CELLS = ACROSS * STEP  # the heat map's cells a side, when it is made of windows
KEPT = 64  # tiles whose embedded windows stay in memory; at most 64 vectors each


@dataclass(frozen=True)
class Child:
    key: int
    score: float
    indexed: bool


@dataclass(frozen=True)
class Children:
    """found: best first.  empty: how many were left out because there is no data in them."""

    level: int
    found: list[Child]
    empty: int
    pixels: float | None  # of the imagery along a child's side; fewer than the encoder's size are enlarged
    took_ms: float


@dataclass(frozen=True)
class Heat:
    """values: (n, n) float, row 0 in the north (or at a picture's top), NaN where there is no data.

    level: the indexed level it was read from, None when windows of the tile's pixels were embedded.  window: their
    side as a share of the tile's; a cell is then the mean of the windows over it.
    """

    values: np.ndarray
    level: int | None
    window: float
    took_ms: float


@dataclass(frozen=True)
class Sight:
    """Which windows of a tile are to be embedded; what the memory of embedded windows goes by.

    The tile is read `across` windows wide, windows start every 1 / step of one.  wanted: their numbers, row by row.
    least: the share of a window's pixels that must hold data.
    """

    scene: int
    version: str
    encoder: int
    place: tuple[int, int, int, int]  # level, row, col, offset
    across: int
    step: int
    wanted: tuple[int, ...]
    least: float

    @property
    def side(self) -> int:
        """Windows along a side."""
        return (self.across - 1) * self.step + 1


def children(dataset: Dataset, key: int, query: Query, depth: int = 1) -> Children:
    """The 2^depth × 2^depth tiles inside a tile, by their likeness to the query's examples; its filters don't count.

    Raises BadKey, BadQuery, NoSuchTile, and what a search raises for its examples.
    """
    start = time.perf_counter()
    address, scene = tile_of(dataset, key)
    if dataset.kind == Dataset.Kind.GALLERY:
        raise NoSuchTile("A picture of a gallery is one tile: it has no smaller ones.")
    if not 1 <= depth <= MOST_DEPTH:
        raise BadQuery(f"depth is {depth}; a tile opens into the next 1 to {MOST_DEPTH} levels.")
    if address.level + depth > dataset.grid.deepest:
        raise NoSuchTile(f"Level {dataset.grid.deepest} is the finest: this tile has no smaller ones there.")
    target = similarity.query_vector(dataset, query.checked())
    packed = inside(address, depth, dataset.grid)
    scores, indexed = scored(dataset, scene, address, packed, target)
    known = np.flatnonzero(np.isfinite(scores))
    order = known[np.lexsort((packed[known], -scores[known]))]
    found = [Child(int(packed[i]), float(scores[i]), bool(indexed[i])) for i in order]
    pixels = dataset.grid.span(address.level + depth) / scene.resolution if scene.resolution else None
    return Children(address.level + depth, found, len(packed) - len(found), pixels, elapsed(start))


def heat(dataset: Dataset, key: int, query: Query) -> Heat:
    """Where in a tile its likeness to the query's examples is: from the finest indexed level two or three levels down.

    Where there is none, from overlapping windows of its pixels. Raises as `children` does.
    """
    start = time.perf_counter()
    address, scene = tile_of(dataset, key)
    target = similarity.query_vector(dataset, query.checked())
    for depth in range(MOST_DEPTH, FINE_DEPTH - 1, -1):
        packed = inside(address, depth, dataset.grid)
        known, rows = indexed_rows(dataset, scene, address.level + depth, packed)
        if len(packed) and known.all():
            values = rows @ target
            return Heat(values.reshape(2**depth, 2**depth), address.level + depth, 0.5**depth, elapsed(start))
    place = address.level, address.row, address.col, address.offset
    sight = Sight(scene.pk, scene.version, dataset.encoder_id, place, ACROSS, STEP, tuple(range(WINDOWS)), least=0.5)
    vectors, filled = embedded(sight)
    if not filled.any():
        raise NoSuchTile("There is too little data in that tile to look inside: choose another one.")
    scores = np.where(filled, vectors.astype(np.float32) @ target, np.nan)
    return Heat(spread_over(scores.reshape(sight.side, sight.side)), None, 1 / ACROSS, elapsed(start))


def elapsed(start: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - start) * 1000


def tile_of(dataset: Dataset, key: int) -> tuple[keys.TileAddress, Scene]:
    """Raises BadKey for another dataset's tile, NoSuchTile for one that does not exist."""
    address = keys.unpack(key)
    if address.dataset != dataset.number:
        raise BadKey(f"The tile {key} is not one of {dataset.name}.")
    if dataset.kind == Dataset.Kind.MAP:
        dataset.grid.check(address.level, address.row, address.col, address.offset)
    return address, similarity.scene_of(dataset, address)


def inside(address: keys.TileAddress, depth: int, pyramid: grid.Grid) -> np.ndarray:
    """(n,) keys of the tiles of a finer level inside one, row by row; none below the deepest level.

    Those inside a tile of the offset grid are tiles of the usual one.
    """
    level, most = address.level + depth, 2**depth
    if level > pyramid.deepest:
        return np.empty(0, np.int64)
    (top, left), (rows, cols) = corner(address, depth), (part.ravel() for part in np.mgrid[:most, :most])
    rows, cols = rows + top, cols + left
    exist = (rows < pyramid.rows(level)) & (cols < pyramid.columns(level))
    first = keys.TileAddress(address.dataset, address.product, address.day, level, 0, 0)
    return keys.pack_many(first, rows[exist], cols[exist])


def corner(address: keys.TileAddress, depth: int) -> tuple[int, int]:
    """Row and column of the tile so many levels finer in the top left corner of one."""
    shift = address.offset << depth >> 1
    return (address.row << depth) + shift, (address.col << depth) + shift


def indexed_rows(dataset: Dataset, scene: Scene, level: int, packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the tiles (n,) are indexed, (n,) bool, and the vectors of those, (m, dim) float32."""
    shard = Shard.objects.of(dataset).filter(scene=scene, level=level).exclude(folder="").first()
    columns = library.opened(shard) if shard else None
    if columns is None or not columns.count:
        return np.zeros(len(packed), bool), np.empty((0, dataset.encoder.dim), np.float32)
    rows = np.minimum(np.searchsorted(columns.keys, packed), columns.count - 1)
    known = np.asarray(columns.keys[rows] == packed)
    return known, columns.vectors[rows[known]].astype(np.float32)


def scored(
    dataset: Dataset, scene: Scene, address: keys.TileAddress, packed: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The likeness of each child (n,), NaN where there is no data, and whether it came from an index."""
    depth = keys.unpack(int(packed[0])).level - address.level
    indexed, vectors = indexed_rows(dataset, scene, address.level + depth, packed)
    scores = np.full(len(packed), np.nan, np.float32)
    scores[indexed] = vectors @ target
    missing = np.flatnonzero(~indexed)
    if len(missing):
        place = address.level, address.row, address.col, address.offset
        numbers = window_numbers(address, packed[missing], depth)
        sight = Sight(scene.pk, scene.version, dataset.encoder_id, place, 2**depth, 1, numbers, least=0)
        vectors, filled = embedded(sight)
        scores[missing[filled]] = vectors[filled].astype(np.float32) @ target
    return np.clip(scores, -1, 1), indexed


def window_numbers(address: keys.TileAddress, packed: np.ndarray, depth: int) -> tuple[int, ...]:
    """The children's places in the tile, counted row by row."""
    top, left = corner(address, depth)
    rows, cols = keys.part_of_many(packed, "row") - top, keys.part_of_many(packed, "col") - left
    return tuple((rows * 2**depth + cols).tolist())


@lru_cache(maxsize=KEPT)
def embedded(sight: Sight) -> tuple[np.ndarray, np.ndarray]:
    """The wanted windows' vectors, (n, dim) float16 of unit length, and which of them hold enough data, (n,) bool."""
    encoder = Encoder.objects.get(pk=sight.encoder)
    size = encoder.size
    with imagery.opened(Scene.objects.select_related("product__dataset").get(pk=sight.scene)) as reader:
        level, row, col, offset = sight.place
        pixels, valid = reader.sample(level, row, col, size * sight.across, offset)
    tiles, shares = windows(pixels, valid, size, sight.side, sight.step, sight.wanted)
    filled = (shares > 0) & (shares >= sight.least)
    vectors = np.zeros((len(tiles), encoder.dim), np.float16)
    if filled.any():
        vectors[filled] = encoders.loaded(encoder).encode_images(tiles[filled])
    return vectors, filled


def windows(
    pixels: np.ndarray, valid: np.ndarray, size: int, side: int, step: int, wanted: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) uint8 and (h, w) bool -> (n, size, size, 3), and the share of each that is data, (n,)."""
    corners = [(number // side * size // step, number % side * size // step) for number in wanted]
    cuts = [np.s_[top : top + size, left : left + size] for top, left in corners]
    return np.stack([pixels[cut] for cut in cuts]), np.array([valid[cut].mean() for cut in cuts])


def spread_over(scores: np.ndarray) -> np.ndarray:
    """(n, n) likenesses of windows, each STEP cells wide and one cell apart -> (CELLS, CELLS): means of those above."""
    sums, counts = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
    n = len(scores)
    for down in range(STEP):
        for right in range(STEP):
            known = np.isfinite(scores)
            sums[down : down + n, right : right + n] += np.where(known, scores, 0)
            counts[down : down + n, right : right + n] += known
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
