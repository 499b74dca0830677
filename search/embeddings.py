"""Vectors that others made become shards without any encoder: each is laid into the tile that holds its middle.

The level is the one whose tiles are about as large as the footprints, unless it is given. Two vectors in one tile on
one day collide: the one nearer to the tile's middle stays. What is new is added to what earlier imports brought.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils.text import slugify

from ml.metrics import METRICS
from ml.shards import Shard as Columns
from ml.shards import ShardWriter
from search import building, keys
from search.digests import file_digest, version_of
from search.encoders import GIVEN
from search.errors import BadImagery
from search.grid import GEOGRAPHIC
from search.intake.options import Options
from search.intake.storing import product_of
from search.intake.vectors import VectorFile
from search.models import Dataset, Encoder, Product, Scene, Shard

MOST_DAYS = 60  # beyond it all vectors go into one undated scene: a shard a day would be thousands of tiny ones
BOUNDS = ("west", "south", "east", "north")
SIZE = 224  # pixels a side, of a model that is not here
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """vectors: now searchable of these files; the others were refused, or gave way to a nearer one in their tile."""

    dataset: Dataset
    scenes: list[Scene] = field(default_factory=list)
    level: int = 0
    vectors: int = 0
    collisions: int = 0
    without_direction: int = 0  # zero, NaN or of another length
    without_place: int = 0
    known_files: int = 0
    one_scene: bool = False  # though the files have more days


@dataclass(frozen=True)
class Laid:
    """The rows of all files that are kept: file number, row in it, tile, day and footprint; one entry each."""

    file: np.ndarray
    row: np.ndarray
    tile: np.ndarray  # (n, 2) row and column
    day: np.ndarray
    boxes: np.ndarray  # (n, 4)
    off: np.ndarray  # distance from the tile's middle, in tiles

    def __getitem__(self, chosen: np.ndarray) -> "Laid":
        return Laid(*(column[chosen] for column in vars(self).values()))

    def __len__(self) -> int:
        return len(self.row)


def bring_in(
    paths: Sequence[Path], options: Options, *, model: str = "", level: int | None = None,
    columns: dict[str, str] | None = None, on_progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Read, lay out and build; searchable when it returns. BadImagery when no vector can be used: then nothing stays.

    model: the name of what made the vectors; only vectors of one model compare.
    """
    digests = {path: file_digest(path) for path in paths}
    held = held_by(options)
    fresh = [path for path in paths if digests[path] not in held]
    files = [VectorFile(path, columns) for path in fresh]
    if not files:
        if not held:
            raise BadImagery("Nothing to import: name at least one Parquet file with vectors.")
        return Report(Dataset.objects.get(slug=options.slug), known_files=len(paths))
    dim = same_dim(files)
    report = Report(dataset=None, known_files=len(paths) - len(fresh))  # type: ignore[arg-type]
    laid = lay(files, options, level, report, on_progress)
    with transaction.atomic():
        report.dataset = dataset_of(options, encoder_of(model or "vectors", dim))
        product = product_of(report.dataset, options)
    for day in np.unique(laid.day).tolist():
        scene = build_day(product, day, laid[laid.day == day], files, report.level, [digests[path] for path in fresh])
        report.scenes.append(scene)
    product.source = {**product.source, "embeddings": sorted({*held, *(digests[path] for path in fresh)})}
    product.save(update_fields=["source"])
    return report


def held_by(options: Options) -> set[str]:
    product = Product.objects.filter(dataset__slug=options.slug, name=options.product).first()
    return set(product.source.get("embeddings", [])) if product else set()


def same_dim(files: Sequence[VectorFile]) -> int:
    odd = next((file for file in files if file.dim != files[0].dim), None)
    if odd:
        raise BadImagery(f"{odd.name} has vectors of {odd.dim} numbers, {files[0].name} of {files[0].dim}: "
                         "only vectors of one model compare. Import them as two datasets.")  # fmt: skip
    return files[0].dim


def encoder_of(model: str, dim: int) -> Encoder:
    """A row without a model: its vectors compare with each other, and with nothing else."""
    name = slugify(model)[:80] or "vectors"
    fingerprint = hashlib.sha256(f"given {name} {dim}".encode()).hexdigest()[:16]
    defaults = {"name": name, "folder": GIVEN, "dim": dim, "size": SIZE}
    return Encoder.objects.get_or_create(fingerprint=fingerprint, defaults=defaults)[0]


