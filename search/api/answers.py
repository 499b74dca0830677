"""The shapes of answers, for the OpenAPI schema; search/describing.py makes them."""

from rest_framework import serializers


class TileAnswer(serializers.Serializer):
    key = serializers.CharField(help_text="64-bit number as a string: JavaScript would round it")
    dataset = serializers.CharField()
    product = serializers.CharField()
    date = serializers.CharField(help_text="YYYY-MM-DD or static")
    level = serializers.IntegerField()
    row = serializers.IntegerField()
    col = serializers.IntegerField()
    offset = serializers.IntegerField(help_text="1: of the half-tile offset grid, half a tile right and down")
    bbox = serializers.ListField(
        child=serializers.FloatField(), allow_null=True,
        help_text="west, south, east, north in degrees; west > east across the date line",
    )  # fmt: skip
    center = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    name = serializers.CharField(allow_null=True, help_text="file name, galleries only")
    label = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="the class it was imported with, galleries only"
    )
    thumbnail = serializers.CharField()
    image = serializers.CharField()


class TileWithMetricsAnswer(TileAnswer):
    metrics = serializers.DictField(child=serializers.FloatField(allow_null=True), allow_null=True)


class TilesAnswer(serializers.Serializer):
    count = serializers.IntegerField()
    results = TileAnswer(many=True)


class AlsoAnswer(serializers.Serializer):
    tile = TileAnswer()
    score = serializers.FloatField()


class HitAnswer(serializers.Serializer):
    tile = TileAnswer()
    score = serializers.FloatField(help_text="cosine likeness, -1 to 1")
    also = AlsoAnswer(
        many=True, required=False, help_text="with merge_places: the same place at other levels, the best of each"
    )


class IndexAnswer(serializers.Serializer):
    """How far the results can be trusted to be the true nearest."""

    engines = serializers.ListField(child=serializers.CharField(), help_text="of the shards asked; scan ranks all")
    recall = serializers.FloatField(
        allow_null=True,
        help_text="share of the true nearest 50 that the indexes find, as measured on sampled tiles when they were "
        "built, weighted by tiles; null where unknown",
    )
    exact = serializers.BooleanField(help_text="every tile was ranked: recall is 1")


class SearchedAnswer(serializers.Serializer):
    shards = serializers.IntegerField()
    tiles = serializers.IntegerField()


class SkippedAnswer(serializers.Serializer):
    product = serializers.CharField()
    date = serializers.CharField()
    level = serializers.IntegerField()
    status = serializers.CharField()


class SearchAnswer(serializers.Serializer):
    results = HitAnswer(many=True)
    searched = SearchedAnswer()
    skipped = SkippedAnswer(many=True, help_text="shards that match but cannot answer yet")
    index = IndexAnswer()
    encoder = serializers.CharField()
    took_ms = serializers.FloatField()


class ChildAnswer(serializers.Serializer):
    tile = TileAnswer()
    score = serializers.FloatField(help_text="cosine likeness, -1 to 1")
    indexed = serializers.BooleanField(help_text="false: embedded now from the tile's pixels")


class ChildrenAnswer(serializers.Serializer):
    tile = TileAnswer()
    level = serializers.IntegerField()
    results = ChildAnswer(many=True, help_text="best first")
    empty = serializers.IntegerField(help_text="children left out because there is no data in them")
    pixels = serializers.FloatField(
        allow_null=True, help_text="of the imagery along a child's side; fewer than the encoder's size are enlarged"
    )
    encoder_size = serializers.IntegerField()
    took_ms = serializers.FloatField()


class HeatAnswer(serializers.Serializer):
    tile = TileAnswer()
    values = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="likeness, row by row from the top; null where there is no data",
    )
    low = serializers.FloatField()
    high = serializers.FloatField()
    measured = serializers.ChoiceField(["index", "windows"], help_text="what on: indexed tiles, or its own pixels")
    level = serializers.IntegerField(allow_null=True, help_text="the indexed level the cells are tiles of")
    window = serializers.FloatField(
        help_text="side of the squares measured, as a share of the tile's; of overlapping windows a cell is the mean"
    )
    took_ms = serializers.FloatField()


class PictureAnswer(serializers.Serializer):
    id = serializers.CharField()
    thumbnail = serializers.CharField()


class LevelAnswer(serializers.Serializer):
    level = serializers.IntegerField()
    degrees = serializers.FloatField()
    kilometres = serializers.IntegerField()
    searchable = serializers.BooleanField(help_text="some date of it is")


class ShardAnswer(serializers.Serializer):
    level = serializers.IntegerField()
    status = serializers.CharField()
    searchable = serializers.BooleanField()
    tiles = serializers.IntegerField()
    done = serializers.IntegerField()
    recall = serializers.FloatField(allow_null=True, help_text="of the index at k = 50, measured at build")


class DateAnswer(serializers.Serializer):
    date = serializers.CharField()
    version = serializers.CharField()
    key = serializers.CharField(
        help_text="what its tiles' keys have in common: add level, row and column, each shifted by the grid's key_bits"
    )
    images = serializers.IntegerField(required=False, help_text="not when brief")
    levels = ShardAnswer(many=True, required=False, help_text="not when brief")


class ProductAnswer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    credit = serializers.CharField()
    map_level = serializers.IntegerField()
    dates = DateAnswer(many=True)


