"""manage.py gibs_download, and the import behind it."""

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from search import gibs, keys
from search.errors import BadQuery
from search.gibs import endpoint, pacing
from search.models import Dataset, Import, Product, Scene, Shard
from tests.gibs_downloads import TEMPERATURE, TERRA
from tests.gibs_server import GibsServer

PLACE = "/6/18/41.jpg"


@pytest.fixture
def server(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[GibsServer]:
    monkeypatch.setattr(pacing, "BASE", 0.02)
    with GibsServer() as server, endpoint.chosen(server.url):
        yield server


def download(server: GibsServer, *more: str, layer: str = TERRA) -> dict:
    out = StringIO()
    usual = ["--layer", layer, "--date", "2012-07-09", "--bbox", "0", "0", "13", "13", "--level", "6", "--json"]
    call_command(
        "gibs_download", *usual, "--dataset", "d", "--encoder", "colour", "--endpoint", server.url, *more, stdout=out
    )
    return dict(json.loads(out.getvalue()))


def test_one_line_makes_a_searchable_dataset(server: GibsServer) -> None:
    said = download(server, "--now")
    assert (said["complete"], said["tiles"], said["fetched"]) == (True, 9, 9)
    shard = Shard.objects.get(scene__product__dataset__slug="d")
    assert (shard.level, shard.tiles) == (6, 9)
    assert "NASA's Global Imagery Browse Services" in Product.objects.get(dataset__slug="d").credit


def test_a_dry_run_downloads_nothing(server: GibsServer) -> None:
    assert download(server, "--dry-run")["tiles"] == 9
    assert not Dataset.objects.filter(slug="d").exists()
    assert server.tiles_asked == 0


def test_missing_tiles_are_exit_code_3_and_listed(server: GibsServer) -> None:
    server.misbehave(PLACE, "html")
    with pytest.raises(CommandError, match="1 tile is missing \\(1 wrong type\\)") as caught:
        download(server)
    assert caught.value.returncode == 3
    job = Import.objects.get(dataset__slug="d")
    assert [tile["row"] for tile in json.loads((job.folder / "missing.json").read_text())] == [18]
    assert Scene.objects.get(product__dataset__slug="d").images == 8


def test_repeating_the_line_goes_on_with_the_same_import(server: GibsServer) -> None:
    server.misbehave(PLACE, "html")
    with pytest.raises(CommandError):
        download(server)
    server.behave()
    assert download(server)["fetched"] == 1
    assert Import.objects.filter(dataset__slug="d").count() == 1


def test_a_temperature_layer_keeps_its_values(server: GibsServer) -> None:
    download(server, "--level", "5", layer=TEMPERATURE)
    source = Product.objects.get(dataset__slug="d").source["gibs"]
    assert source["colormap"].endswith(f"{TEMPERATURE}.json")
    assert source["units"] == "K"


def test_more_than_the_limit_is_refused(server: GibsServer) -> None:
    with pytest.raises(CommandError, match="9 tiles are more than the limit of 5"):
        download(server, "--limit", "5")


def test_another_projection_needs_another_dataset(server: GibsServer) -> None:
    download(server)
    with pytest.raises(CommandError, match="holds imagery in EPSG:4326; this is in EPSG:3857"):
        download(server, "--projection", "3857")


def test_a_click_fetches_one_tile_and_leaves_the_scene_as_it_is(server: GibsServer) -> None:
    download(server)
    product, day = Product.objects.get(dataset__slug="d"), keys.read_day("2012-07-09")
    before = Scene.objects.get(product=product).version
    assert gibs.fetch_one(product, day, 6, 20, 50)
    assert Scene.objects.get(product=product).version == before


def test_a_click_on_a_day_without_a_scene_makes_one(server: GibsServer) -> None:
    download(server)
    product, day = Product.objects.get(dataset__slug="d"), keys.read_day("2012-07-20")
    assert gibs.fetch_one(product, day, 6, 20, 50)
    assert Scene.objects.get(product=product, day=day).images == 1


def test_a_click_where_the_server_has_nothing_is_false(server: GibsServer) -> None:
    download(server)
    server.misbehave("/6/20/50.jpg", "404")
    assert not gibs.fetch_one(Product.objects.get(dataset__slug="d"), keys.read_day("2012-07-09"), 6, 20, 50)


def test_a_product_of_another_server_is_not_asked_for(server: GibsServer) -> None:
    download(server)
    product = Product.objects.get(dataset__slug="d")
    with endpoint.chosen("http://127.0.0.1:9"), pytest.raises(BadQuery, match="which this site does not ask"):
        gibs.fetch_one(product, keys.read_day("2012-07-09"), 6, 20, 50)
