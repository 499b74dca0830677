"""Search: choose shards, ask each index, merge, thin out, hydrate.

The query vector is Rocchio's (J. J. Rocchio, "Relevance feedback in information retrieval", 1971) on unit vectors:

    q = unit( mean(positives) - GAMMA * mean(negatives) )

where the positives are the embeddings of the tiles, the pictures and the text, all of unit length. With one positive
and no negative q is that embedding, and the score of a tile is its cosine likeness to it, from -1 to 1.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ml.errors import NoTextTower
from ml.metrics import METRICS
from ml.shards import Shard as Columns
from search import encoders, filters, grid, imagery, keys, library, thinning
from search.asking import Candidates, merged
from search.errors import BadKey, BadQuery, NoData, NoSuchTile, NotIndexed
from search.filters import Compiled, Filter, Person
from search.models import Dataset, QueryPicture, Scene, Shard
from search.query import Query

METRIC_NAMES = [metric.name for metric in METRICS]
ATTEMPTS = 3  # when files change under a search
GAMMA = 0.5  # weight of the negatives; Rocchio's usual range is 0.15 to 0.75


@dataclass(frozen=True)
class Hit:
    """also: the same place at other levels, the best of each (Query.merge_places)."""

    key: int
    score: float
    also: tuple["Hit", ...] = ()


@dataclass
class Answer:
    hits: list[Hit]
    shards: int = 0
    tiles: int = 0
    skipped: list[dict[str, object]] = field(default_factory=list)  # product, date, level, status
    took_ms: float = 0.0
    recall: float | None = None  # of the indexes asked, measured when they were built; shards that were scanned count 1
    engines: tuple[str, ...] = ()
    exact: bool = False
    scenes: tuple[Scene, ...] = ()  # of the shards that were asked, so that nobody needs to look them up again


def search(dataset: Dataset, query: Query, user: Person = None) -> Answer:
    """The k tiles of the dataset most like what the query shows.

    user: whose search it is, for the labels and scores of campaigns; None for the site itself, which sees all.
    Raises BadQuery, NotIndexed, NoSuchTile, NoTextTower; see search/errors.py and ml/errors.py.
    """
    start = time.perf_counter()
    query = query.checked()
    rows = filters.compiled(dataset, query, user)
    if dataset.kind == Dataset.Kind.GALLERY:
        query = replace(query, spread=False, merge_places=False)  # pictures have no neighbours
    for _ in range(ATTEMPTS):
        shards, skipped = chosen_shards(dataset, query)
        target = query_vector(dataset, query, shards)
        opened = list(zip(shards, library.opened_all(shards), strict=True))
        asked = [columns for _, columns in opened if columns is not None]
        if shards and not asked:
            raise NotIndexed(
                "Every shard this search needs was damaged; they are being rebuilt. Try again in a minute."
            )
        hits = best_hits(asked, target, query, rows) if asked else []
        if all(columns.untouched() for columns in asked):
            skipped += [skip(shard, "damaged") for shard, columns in opened if columns is None]
            return replace(answer(hits, asked, skipped, query, start), scenes=tuple(scenes_of(dataset, shards)))
    raise NotIndexed("The index is being changed just now. Try again in a minute.")


def scenes_of(dataset: Dataset, shards: Sequence[Shard]) -> Iterator[Scene]:
    for shard in shards:
        shard.scene.product.dataset = dataset
        yield shard.scene


def answer(
    hits: list[Hit], asked: list[Columns], skipped: list[dict[str, object]], query: Query, start: float
) -> Answer:
    tiles = sum(columns.count for columns in asked)
    found = sum(columns.recall * columns.count for columns in asked)
    return Answer(
        hits, len(asked), tiles, skipped, (time.perf_counter() - start) * 1000,
        recall=1.0 if query.exact else found / tiles if tiles else None,
        engines=("scan",) if query.exact else tuple(sorted({columns.engine for columns in asked})), exact=query.exact,
    )  # fmt: skip


def chosen_shards(dataset: Dataset, asked: Filter) -> tuple[list[Shard], list[dict[str, object]]]:
    """The finished shards that product, dates, levels and area allow, and those that would be but are not finished."""
    shards = list(filters.matching(dataset, asked))
    ready = [shard for shard in shards if shard.folder]
    if not shards and not Shard.objects.of(dataset).exists():
        raise NotIndexed(f"{dataset.name} is not indexed yet: run `manage.py embed {dataset.slug}`.")
    if not shards:
        raise BadQuery("No imagery matches the filters: choose other products, dates or levels.")
    if not ready:
        raise NotIndexed("The imagery of this search is still being indexed. Try again in a minute.")
    return filters.reaching(ready, asked, dataset.grid), [
        skip(shard, shard.status) for shard in shards if not shard.folder
    ]


def skip(shard: Shard, status: str) -> dict[str, object]:
    scene = shard.scene
    return {"product": scene.product.name, "date": scene.written_day, "level": shard.level, "status": status}


def query_vector(dataset: Dataset, query: Query, shards: Sequence[Shard] = ()) -> np.ndarray:
    """q of the formula above, (dim,) float32.  shards: finished ones at hand, where its tiles may be."""
    positives = [tile_vector(dataset, key, shards) for key in query.positives]
    positives += [picture_vector(dataset, token) for token in query.pictures]
    if query.text:
        positives.append(text_vector(dataset, query.text))
    negatives = [tile_vector(dataset, key, shards) for key in query.negatives]
    vector = np.mean(positives, axis=0) - (GAMMA * np.mean(negatives, axis=0) if negatives else 0)
    length = float(np.linalg.norm(vector))
    if length < 1e-6:
        raise BadQuery("The examples cancel each other out: remove some of the negatives.")
    return np.asarray(vector / length, np.float32)


def tile_vector(dataset: Dataset, key: int, shards: Sequence[Shard] = ()) -> np.ndarray:
    """A tile's embedding: from its shard, else (not indexed yet) from its pixels."""
    address = keys.unpack(key)
    if address.dataset != dataset.number:
        raise BadKey(f"The tile {key} is not one of {dataset.name}.")
    for _ in range(ATTEMPTS):
        indexed = library.find(dataset, key, shards)
        if indexed is None:
            break
        columns, row = indexed
        vector = columns.vector(row)
        if columns.untouched():
            return vector
    size = dataset.encoder.size
    with imagery.opened(scene_of(dataset, address)) as reader:
        pixels, valid = reader.sample(address.level, address.row, address.col, size, address.offset)
    if not valid.any():
        raise NoData("There is no data in that tile: choose another one.")
    return encoders.encode_one(dataset.encoder, pixels)