def dataset_of(options: Options, encoder: Encoder) -> Dataset:
    dataset = Dataset.objects.select_related("encoder").filter(slug=options.slug).first()
    if dataset is None:
        return Dataset.objects.create(
            number=Dataset.next_number(), slug=options.slug, name=options.name or options.slug, encoder=encoder,
            credit=options.credit, is_public=options.public, owner_id=options.owner_id, engine=options.engine,
        )  # fmt: skip
    if dataset.kind != Dataset.Kind.MAP or not dataset.grid.is_geographic:
        raise BadImagery(f"{dataset.name} cannot take vectors with places: make a dataset that is a map in EPSG:4326.")
    if dataset.encoder_id != encoder.pk:
        if Shard.objects.of(dataset).exists():
            raise BadImagery(f"{dataset.name} holds vectors of {dataset.encoder.name} ({dataset.encoder.dim} numbers), "
                             f"these are of {encoder.name} with {encoder.dim}. Choose another dataset.")  # fmt: skip
        dataset.encoder = encoder
        dataset.save(update_fields=["encoder"])
    return dataset


def lay(
    files: Sequence[VectorFile], options: Options, level: int | None, report: Report, on_progress: Progress | None
) -> Laid:
    """Find each vector's tile; those without direction or place are counted and left out."""
    read = [scanned(file, number, files, report, on_progress) for number, file in enumerate(files)]
    row, lon, lat, boxes, days = (np.concatenate([part[i] for part in read]) for i in range(5))
    number = np.repeat(np.arange(len(files)), [len(part[0]) for part in read])
    if not len(row):
        raise BadImagery(
            f"No vector of these files can be used: {report.without_direction:,} are zero, not finite or of another "
            f"length, {report.without_place:,} have no place on Earth."
        )
    report.level = level if level is not None else level_for(boxes)
    GEOGRAPHIC.check_level(report.level)
    if options.day:
        days = np.full(len(row), keys.day_of(options.day))
    elif len(np.unique(days)) > MOST_DAYS:
        days, report.one_scene = np.zeros(len(row), np.int64), True
    size = GEOGRAPHIC.span(report.level)
    down, right = (90 - lat) / size, ((lon + 180) % 360) / size
    rows = np.minimum(down.astype(np.int64), GEOGRAPHIC.rows(report.level) - 1)
    cols = np.minimum(right.astype(np.int64), GEOGRAPHIC.columns(report.level) - 1)
    off = np.hypot(down - rows - 0.5, right - cols - 0.5)
    return nearest(Laid(number, row, np.stack([rows, cols], axis=1), days, boxes, off), report)


def scanned(
    file: VectorFile, number: int, files: Sequence[VectorFile], report: Report, on_progress: Progress | None
) -> tuple[np.ndarray, ...]:
    """Of the usable rows of a file: row, lon, lat, box and day."""
    before, total, done = sum(f.rows for f in files[:number]), sum(f.rows for f in files), 0
    kept: list[tuple[np.ndarray, ...]] = []
    for vectors, places in zip(file.vectors(), file.places(), strict=True):
        pointed = np.isfinite(vectors).all(axis=1)
        wide = places.boxes[:, 2] - places.boxes[:, 0] > 180  # across the date line, or not a footprint
        lon = np.where(wide, np.nan, places.lon)
        placed = np.isfinite(lon) & (np.abs(places.lat) <= 90) & (np.abs(lon) <= 540)
        good = pointed & placed
        report.without_direction += int((~pointed).sum())
        report.without_place += int((pointed & ~placed).sum())
        rows = np.flatnonzero(good) + done
        kept.append((rows, lon[good], places.lat[good], places.boxes[good], places.days[good]))
        done += len(vectors)
        if on_progress:
            on_progress(before + done, 2 * total)
    return tuple(np.concatenate([part[i] for part in kept]) for i in range(5))


