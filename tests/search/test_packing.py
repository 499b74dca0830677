"""WebDataset shards, read back with webdataset itself and with tarfile."""

import hashlib
import io
import json
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
import webdataset
from django.conf import settings
from django.core.management import CommandError
from PIL import Image

from search import packing, tilesets
from search.errors import BadQuery
from search.models import Product
from search.packing import shards
from tests.factories import add_tiles, make_gallery, make_map, make_raster, make_tileset, noise, smooth
from tests.search.films import answer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiles():
    """Four downloaded tiles of level 5, two rows and columns."""
    return make_tileset()


def read(folder, index):
    """Each sample as webdataset gives it: a dictionary by ending."""
    urls = [str(folder / entry["url"]) for entry in index["shardlist"]]
    return list(webdataset.WebDataset(urls, shardshuffle=False))


def packed(dataset, folder, **options):
    index = packing.pack(dataset, folder, **options)
    return index, read(folder, index)


def test_webdataset_reads_what_was_packed(tmp_path, tiles):
    index, samples = packed(tiles.product.dataset, tmp_path)
    assert (index["samples"], len(samples)) == (4, 4)
    first = json.loads(samples[0]["json"])
    assert samples[0]["__key__"] == f"layer-{tiles.written_day}-05-00010-00020"
    assert (first["product"], first["date"]) == ("layer", tiles.written_day)
    assert (first["level"], first["row"], first["col"], first["crs"]) == (5, 10, 20, "EPSG:4326")
    assert first["bbox"] == first["bounds"] == [0.0, -9.0, 9.0, 0.0]
    assert first["key"] == str(tiles.address(5, 10, 20).pack())
    assert 0 <= first["metrics"]["luminance"] <= 255


def test_downloaded_tiles_are_the_very_bytes_that_the_server_sent(tmp_path, tiles):
    _, samples = packed(tiles.product.dataset, tmp_path)
    for sample in samples:
        about = json.loads(sample["json"])
        path = tilesets.file_of(tiles, about["level"], about["row"], about["col"])
        assert sample["jpg"] == path.read_bytes()
        assert about["as_sent"] is True


def test_the_address_on_the_server_and_its_credit_go_along(tmp_path, tiles):
    source = {"layer": "L", "epsg": 4326, "matrix_set": "250m", "format": "image/jpeg"}
    Product.objects.filter(pk=tiles.product.pk).update(source={"gibs": source}, credit="NASA")
    index, samples = packed(tiles.product.dataset, tmp_path)
    about = json.loads(samples[0]["json"])
    assert about["source"].endswith(f"/wmts/epsg4326/best/L/default/{tiles.written_day}/250m/5/10/20.jpg")
    assert (about["credit"], index["credit"]) == ("NASA", "NASA")


def test_rasters_are_drawn(tmp_path):
    dataset = make_map("drawn", [make_raster(tmp_path / "a_2020-01-01.tif", noise(), (0, 0, 9, 9))], levels=(5,))
    _, samples = packed(dataset, tmp_path / "out", form="png", size=64)
    assert [set(sample) - {"__key__", "__url__", "__local_path__"} for sample in samples] == [{"png", "json"}]
    assert Image.open(io.BytesIO(samples[0]["png"])).size == (64, 64)
    assert json.loads(samples[0]["json"])["as_sent"] is False


def test_partly_empty_tiles_say_so_and_empty_ones_are_left_out(tmp_path):
    dataset = make_map("half", [make_raster(tmp_path / "a.tif", noise(), (0, 0, 4.5, 9))], levels=(5,))
    _, samples = packed(dataset, tmp_path / "out", size=64)
    assert [json.loads(sample["json"])["nodata"] for sample in samples] == [pytest.approx(0.5, abs=0.02)]


