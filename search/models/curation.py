"""What people and jobs make of a dataset's tiles: collections, saved views, their own columns, selections, maps of
embeddings, evaluations of encoders."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from search.errors import Cancelled
from search.models.buildable import Buildable
from search.models.datasets import Dataset


def below(folder: str, pk: int) -> Path:
    return Path(settings.DATA_DIR) / folder / str(pk)


class Collection(models.Model):
    """A named set of tiles of one dataset: a tag. Its keys lie in a file, ascending; see search/collecting.py."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="collections")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=80, help_text="as filters write it")
    description = models.CharField(max_length=300, blank=True)
    version = models.CharField(
        max_length=16, blank=True, help_text="new with every change; the name of its file of keys"
    )
    count = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="collection_name_once")]

    def __str__(self) -> str:
        return f"{self.dataset.slug}/{self.name}"

    @property
    def folder(self) -> Path:
        return below("collections", self.pk)


class View(models.Model):
    """A filter that somebody saved under a name. filter: the JSON of search.filters.Filter."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    filter = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["dataset", "owner", "name"], name="view_name_once")]

    def __str__(self) -> str:
        return f"{self.dataset.slug}/{self.name}"


class Table(models.Model):
    """Columns that people brought, joined to the tiles by key or by a picture's name.

    columns: [{"name", "title", "kind": "number" or "text", "low", "high", "values": the most frequent texts}].
    The values lie in <folder>/columns.parquet: key, ascending, and one column each. Where two tables have a column of
    one name the later one's holds.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="tables")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=160, help_text="of the file that was brought")
    columns = models.JSONField(default=list, blank=True)
    rows = models.PositiveBigIntegerField(default=0, help_text="in the file")
    matched = models.PositiveBigIntegerField(default=0, help_text="of them that name a tile of the dataset")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.dataset.slug}/{self.name}"

    @property
    def folder(self) -> Path:
        return below("tables", self.pk)


class DatasetJob(Buildable):
    """Something that takes a while, made of a dataset's vectors for one person."""

    created_at = models.DateTimeField(default=timezone.now)
    stage = models.CharField(max_length=80, blank=True, help_text="what it is at, in words")
    report = models.JSONField(default=dict, blank=True, help_text="what came of it")

    class Meta:
        abstract = True

    def tell(self, stage: str, done: int, total: int) -> None:
        """As `report`, with what it is at. No further attempts are earned by it: each begins anew."""
        if not self._mine().update(stage=stage[:80], done=done, total=total, heartbeat_at=timezone.now()):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        self.stage, self.done, self.total = stage, done, total

    def beat(self) -> None:
        """Nothing new, still here. Raises Cancelled when it was stopped."""
        self.tell(self.stage, self.done, self.total)


class Selection(DatasetJob):
    """The tiles worth a human's time. recipe: what was asked, as search.selecting has it.

    collection: what was chosen, as a set; the order in which it was chosen lies in <folder>/order.npy, (n,) int64 keys.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="selections")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=80, help_text="of the collection that it makes")
    recipe = models.JSONField(default=dict, blank=True)
    collection = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.SET_NULL, related_name="selections"
    )

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Selection {self.pk} of {self.dataset.slug}"

    @property
    def folder(self) -> Path:
        return below("selections", self.pk)


class Layout(DatasetJob):
    """A map of embeddings: two numbers a tile, in the order of a frame (search/frames.py).

    frame: fingerprint of the frame that it was made of.  options: what its method was told.
    The numbers lie in <folder>/points.npy, (tiles, 2) float32 from -1 to 1.
    """

    class Method(models.TextChoices):
        PCA = "pca", "PCA"
        UMAP = "umap", "UMAP"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="layouts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    method = models.CharField(max_length=8, choices=Method)
    frame = models.CharField(max_length=32)
    options = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name, verbose_name_plural = "map of embeddings", "maps of embeddings"

    def __str__(self) -> str:
        return f"{self.get_method_display()} of {self.dataset.slug}"

    @property
    def folder(self) -> Path:
        return below("layouts", self.pk)


class Evaluation(DatasetJob):
    """How good embeddings are on labels at hand. recipe: which labels, which encoders, as search.evaluating has it."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="evaluations")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    recipe = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Evaluation {self.pk} on {self.dataset.slug}"

    @property
    def folder(self) -> Path:
        return below("evaluations", self.pk)
