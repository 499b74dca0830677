"""The back office: every model, with the columns and filters one looks for, and what can be done to a shard."""

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest

from search import collecting, deleting, imports, joblog, tables, tasks, training
from search.models import (
    Animation,
    Collection,
    Dataset,
    Encoder,
    Evaluation,
    Import,
    Layout,
    Product,
    QueryPicture,
    Scene,
    SceneFile,
    Selection,
    Shard,
    Status,
    Table,
    Training,
    View,
)  # fmt: skip
from search.models.curation import DatasetJob
from search.models.datasets import GivenNumber

admin.site.site_header = admin.site.site_title = "Lookalike"
admin.site.index_title = "Back office"


class ProductInline(admin.TabularInline):
    model = Product
    fields = ["number", "name", "title", "credit"]
    readonly_fields = ["number", "name"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Dataset | None = None) -> bool:
        return False  # an import makes products


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "kind", "encoder", "engine", "owner", "is_public", "tiles", "created_at"]
    list_filter = ["kind", "is_public", "tms", "encoder", "owner"]
    list_select_related = ["encoder", "owner"]
    search_fields = ["name", "slug", "description", "owner__username"]
    readonly_fields = ["number", "kind", "encoder", "tms", "offset_grid", "edges", "min_valid", "created_at"]
    filter_horizontal = ["members"]
    inlines = [ProductInline]
    actions = ["make_public", "make_private"]

    @admin.action(description="Let everyone search it")
    def make_public(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        count = Dataset.objects.filter(pk__in=queryset.values("pk")).update(is_public=True)
        self.message_user(request, f"{count} datasets can be searched by everyone.")

    @admin.action(description="Only owner and members may see it")
    def make_private(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        count = Dataset.objects.filter(pk__in=queryset.values("pk")).update(is_public=False)
        self.message_user(request, f"{count} datasets are seen by their owners and members only.")

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        deleting.delete(obj)  # with its files

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        for dataset in Dataset.objects.filter(pk__in=queryset.values("pk")):
            deleting.delete(dataset)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        return super().get_queryset(request).annotate(tiles=Sum("products__scenes__shards__tiles"))

    @admin.display(ordering="tiles", description="tiles searchable")
    def tiles(self, dataset: Dataset) -> int:
        return dataset.tiles or 0  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people make them at /datasets/new/


class SceneFileInline(admin.TabularInline):
    model = SceneFile
    fields = ["path", "size", "west", "south", "east", "north"]
    readonly_fields = ["path", "size", "west", "south", "east", "north"]
    extra = 0
    can_delete = False


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "title", "dataset", "number", "scenes"]
    list_filter = ["dataset"]
    search_fields = ["name", "title"]
    readonly_fields = ["dataset", "number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).annotate(n_scenes=Count("scenes"))

    @admin.display(ordering="n_scenes")
    def scenes(self, product: Product) -> int:
        return product.n_scenes  # type: ignore[attr-defined]


@admin.register(Scene)
class SceneAdmin(admin.ModelAdmin):
    list_display = ["product", "written_day", "resolution", "images", "version", "imported_at"]
    list_filter = ["product__dataset", "product"]
    readonly_fields = ["product", "day", "version", "west", "south", "east", "north", "resolution", "images"]
    inlines = [SceneFileInline]


@admin.register(SceneFile)
class SceneFileAdmin(admin.ModelAdmin):
    list_display = ["path", "scene", "size", "west", "south", "east", "north"]
    list_filter = ["scene__product__dataset"]
    list_select_related = ["scene__product__dataset"]
    search_fields = ["path", "digest"]
    readonly_fields = ["scene", "path", "size", "digest", "west", "south", "east", "north"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an import makes them


@admin.register(Encoder)
class EncoderAdmin(admin.ModelAdmin):
    list_display = ["name", "fingerprint", "dim", "size", "has_text", "licence", "created_at"]
    list_filter = ["has_text"]
    search_fields = ["name", "fingerprint"]
    readonly_fields = [field.name for field in Encoder._meta.fields]


@admin.register(Shard)
class ShardAdmin(admin.ModelAdmin):
    list_display = ["scene", "level", "encoder", "status", "progress", "tiles", "engine", "recall", "finished_at"]
    list_filter = ["status", "level", "encoder", "scene__product__dataset", "scene__product"]
    list_select_related = ["scene__product__dataset", "encoder"]
    search_fields = ["folder", "error"]
    readonly_fields = [field.name for field in Shard._meta.fields]
    actions = ["build_again", "cancel"]

    @admin.display(description="built")
    def progress(self, shard: Shard) -> str:
        return f"{100 * shard.done // shard.total} %" if shard.total else ""

    @admin.action(description="Build again (the old columns answer until the new are finished)")
    def build_again(self, request: HttpRequest, queryset: QuerySet[Shard]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        count = Shard.objects.filter(pk__in=chosen).retry()
        for shard_id in chosen:
            tasks.enqueue(shard_id)
        self.message_user(request, f"{count} shards are queued; those being built now were left alone.")

    @admin.action(description="Cancel building")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Shard]) -> None:
        count = Shard.objects.filter(pk__in=queryset.values("pk")).cancel()
        self.message_user(request, f"{count} shards were cancelled.")


@admin.register(Training)
class TrainingAdmin(admin.ModelAdmin):
    list_display = ["pk", "name", "dataset", "owner", "status", "phase", "progress", "error", "finished_at"]
    list_filter = ["status", "dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["name", "error", "dataset__slug", "owner__username"]
    date_hierarchy = "created_at"
    readonly_fields = [field.name for field in Training._meta.fields]
    actions = ["resume", "stop"]

    @admin.display(description="done")
    def progress(self, job: Training) -> str:
        return f"{job.done:,} of {job.total:,}" if job.total else ""

    @admin.action(description="Go on with what failed or was stopped")
    def resume(self, request: HttpRequest, queryset: QuerySet[Training]) -> None:
        for job in queryset.exclude(status=Status.READY).select_related("dataset"):
            training.resume(job)

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, queryset: QuerySet[Training]) -> None:
        for job in queryset.select_related("dataset"):
            training.stop(job)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a dataset's page begins them


@admin.register(Import)
class ImportAdmin(admin.ModelAdmin):
    list_display = ["pk", "dataset", "kind", "owner", "status", "progress", "error", "created_at", "finished_at"]
    list_filter = ["status", "kind", "dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["error", "dataset__slug", "owner__username"]
    date_hierarchy = "created_at"
    readonly_fields = [field.name for field in Import._meta.fields] + ["log"]
    actions = ["resume", "stop"]

    @admin.display(description="done")
    def progress(self, job: Import) -> str:
        return f"{job.done:,} of {job.total:,} {job.unit}" if job.total else ""

    @admin.display(description="end of its log")
    def log(self, job: Import) -> str:
        return "\n".join(f"{line['at']} {line['level']}: {line['text']}" for line in joblog.tail(job, 50))

    @admin.action(description="Go on, try again or repeat")
    def resume(self, request: HttpRequest, queryset: QuerySet[Import]) -> None:
        for job in queryset.select_related("dataset"):
            imports.resume(job)
        self.message_user(request, "They are queued; those at work now were left alone.")

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, queryset: QuerySet[Import]) -> None:
        for job in queryset.select_related("dataset"):
            imports.stop(job)
        self.message_user(request, "They are stopped; what they have done stays.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the dataset's page and the commands start imports


@admin.register(Animation)
class AnimationAdmin(admin.ModelAdmin):
    list_display = ["pk", "dataset", "owner", "status", "file", "error", "created_at", "finished_at"]
    list_filter = ["status", "dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["error", "dataset__slug", "owner__username"]
    date_hierarchy = "created_at"
    readonly_fields = [field.name for field in Animation._meta.fields]
    actions = ["cancel"]

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Animation]) -> None:
        count = Animation.objects.filter(pk__in=queryset.values("pk")).cancel()
        self.message_user(request, f"{count} films were cancelled.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the map and the command make films


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):
    list_display = ["name", "dataset", "owner", "count", "created_at", "changed_at"]
    list_filter = ["dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["name", "description", "dataset__slug", "owner__username"]
    readonly_fields = ["dataset", "version", "count", "created_at", "changed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # its keys lie in a file, which search.collecting writes

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        collecting.delete(obj)  # with its file

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        for collection in queryset:
            collecting.delete(collection)


@admin.register(View)
class ViewAdmin(admin.ModelAdmin):
    list_display = ["name", "dataset", "owner", "filter", "created_at"]
    list_filter = ["dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["name", "dataset__slug", "owner__username"]
    readonly_fields = ["dataset", "owner", "filter", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the map and the studio save them, once they are known to be valid


@admin.register(Table)
class TableAdmin(admin.ModelAdmin):
    list_display = ["name", "dataset", "owner", "rows", "matched", "created_at"]
    list_filter = ["dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["name", "dataset__slug", "owner__username"]
    readonly_fields = [field.name for field in Table._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the dataset's page and the command bring them

    def delete_model(self, request: HttpRequest, obj: Table) -> None:
        tables.remove(obj)  # with its file

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Table]) -> None:
        for table in queryset:
            tables.remove(table)


class DatasetJobAdmin(admin.ModelAdmin):
    list_display = ["pk", "dataset", "owner", "status", "stage", "progress", "error", "created_at", "finished_at"]
    list_filter = ["status", "dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["error", "dataset__slug", "owner__username"]
    date_hierarchy = "created_at"
    actions = ["cancel"]

    def get_readonly_fields(self, request: HttpRequest, obj: DatasetJob | None = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]

    @admin.display(description="done")
    def progress(self, job: DatasetJob) -> str:
        return f"{job.done:,} of {job.total:,}" if job.total else ""

    @admin.action(description="Stop")
    def cancel(self, request: HttpRequest, queryset: QuerySet[DatasetJob]) -> None:
        count = self.model._default_manager.filter(pk__in=queryset.values("pk")).cancel()
        self.message_user(request, f"{count} were stopped.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the studio and the commands begin them


@admin.register(Selection)
class SelectionAdmin(DatasetJobAdmin):
    list_display = ["name", "collection", *DatasetJobAdmin.list_display]
    list_select_related = ["dataset", "owner", "collection"]
    search_fields = ["name", *DatasetJobAdmin.search_fields]


@admin.register(Layout)
class LayoutAdmin(DatasetJobAdmin):
    list_display = ["method", *DatasetJobAdmin.list_display]


@admin.register(Evaluation)
class EvaluationAdmin(DatasetJobAdmin):
    pass


@admin.register(QueryPicture)
class QueryPictureAdmin(admin.ModelAdmin):
    list_display = ["token", "encoder", "used_at"]
    list_filter = ["encoder"]
    readonly_fields = ["token", "encoder", "used_at"]
    exclude = ["vector", "thumbnail"]


@admin.register(GivenNumber)
class GivenNumberAdmin(admin.ModelAdmin):
    list_display = ["number"]
    readonly_fields = ["number"]

    def has_delete_permission(self, request: HttpRequest, obj: GivenNumber | None = None) -> bool:
        return False  # a number given twice would give old keys a new meaning

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
