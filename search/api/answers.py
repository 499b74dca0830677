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
    thumbnail = serializers.CharField()
    image = serializers.CharField()


class TileWithMetricsAnswer(TileAnswer):
    metrics = serializers.DictField(child=serializers.FloatField(), allow_null=True)


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
    metrics = serializers.ListField(child=serializers.DictField())
    shards = serializers.DictField(child=serializers.IntegerField())


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