def level_for(boxes: np.ndarray) -> int:
    """The level whose tiles are nearest in height to the middle one of the footprints."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    if height <= 0:
        raise BadImagery("The places are points, which have no size: say how large a tile a vector stands for (level).")
    return int(np.clip(round(np.log2(GEOGRAPHIC.span0 / height)), 0, GEOGRAPHIC.deepest))


def nearest(laid: Laid, report: Report) -> Laid:
    """One vector a tile and day, in order of file and row."""
    order = np.lexsort((laid.row, laid.file, laid.off, laid.tile[:, 1], laid.tile[:, 0], laid.day))
    places = np.column_stack([laid.day, laid.tile])[order]
    chosen = np.ones(len(order), bool)
    chosen[1:] = (np.diff(places, axis=0) != 0).any(axis=1)
    report.vectors, report.collisions = int(chosen.sum()), int((~chosen).sum())
    kept = order[chosen]
    return laid[kept[np.lexsort((laid.row[kept], laid.file[kept]))]]


def build_day(
    product: Product, day: int, laid: Laid, files: Sequence[VectorFile], level: int, digests: Sequence[str]
) -> Scene:
    """Add vectors to the scene of a day and build its shard: what it had, then what is new, file by file."""
    scene, _ = Scene.objects.select_related("product__dataset").get_or_create(
        product=product, day=day, defaults={"version": ""}
    )
    shard, _ = Shard.objects.get_or_create(scene=scene, level=level, encoder=product.dataset.encoder)
    old = Columns.open(shard.path()) if shard.folder else None
    packed = keys.pack_many(scene.address(level, 0, 0), laid.tile[:, 0], laid.tile[:, 1])
    new = ~np.isin(packed, old.column("key")) if old else np.ones(len(packed), bool)
    laid, packed = laid[new], packed[new]
    scene.version = version_of([scene.version if old else "", *digests])
    describe(scene, laid, level)
    scene.save()
    shard = Shard.objects.select_related("scene__product__dataset", "encoder").get(pk=shard.pk)
    Shard.objects.filter(pk=shard.pk).retry()
    if shard.claim():
        try:
            fill(shard, old, packed, laid, files)
        except BaseException as error:
            shard.fail(error)
            raise
    return scene


def describe(scene: Scene, laid: Laid, level: int) -> None:
    """Where its vectors lie."""
    if not len(laid):
        return
    west, south = np.nanmin(laid.boxes[:, :2], axis=0).tolist()
    east, north = np.nanmax(laid.boxes[:, 2:], axis=0).tolist()
    known = scene.bounds or (west, south, east, north)
    scene.west, scene.south = min(known[0], west), min(known[1], south)
    scene.east, scene.north = max(known[2], east), max(known[3], north)
    scene.resolution = min(scene.resolution or np.inf, GEOGRAPHIC.resolution(level))


def fill(shard: Shard, old: Columns | None, packed: np.ndarray, laid: Laid, files: Sequence[VectorFile]) -> None:
    kept = old.column("key") if old else np.empty(0, np.int64)
    before = np.column_stack([old.column(side) for side in BOUNDS]) if old else np.empty((0, 4))
    with ShardWriter(
        building.home(shard) / building.BUILDING, keys=np.concatenate([kept, packed]),
        bounds=np.concatenate([before, laid.boxes]), dim=shard.encoder.dim,
        fingerprint=f"{shard.encoder.fingerprint}-{shard.scene.version}", columns=[metric.name for metric in METRICS],
    ) as writer:  # fmt: skip
        if old and writer.done < len(kept):
            append(shard, writer, np.asarray(old.vectors, np.float32)[writer.done :])
        for number, file in enumerate(files):
            first = len(kept) + int(np.searchsorted(laid.file, number))
            mine = laid.row[laid.file == number]
            passed = 0
            for vectors in file.vectors():
                rows = mine[(mine >= passed) & (mine < passed + len(vectors))]
                passed += len(vectors)
                skipped = max(0, min(len(rows), writer.done - first))  # on disk already, from before a kill
                first += len(rows)
                if len(rows) > skipped:
                    append(shard, writer, vectors[rows[skipped:] - (passed - len(vectors))])
        building.publish(shard, writer)


def append(shard: Shard, writer: ShardWriter, vectors: np.ndarray) -> None:
    """Nothing was measured: there are no pixels."""
    metrics = {metric.name: np.full(len(vectors), np.nan, np.float32) for metric in METRICS}
    writer.append(vectors, metrics | {"nodata_share": np.zeros(len(vectors), np.float32)})
    shard.report(writer.done, writer.total)