def scene_of(dataset: Dataset, address: keys.TileAddress) -> Scene:
    found = Scene.objects.select_related("product__dataset").filter(
        product__dataset=dataset, product__number=address.product, day=address.day
    )
    scene = found.first()
    if scene is None:
        raise NoSuchTile(f"{dataset.name} has no imagery of {keys.written(address.day)} for that tile.")
    return scene


def picture_vector(dataset: Dataset, token: str) -> np.ndarray:
    picture = QueryPicture.objects.filter(token=token, encoder=dataset.encoder_id).first()
    if picture is None:
        raise NoSuchTile("That picture is no longer kept here: drop it on the page again.")
    return np.frombuffer(picture.vector, "<f4")


def text_vector(dataset: Dataset, text: str) -> np.ndarray:
    if dataset.encoder.folder in encoders.MODELLESS:
        encoders.loaded(dataset.encoder)  # says why not
    if not dataset.encoder.has_text:
        raise NoTextTower(
            f"{dataset.name} was embedded with {dataset.encoder.name}, which understands pictures only. "
            "Search by tile or picture, or import it with an open_clip encoder."
        )
    vector: np.ndarray = encoders.loaded(dataset.encoder).encode_text([text])[0]
    return vector


def best_hits(shards: Sequence[Columns], target: np.ndarray, query: Query, rows: Compiled) -> list[Hit]:
    """Ask the shards for more and more until k survive the thinning or there is no more. rows: what may be a result."""
    pyramid = rows.dataset.grid
    masks: dict[Path, np.ndarray | None] = {}

    def allowed(columns: Columns) -> np.ndarray | None:
        if columns.folder not in masks:
            masks[columns.folder] = rows.mask(columns)
        return masks[columns.folder]

    own = np.array(query.positives + query.negatives if query.exclude_query else (), np.int64)
    want = query.k + len(own)
    while True:
        found = merged(shards, allowed, target, want, exact=query.exact)
        kept, nested = thinned(found, query, own, pyramid)
        below = len(found.scores) > 0 and found.scores[-1] < query.min_score
        if len(kept) >= query.k or found.complete or below:
            return [hit(found, row, nested) for row in kept[: query.k].tolist()]
        want *= 4


def hit(found: Candidates, row: int, nested: dict[int, list[int]]) -> Hit:
    """One result; of what was merged into it the best of each level."""
    also: dict[int, Hit] = {}
    for other in nested.get(row, []):
        key = int(found.keys[other])
        also.setdefault(keys.unpack(key).level, Hit(key, float(found.scores[other])))
    return Hit(int(found.keys[row]), float(found.scores[row]), tuple(also.values()))


def thinned(
    found: Candidates, query: Query, own: np.ndarray, pyramid: grid.Grid
) -> tuple[np.ndarray, dict[int, list[int]]]:
    """Positions of the candidates that may be shown, best first, and of those that were merged into each."""
    rows = np.flatnonzero(~np.isin(found.keys, own) & (found.scores >= query.min_score))
    taken = own[np.isin(own, np.array(query.positives, np.int64))]
    nested: dict[int, list[int]] = {}
    if query.merge_places:
        rows, nested = thinning.merged_places(found.keys, rows, taken)
    if query.spread:
        most = len(rows) if query.exclude_duplicates else query.k
        rows = thinning.spread_out(found.keys, rows, most, taken, pyramid)
    if query.exclude_duplicates:
        rows = thinning.unrepeated(found.vectors, rows, query.k)
    return rows, nested
