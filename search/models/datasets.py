"""What imagery there is: datasets, their products, and scenes (one product on one date)."""

import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Max, Q

from search import grid, keys
from search.errors import BadImagery, NoSuchDataset


class DatasetQuerySet(models.QuerySet):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Staff see all; others their own and, where the site allows it, the public ones."""
        if user.is_authenticated and user.is_staff:
            return self
        public = Q(is_public=True) if settings.PUBLIC_SEARCH or user.is_authenticated else Q(pk__in=[])
        own = Q(owner=user) | Q(pk__in=user.datasets.values("pk")) if user.is_authenticated else Q(pk__in=[])
        return self.filter(public | own)


FULL = 0.999  # of a tile: reprojection may leave a pixel or two at a rim without data


class Engine(models.TextChoices):
    """Of the search indexes (ml.index.ENGINES); docs/engines.md says which to take."""

    ANNOY = "annoy", "Annoy"
    FAISS = "faiss", "faiss"


class Dataset(models.Model):
    class Kind(models.TextChoices):
        MAP = "map", "map (georeferenced)"
        GALLERY = "gallery", "gallery (plain images)"

    class Edges(models.TextChoices):
        """Of tiles that the imagery does not fill."""

        INCLUDE = "include", "index them too, with the share that is data"
        COMPLETE = "complete", "index only tiles that are full of data"

    number = models.PositiveSmallIntegerField(
        unique=True,
        editable=False,
        validators=[MinValueValidator(1), MaxValueValidator(keys.LIMITS["dataset"] - 1)],
        help_text="its place in the tile key; never given away twice",
    )
    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MAP)
    credit = models.CharField(max_length=300, blank=True, help_text="shown on the map wherever its imagery is")
    is_public = models.BooleanField(default=False, help_text="anyone who reaches the site may search it")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    encoder = models.ForeignKey("search.Encoder", on_delete=models.PROTECT)
    next_encoder = models.ForeignKey(
        "search.Encoder", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="coming",
        help_text="while shards are built with another one: the encoder that takes over once they are complete",
    )  # fmt: skip
    keeps_replaced = models.BooleanField(
        default=False, editable=False, help_text="shards of encoders that were replaced stay on disk"
    )
    encoder_changed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="when a change of encoder ended, in one way or the other"
    )  # fmt: skip
    engine = models.CharField(
        max_length=8, choices=Engine, default=Engine.ANNOY, help_text="of the search indexes that are built from now on"
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="datasets", help_text="may see it and import into it"
    )
    tms = models.CharField(
        max_length=24, choices=grid.CHOICES, default=grid.GEOGRAPHIC.id, help_text="the tile pyramid: its projection"
    )
    offset_grid = models.BooleanField(
        default=False, help_text="index tiles moved by half a tile too, for what lies on a border"
    )
    edges = models.CharField(max_length=8, choices=Edges, default=Edges.INCLUDE)
    min_valid = models.FloatField(
        default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="share of a tile that must be data for it to be indexed",
    )  # fmt: skip
    levels_wanted = models.JSONField(default=list, blank=True, help_text="levels to index; none: by resolution")
    created_at = models.DateTimeField(auto_now_add=True)
    products_given = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="the highest number a product of it ever had"
    )

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def grid(self) -> grid.Grid:
        return grid.GRIDS[self.tms]

    @property
    def least_valid(self) -> float:
        """Share of a tile that must be data for it to be indexed."""
        return max(self.min_valid, FULL if self.edges == self.Edges.COMPLETE else 0.0)

    @property
    def tiling(self) -> str:
        """What besides imagery and encoder decides which tiles a shard has; empty for the usual."""
        usual = not self.offset_grid and not self.least_valid
        return "" if usual else f"-{'offset' if self.offset_grid else ''}{self.least_valid:g}"

    def may_manage(self, user: User | AnonymousUser) -> bool:
        """Change its settings, delete it, choose its members."""
        return bool(user.is_authenticated and (user.is_staff or user.pk == self.owner_id))

    def may_import(self, user: User | AnonymousUser) -> bool:
        """Bring imagery in, stop and repeat imports."""
        return self.may_manage(user) or bool(user.is_authenticated and self.members.filter(pk=user.pk).exists())

    @classmethod
    def visible(cls, user: User | AnonymousUser, slug: str) -> "Dataset":
        """The dataset, when this person may see it; NoSuchDataset otherwise, whether it exists or not."""
        dataset = cls.objects.visible_to(user).select_related("encoder").filter(slug=slug).first()
        if dataset is None:
            raise NoSuchDataset(f"There is no dataset {slug!r} that you may see. Sign in, or check the name.")
        return dataset

    @classmethod
    def next_number(cls) -> int:
        """One more than the highest ever given: the keys of deleted datasets must not come alive again."""
        last = GivenNumber.objects.aggregate(last=Max("number"))["last"] or 0
        if last + 1 >= keys.LIMITS["dataset"]:
            raise BadImagery(f"This site has had {last} datasets, the most that tile keys can tell apart.")
        return GivenNumber.objects.create(number=last + 1).number

    def next_product_number(self) -> int:
        """As `next_number`, within the dataset."""
        if self.products_given + 1 >= keys.LIMITS["product"]:
            raise BadImagery(f"{self} has had {self.products_given} products, the most a dataset can tell apart.")
        self.products_given += 1
        self.save(update_fields=["products_given"])
        return self.products_given

    def levels(self) -> list[int]:
        """Levels that are, or are to be, searchable."""
        from search.models.shards import Shard

        found = Shard.objects.filter(scene__product__dataset=self, encoder_id=self.encoder_id)
        return sorted(set(found.values_list("level", flat=True)))


class GivenNumber(models.Model):
    """Every number that a dataset ever had; rows are never deleted."""

    number = models.PositiveSmallIntegerField(unique=True)

    def __str__(self) -> str:
        return str(self.number)


class Product(models.Model):
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="products")
    number = models.PositiveSmallIntegerField(
        editable=False, validators=[MinValueValidator(1), MaxValueValidator(keys.LIMITS["product"] - 1)]
    )
    name = models.SlugField(max_length=80, help_text="as addresses write it")
    title = models.CharField(max_length=160, blank=True)
    credit = models.CharField(max_length=300, blank=True)
    source = models.JSONField(
        default=dict, blank=True, help_text='where its imagery comes from: {"gibs": …}, {"composite": …} or nothing'
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="product_number_once"),
            models.UniqueConstraint(fields=["dataset", "name"], name="product_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.slug}/{self.name}"


class Scene(models.Model):
    """One product on one date. Its box is in the units of the dataset's grid: degrees, but for other projections.

    GeoTIFFs are in `files`; a gallery's pictures and downloaded tiles are listed in Parquet files.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="scenes")
    day = models.PositiveIntegerField(default=0, help_text="days since 1900-01-01 plus 1; 0 is undated")
    version = models.CharField(max_length=16, help_text="digest of its files; part of every image's address")
    west = models.FloatField(null=True, blank=True)
    south = models.FloatField(null=True, blank=True)
    east = models.FloatField(null=True, blank=True)
    north = models.FloatField(null=True, blank=True)
    resolution = models.FloatField(null=True, blank=True, help_text="finest pixel, in units of the dataset's grid")
    images = models.PositiveIntegerField(default=0, help_text="how many images, or downloaded tiles")
    folder = models.CharField(max_length=500, blank=True, help_text="of downloaded tiles, below the data folder")
    stretch = models.JSONField(default=dict, blank=True, help_text="bands shown and the values drawn black and white")
    imported_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["product", "day"]
        constraints = [models.UniqueConstraint(fields=["product", "day"], name="scene_day_once")]

    def __str__(self) -> str:
        return f"{self.product} {self.written_day}"

    @property
    def date(self) -> datetime.date | None:
        return keys.date_of(self.day)

    @property
    def written_day(self) -> str:
        return keys.written(self.day)

    @property
    def bounds(self) -> grid.Bounds | None:
        if self.west is None or self.south is None or self.east is None or self.north is None:
            return None
        return self.west, self.south, self.east, self.north

    def address(self, level: int, row: int, col: int, offset: int = 0) -> keys.TileAddress:
        return keys.TileAddress(self.product.dataset.number, self.product.number, self.day, level, row, col, offset)

    def map_level(self) -> int:
        """The deepest level that still shows new detail: beyond it the map stretches what it has."""
        level, pyramid = 0, self.product.dataset.grid
        while self.resolution and level < pyramid.deepest and pyramid.resolution(level) > self.resolution * 1.01:
            level += 1
        return level


class SceneFile(models.Model):
    """One raster of a scene, read in place."""

    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["scene", "path"], name="file_once")]

    def __str__(self) -> str:
        return self.path