def test_the_same_tiles_give_the_same_bytes(tmp_path, tiles):
    first, _ = packed(tiles.product.dataset, tmp_path / "a")
    second, _ = packed(tiles.product.dataset, tmp_path / "b")
    assert first == second
    for name in (first["shardlist"][0]["url"], "tiles.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_shards_are_bounded_and_listed_with_their_digests(tmp_path, tiles):
    size = max(path.stat().st_size for path in (settings.DATA_DIR / tiles.folder).rglob("*.jpg"))
    most = 2 * (size + 4096) + 12 * 1024
    index, samples = packed(tiles.product.dataset, tmp_path, most_bytes=max(most, shards.SMALLEST))
    names = [entry["url"] for entry in index["shardlist"]]
    assert names == [f"tiles-{i:06d}.tar" for i in range(len(names))]
    assert len(samples) == sum(entry["nsamples"] for entry in index["shardlist"]) == 4
    for entry in index["shardlist"]:
        content = (tmp_path / entry["url"]).read_bytes()
        assert len(content) == entry["filesize"] <= max(most, shards.SMALLEST)
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_many_samples_make_several_shards(tmp_path):
    with packing.Shards(tmp_path, "many", 65536) as shards:
        for number in range(20):
            shards.add(packing.Sample(f"s{number:03d}", "jpg", bytes(20000), {"n": number}))
        index = shards.finish({})
    assert [entry["nsamples"] for entry in index["shardlist"]] == [2] * 10
    assert [json.loads(sample["json"])["n"] for sample in read(tmp_path, index)] == list(range(20))


def test_a_plain_tar_reader_finds_pairs_without_owner_or_time(tmp_path, tiles):
    index, _ = packed(tiles.product.dataset, tmp_path)
    with tarfile.open(tmp_path / index["shardlist"][0]["url"]) as tar:
        members = tar.getmembers()
    assert [member.name.partition(".")[2] for member in members] == ["jpg", "json"] * 4
    assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in members} == {(0, 0, 0, "", 0o644)}


def test_shards_of_an_earlier_larger_set_go(tmp_path):
    for count in (10, 1):
        with packing.Shards(tmp_path, "set", 65536) as shards:
            for number in range(count):
                shards.add(packing.Sample(f"s{number}", "jpg", bytes(50000), {}))
            shards.finish({})
    (tmp_path / "set-of-mine.tar").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set-000000.tar", "set-of-mine.tar", "set.json"]


def test_what_fails_in_the_middle_leaves_what_was_there(tmp_path, tiles):
    packed(tiles.product.dataset, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError):
        fail_in_the_middle(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def fail_in_the_middle(folder):
    with packing.Shards(folder, "tiles") as shards:
        shards.add(packing.Sample("a", "jpg", b"x", {}))
        raise RuntimeError


def test_a_gallery_is_packed_as_its_files_are(tmp_path):
    dataset = make_gallery(tmp_path / "g", count=3)
    _, samples = packed(dataset, tmp_path / "out")
    assert [sample["png"] for sample in samples] == [path.read_bytes() for path in sorted((tmp_path / "g").iterdir())]
    assert json.loads(samples[1]["json"])["name"] == "frame-1.png"


def test_a_download_packs_its_own_tiles_only(tmp_path, tiles):
    add_tiles(tiles.product, tiles.day + 1, {(5, 3, 3): smooth(512)})
    sheet = SimpleNamespace(source=SimpleNamespace(product_name="layer"), day=tiles.day)
    plan = SimpleNamespace(sheets=(sheet,), tiles={5: np.array([[10, 20], [11, 21], [0, 0]])})
    folder = packing.pack_gibs(tiles.product.dataset, plan, tmp_path / "out")
    samples = read(folder, json.loads((folder / "tiles.json").read_text()))
    assert [(json.loads(s["json"])["row"], json.loads(s["json"])["col"]) for s in samples] == [(10, 20), (11, 21)]


def test_a_polar_tile_says_where_on_earth_it_is(tmp_path):
    scene = make_tileset(tiles={(2, 3, 3): smooth(512)}, tms="GIBS_EPSG3413")
    _, samples = packed(scene.product.dataset, tmp_path)
    about = json.loads(samples[0]["json"])
    assert about["crs"] == "EPSG:3413"
    assert 70 < about["bbox"][1] < about["bbox"][3] <= 90


@pytest.mark.parametrize(
    ("options", "message"),
    [({"product": "none"}, "no product 'none'"), ({"form": "bmp"}, "choose webp"), ({"size": 5}, "16 to 2048"),
     ({"prefix": "../evil"}, "cannot lead"), ({"most_bytes": 10}, "too small"),
     ({"levels": (9,)}, "no tiles with data")],
)  # fmt: skip
def test_what_cannot_be_packed_is_refused_and_nothing_is_written(tmp_path, tiles, options, message):
    with pytest.raises(BadQuery, match=message):
        packing.pack(tiles.product.dataset, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_the_command_packs(tmp_path, tiles):
    told = answer_of("pack", "tiles", "--out", tmp_path, "--level", 5, "--json")
    assert told["samples"] == len(read(tmp_path, told)) == 4


def test_the_command_says_what_is_wrong(tmp_path, tiles):
    with pytest.raises(CommandError, match="no level 20"):
        answer_of("pack", "tiles", "--out", tmp_path, "--level", 20)