class DatasetColumnAnswer(serializers.Serializer):
    """Something that is known of tiles."""

    name = serializers.CharField(help_text="as filters write it")
    title = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.CharField(help_text="number, text, or date: days since 1970-01-01")
    low = serializers.FloatField(allow_null=True, help_text="what a slider offers")
    high = serializers.FloatField(allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="metric: measured here; table: people brought it; import: a gallery's own"
    )
    values = serializers.ListField(child=serializers.CharField(), help_text="of texts: the most frequent")
    measured = serializers.BooleanField(help_text="false: older shards do not have it yet; see manage.py measure")


class DatasetAnswer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(["map", "gallery"])
    credit = serializers.CharField()
    extent = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    grid = serializers.DictField()
    products = ProductAnswer(many=True)
    levels = LevelAnswer(many=True)
    encoder = serializers.DictField()
    metrics = DatasetColumnAnswer(many=True, help_text="columns of numbers and dates")
    columns = DatasetColumnAnswer(many=True, help_text="all that filters and selections may ask for")
    shards = serializers.DictField(child=serializers.IntegerField())
    page = serializers.CharField(help_text="address of its page")
    may = serializers.DictField(child=serializers.BooleanField(), help_text="what you may do: import, manage")


class DatasetsAnswer(serializers.Serializer):
    results = DatasetAnswer(many=True)


class ProductsAnswer(serializers.Serializer):
    results = ProductAnswer(many=True)


class ShardRowAnswer(serializers.Serializer):
    product = serializers.CharField()
    date = serializers.CharField()
    level = serializers.IntegerField()
    status = serializers.CharField()
    searchable = serializers.BooleanField()
    done = serializers.IntegerField()
    tiles = serializers.IntegerField()


class ShardsAnswer(serializers.Serializer):
    totals = serializers.DictField(child=serializers.IntegerField())
    results = ShardRowAnswer(many=True)


class CoverageAnswer(serializers.Serializer):
    states = serializers.DictField(child=serializers.CharField(), help_text="state: what it means")
    results = serializers.ListField(
        child=serializers.DictField(), help_text="product, level, size, and `years` of counts or `dates` of states"
    )


class DiskAnswer(serializers.Serializer):
    """Bytes."""

    index = serializers.IntegerField(help_text="vectors and index")
    downloads = serializers.IntegerField(help_text="downloaded imagery")
    copies = serializers.IntegerField(help_text="uploads, and what was unpacked, fetched or converted")
    in_place = serializers.IntegerField(help_text="of files that are read where they are")
    free = serializers.IntegerField()
    total = serializers.IntegerField(help_text="of the disk")
    low = serializers.BooleanField(help_text="the disk is nearly full")
    exact = serializers.BooleanField(help_text="false: not all downloads were counted yet, ask again")


class LogLineAnswer(serializers.Serializer):
    at = serializers.DateTimeField()
    level = serializers.ChoiceField(["info", "warning", "error"])
    text = serializers.CharField()


class ImportAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    dataset = serializers.CharField()
    kind = serializers.CharField(help_text="gibs, files, embeddings or composite")
    title = serializers.CharField()
    status = serializers.CharField(help_text="waiting, running, ready, failed or cancelled")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    unit = serializers.CharField(help_text="what done and total count")
    rate = serializers.FloatField(allow_null=True, help_text="units a second")
    seconds_left = serializers.FloatField(allow_null=True)
    seconds = serializers.FloatField(help_text="that this attempt has taken")
    error = serializers.CharField()
    recipe = serializers.DictField()
    summary = serializers.DictField()
    owner = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    attempts = serializers.IntegerField()
    log = LogLineAnswer(many=True, required=False, help_text="of a single import: the last 200 lines")


class ImportsAnswer(serializers.Serializer):
    results = ImportAnswer(many=True)


class LayerAnswer(serializers.Serializer):
    id = serializers.CharField()
    title = serializers.CharField()
    epsg = serializers.IntegerField()
    format = serializers.CharField()
    deepest = serializers.IntegerField(help_text="its finest level")
    matrix_set = serializers.CharField()
    colormap = serializers.CharField(allow_null=True)
    legend = serializers.CharField(allow_null=True)
    subdaily = serializers.BooleanField()
    periods = serializers.ListField(child=serializers.CharField(), help_text="the last 20 it says, ISO 8601")

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` is not a name Python lets a class have."""
        dates = {name: serializers.DateField(allow_null=True) for name in ("from", "to")}
        return {**super().get_fields(), **dates}


class LayersAnswer(serializers.Serializer):
    count = serializers.IntegerField(help_text="of all that fit; the best 20 are listed")
    results = LayerAnswer(many=True)


class EstimateQuestion(serializers.Serializer):
    dataset = serializers.SlugField(help_text="short name: its grid is the projection")
    recipe = serializers.DictField(help_text="as of an import of kind gibs")


class EstimateAnswer(serializers.Serializer):
    layer = serializers.CharField()
    title = serializers.CharField()
    epsg = serializers.IntegerField()
    levels = serializers.ListField(child=serializers.IntegerField())
    dates = serializers.ListField(child=serializers.CharField())
    tiles = serializers.IntegerField()
    tiles_by_level = serializers.DictField(child=serializers.IntegerField())
    products = serializers.ListField(child=serializers.CharField())
    bytes = serializers.IntegerField(help_text="about")
    seconds = serializers.IntegerField(help_text="about")
    basis = serializers.CharField(help_text="what bytes and seconds rest on")
    notes = serializers.ListField(child=serializers.CharField())
    sentence = serializers.CharField()
    asked_today = serializers.IntegerField(help_text="tiles downloaded in the last 24 hours")
    large = serializers.BooleanField(help_text="has to be confirmed")
