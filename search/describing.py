"""Datasets and tiles as the API, the map page, the commands and the downloads say them."""

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote

from django.db.models import Count, Q

from search import grid, keys, progress
from search.columns import columns_of
from search.errors import NoSuchTile
from search.imagery.gallery import GalleryReader
from search.models import Dataset, Product, Scene, Shard
from search.similarity import Hit

THUMBNAIL = 256  # pixels


class Describer:
    """Turns keys of one dataset into tiles; scenes and file lists are looked up once.

    scenes: those at hand, with their products and the dataset.
    """

    def __init__(self, dataset: Dataset, scenes: Iterable[Scene] = ()) -> None:
        self.dataset = dataset
        self._scenes = {(scene.product.number, scene.day): scene for scene in scenes}
        self._galleries: dict[int, GalleryReader] = {}

    def look_up(self, addresses: Iterable[keys.TileAddress]) -> None:
        """Fetch the scenes of many tiles at once, and no others: an archive of 20 years has thousands."""
        wanted = {(address.product, address.day) for address in addresses} - self._scenes.keys()
        if not wanted:
            return
        products, days = {product for product, _ in wanted}, {day for _, day in wanted}
        mine = Scene.objects.filter(product__dataset=self.dataset, product__number__in=products, day__in=days)
        for scene in mine.select_related("product__dataset"):
            self._scenes[scene.product.number, scene.day] = scene

    def scene(self, address: keys.TileAddress) -> Scene | None:
        """Of a tile that has been looked up; None when there is none."""
        return self._scenes.get((address.product, address.day))

    def tile(self, key: int) -> dict[str, object]:
        """The tile behind a key; NoSuchTile when the dataset has no such scene, place or picture."""
        address = keys.unpack(key)
        if (address.product, address.day) not in self._scenes:
            self.look_up([address])
        scene = self._scenes.get((address.product, address.day))
        if scene is None or address.dataset != self.dataset.number:
            raise NoSuchTile(f"{self.dataset.name} has no tile {key}.")
        if self.dataset.kind == Dataset.Kind.GALLERY:
            known = self._listed(scene, address)
            return {**self._common(key, address, scene), "bbox": None, "center": None, **known}
        return {**self._common(key, address, scene), **self._place(address), "name": None, "label": None}

    def _place(self, address: keys.TileAddress) -> dict[str, list[float]]:
        """bbox: west, south, east, north in degrees, west > east across the date line (RFC 7946, 5.2)."""
        pyramid = self.dataset.grid
        box = pyramid.bounds(address.level, address.row, address.col, address.offset)
        west, south, east, north = pyramid.to_geographic(box)
        center = pyramid.to_lonlat((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        wrapped = east - 360 if not pyramid.is_geographic and east > 180 else east
        return {"bbox": [west, south, wrapped, north], "center": list(center)}

    def _common(self, key: int, address: keys.TileAddress, scene: Scene) -> dict[str, object]:
        image = image_address(scene, address.level, address.row, address.col)
        half = "&offset=1" if address.offset else ""
        return {
            "key": str(key),
            "dataset": self.dataset.slug,
            "product": scene.product.name,
            "date": scene.written_day,
            "level": address.level,
            "row": address.row,
            "col": address.col,
            "offset": address.offset,
            "thumbnail": f"{image}?size={THUMBNAIL}&v={scene.version}{half}",
            "image": f"{image}?v={scene.version}{half}",
        }

    def _listed(self, scene: Scene, address: keys.TileAddress) -> dict[str, str | None]:
        """A picture's file name, and the class that it was imported with."""
        reader = self._galleries.setdefault(scene.pk, GalleryReader(scene))
        at = reader.index(address.level, address.row, address.col)
        return {column: reader.table[column][at].as_py() for column in ("name", "label")}

    def results(self, hits: Iterable[Hit]) -> list[dict[str, object]]:
        hits = list(hits)
        self.look_up(keys.unpack(hit.key) for hit in hits)  # what was merged into a hit is of the same scene
        return [self._result(hit) for hit in hits]

    def _result(self, hit: Hit) -> dict[str, object]:
        said: dict[str, object] = {"tile": self.tile(hit.key), "score": round(hit.score, 4)}
        return {**said, "also": [self._result(other) for other in hit.also]} if hit.also else said


def image_address(scene: Scene, level: int, row: int, col: int) -> str:
    product = scene.product
    return f"/tiles/{product.dataset.slug}/{quote(product.name)}/{scene.written_day}/{level}/{row}/{col}.webp"


def describe_dataset(dataset: Dataset, *, brief: bool = False) -> dict[str, object]:
    """All that one needs to know before the first search.

    brief: as the map page takes it, without each date's levels: an archive of 20 years has thousands of dates.
    """
    scenes = list(Scene.objects.filter(product__dataset=dataset).select_related("product__dataset"))
    shards = None if brief else shards_by_scene(dataset)
    encoder, known = dataset.encoder, columns_of(dataset)
    return {
        "slug": dataset.slug,
        "name": dataset.name,
        "description": dataset.description,
        "kind": dataset.kind,
        "credit": dataset.credit,
        "extent": extent(scenes, dataset.grid),
        "grid": {**dataset.grid.describe(), "key_bits": {part: keys.SHIFTS[part] for part in ("level", "row", "col")}},
        "products": [describe_product(product, scenes, shards) for product in dataset.products.all()],
        "levels": describe_levels(dataset),
        "encoder": {"name": encoder.name, "dim": encoder.dim, "text": encoder.has_text},
        "metrics": [column.as_json() for column in known if column.kind != "text"],
        "columns": [column.as_json() for column in known],
        "shards": progress.totals(dataset),
    }


def shards_by_scene(dataset: Dataset) -> dict[int, list[Shard]]:
    held = defaultdict(list)
    for shard in Shard.objects.of(dataset):
        held[shard.scene_id].append(shard)
    return held


def describe_levels(dataset: Dataset) -> list[dict[str, object]]:
    """Every level that is, or is to be, searchable."""
    rows, pyramid = Shard.objects.of(dataset).order_by("level").values("level"), dataset.grid
    return [
        {
            "level": level,
            "degrees": pyramid.degrees(level),
            "kilometres": pyramid.kilometres(level),
            "searchable": ready > 0,
        }
        for level, ready in rows.annotate(ready=Count("pk", filter=~Q(folder=""))).values_list("level", "ready")
    ]


def describe_product(product: Product, scenes: list[Scene], shards: dict[int, list[Shard]] | None) -> dict[str, object]:
    mine = [scene for scene in scenes if scene.product_id == product.pk]
    return {
        "name": product.name,
        "title": product.title,
        "credit": product.credit,
        "map_level": max((scene.map_level() for scene in mine), default=0),
        "dates": [describe_date(scene, None if shards is None else shards[scene.pk]) for scene in mine],
    }


def describe_date(scene: Scene, shards: list[Shard] | None) -> dict[str, object]:
    """key: what the keys of its tiles have in common; shift level, row and column into it by the grid's `key_bits`."""
    said: dict[str, object] = {
        "date": scene.written_day,
        "version": scene.version,
        "key": str(scene.address(0, 0, 0).pack()),
    }
    if shards is None:
        return said
    return {**said, "images": scene.images, "levels": [describe_shard(shard) for shard in shards]}


def describe_shard(shard: Shard) -> dict[str, object]:
    return {
        "level": shard.level, "status": shard.status, "searchable": bool(shard.folder),
        "tiles": shard.total, "done": shard.done, "recall": shard.recall,
    }  # fmt: skip


def extent(scenes: list[Scene], pyramid: grid.Grid) -> list[float] | None:
    """West, south, east, north in degrees of all imagery together; east is beyond 180 across the date line."""
    boxes = [scene.bounds for scene in scenes if scene.bounds]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return list(pyramid.to_geographic((min(west), min(south), max(east), max(north))))
