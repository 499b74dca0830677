"""The collection as files, each read back by a program that others wrote."""

import csv
import importlib
import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
import webdataset
from lxml import etree
from PIL import Image

from labeling import settling
from labeling.errors import BadSweep
from labeling.exporting import COLUMNS, FORMATS, Collection, format_of
from labeling.models import Campaign, Sweep
from ml.torchvision_shim import import_torchvision
from search import worldview
from search.models import Dataset, Product, Scene, Shard
from tests.campaigns import make_campaign
from tests.factories import make_gallery
from tests.sweeping import make_sweep

pytestmark = pytest.mark.django_db
KML = {"k": "http://www.opengis.net/kml/2.2"}
SITE = "https://lookalike.example.org"
LEAST = 0.99  # of 200 tiles of level 4 two, of 800 of level 5 eight, on each of two dates


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    """Five cards: tiles of January, level 4, the last that any sweep finds; two have a label."""
    shard = Shard.objects.of(world).filter(level=4).first()
    scene = Scene.objects.select_related("product__dataset").get(pk=shard.scene_id)
    made = make_campaign(world, [scene.address(4, 9, col).pack() for col in range(15, 20)])
    cards = list(made.cards.all())
    settling.decide([cards[0].pk], made.answers.get(code="yes"), None)
    settling.decide([cards[1].pk], made.answers.get(code="no"), None)
    return made


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    return make_sweep(campaign)


@pytest.fixture
def collection(campaign: Campaign, sweep: Sweep) -> Collection:
    return Collection(campaign, sweep, LEAST, site=SITE)


def written(collection: Collection, name: str, folder: Path) -> Path:
    parts = FORMATS[name].write(collection)
    path = folder / name
    path.write_bytes(b"".join(part.encode() if isinstance(part, str) else part for part in parts))
    return path


def test_a_collection_has_the_tiles_above_a_score_and_all_labels_once(collection: Collection) -> None:
    rows = list(collection.rows())
    assert len(rows) == len({row["key"] for row in rows}) == 2 * (2 + 8) + 2
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert sorted(row["label"] for row in rows if row["label"]) == ["no", "yes"]
    assert all(row["score"] >= LEAST for row in rows if not row["label"])
    assert [row["key"] for row in rows] == sorted(row["key"] for row in rows)


def test_the_labels_alone(campaign: Campaign, sweep: Sweep) -> None:
    scored = list(Collection(campaign, sweep, labelled=True).rows())
    unscored = list(Collection(campaign).rows())
    assert [row["label"] for row in scored] == [row["label"] for row in unscored] == ["yes", "no"]
    assert all(row["score"] is not None and row["classifier"] for row in scored)
    assert all(row["score"] is None and row["classifier"] is None for row in unscored)


def test_every_row_says_where_it_comes_from(collection: Collection, world: Dataset) -> None:
    row = next(row for row in collection.rows() if row["label"] == "yes")
    assert (row["dataset"], row["product"], row["date"], row["level"]) == ("world", "true-colour", "2004-01-01", 4)
    assert (row["west"], row["south"], row["east"], row["north"]) == (90, -90, 108, -72)
    assert (row["label_from"], row["votes"]) == ("host", 0)
    assert row["encoder"] == f"{world.encoder.name}-{world.encoder.fingerprint}"
    assert row["classifier"] == f"campaign-{collection.campaign.pk}/1"
    assert row["map"].startswith(f"{SITE}/?dataset=world&product=true-colour&date=2004-01-01&level=4")
    assert row["image"].startswith(f"{SITE}/tiles/world/")
    read = worldview.read(dict(part.split("=", 1) for part in row["worldview"].split("?")[1].split("&")))
    assert read.box == (81, -99, 117, -63)
    assert read.day.isoformat() == "2004-01-01"


def test_worldview_is_told_the_layer_and_the_projection() -> None:
    dataset = Dataset(tms="GIBS_EPSG3413", slug="ice")
    scene = Scene(product=Product(dataset=dataset, source={"gibs": {"layer": "MODIS_Terra"}}), day=40000)
    address = worldview.address(scene, (-1000.0, -2000.0, 3000.0, 4000.0))
    read = worldview.read(dict(part.split("=", 1) for part in address.split("?")[1].split("&")))
    assert (read.projection.id, read.box) == ("GIBS_EPSG3413", (-1000, -2000, 3000, 4000))
    assert (read.layers[0].name, read.day) == ("MODIS_Terra", scene.date)


def test_geopandas_reads_the_geojson(collection: Collection, tmp_path: Path) -> None:
    frame = geopandas.read_file(written(collection, "tiles.geojson", tmp_path))
    assert (len(frame), frame.crs.to_epsg()) == (22, 4326)
    assert frame.geometry.is_valid.all()
    labelled = frame[frame.label == "yes"].iloc[0]
    assert labelled.geometry.bounds == (90, -90, 108, -72)


def test_geopandas_reads_the_geoparquet_and_skips_by_its_boxes(collection: Collection, tmp_path: Path) -> None:
    path = written(collection, "tiles.parquet", tmp_path)
    frame = geopandas.read_parquet(path)
    assert (len(frame), list(frame.crs.to_authority())) == (22, ["OGC", "CRS84"])
    assert set(COLUMNS) <= set(frame.columns)
    assert frame.key.dtype == np.int64
    assert frame.geometry.is_valid.all()
    assert len(geopandas.read_parquet(path, bbox=(91, -89, 92, -88))) == 1
    assert tuple(frame[frame.label == "yes"].geometry.iloc[0].bounds) == (90, -90, 108, -72)


def test_the_geoparquet_says_what_the_specification_asks(collection: Collection, tmp_path: Path) -> None:
    file = pq.ParquetFile(written(collection, "tiles.parquet", tmp_path))
    geo = json.loads(file.metadata.metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB")
    assert (column["geometry_types"], column["crs"]["id"]) == (["Polygon"], {"authority": "OGC", "code": "CRS84"})
    shapes = shapely.from_wkb(file.read(["geometry"]).column(0).to_pylist())
    assert column["bbox"] == list(shapely.total_bounds(shapes))


def test_the_table_has_a_line_for_each_tile(collection: Collection, tmp_path: Path) -> None:
    with written(collection, "tiles.csv", tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    assert tuple(rows[0]) == COLUMNS
    assert float(rows[0]["score"]) == 1.0


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-2+3", "@x", "\tx"])
def test_names_of_strangers_are_defused(tmp_path: Path, name: str) -> None:
    gallery = make_gallery(tmp_path / "p")
    made = gallery_campaign(gallery)
    row = next(Collection(made).rows())
    file = FORMATS["tiles.csv"].write(FakeCollection([{**row, "name": name}]))  # type: ignore[arg-type]
    assert f",'{name}," in "".join(file)


class FakeCollection:
    def __init__(self, rows: list[dict]) -> None:
        self._rows = rows

    def rows(self) -> Iterator[dict]:
        return iter(self._rows)


def gallery_campaign(gallery: Dataset) -> Campaign:
    from labeling import campaigns

    made = make_campaign(gallery, 0)
    campaigns.add_pictures(made)
    settling.decide(list(made.cards.values_list("pk", flat=True)), made.answers.get(code="yes"), None)
    return made


def test_the_kml_is_xml_whatever_people_write(collection: Collection, tmp_path: Path) -> None:
    collection.campaign.question = 'Is <this> & "that"\x00 an island?'
    root = etree.parse(written(collection, "tiles.kml", tmp_path)).getroot()
    assert root.findtext("k:Document/k:name", namespaces=KML) == 'Is <this> & "that" an island?'
    places = root.findall("k:Document/k:Placemark", KML)
    styles = {f"#{style.get('id')}" for style in root.findall("k:Document/k:Style", KML)}
    assert len(places) == 22
    assert {place.findtext("k:styleUrl", namespaces=KML) for place in places} <= styles
    corners = places[0].findtext(".//k:coordinates", namespaces=KML).split()
    assert (corners[0], len(corners)) == (corners[-1], 5)


def test_the_coco_file_has_one_box_for_each_label(collection: Collection, tmp_path: Path) -> None:
    """What pycocotools.coco.COCO.createIndex and its users go by."""
    found = json.loads(written(collection, "coco.json", tmp_path).read_text())
    images = {image["id"]: image for image in found["images"]}
    names = {category["id"]: category["name"] for category in found["categories"]}
    assert (len(images), sorted(names.values())) == (22, ["bad", "no", "unsure", "yes"])
    said = [(names[one["category_id"]], images[one["image_id"]]["label"]) for one in found["annotations"]]
    assert sorted(said) == [("no", "no"), ("yes", "yes")]
    one = found["annotations"][0]
    assert (one["bbox"], one["area"], one["iscrowd"]) == ([0, 0, 512, 512], 512 * 512, 0)


def test_webdataset_reads_the_tar(collection: Collection, tmp_path: Path) -> None:
    path = written(collection, "tiles.tar", tmp_path)
    samples = list(webdataset.WebDataset(str(path), shardshuffle=False).decode("pil"))
    assert len(samples) == 22
    labelled = {sample["json"]["label"]: sample.get("cls") for sample in samples}
    assert labelled == {None: None, "yes": 0, "no": 1}
    assert samples[0]["jpg"].size == (512, 512)
    assert samples[0]["__key__"] == samples[0]["json"]["key"]


def test_torchvision_reads_the_zip(collection: Collection, tmp_path: Path) -> None:
    path = written(collection, "images.zip", tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "images")
    import_torchvision()
    pictures = importlib.import_module("torchvision.datasets").ImageFolder(str(tmp_path / "images"))
    assert pictures.classes == ["no", "unlabelled", "yes"]
    assert (len(pictures), pictures[0][0].size) == (22, (512, 512))
    with (tmp_path / "images" / "tiles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {str(Path(p).relative_to(tmp_path / "images")) for p, _ in pictures.samples}


def test_unzip_reads_the_zip(collection: Collection, tmp_path: Path) -> None:
    done = subprocess.run(["unzip", "-t", written(collection, "images.zip", tmp_path)], capture_output=True, text=True)
    assert (done.returncode, "No errors detected" in done.stdout) == (0, True)


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_of_a_gallery_have_no_place(tmp_path: Path, name: str) -> None:
    collection = Collection(gallery_campaign(make_gallery(tmp_path / "p")))
    assert [(row["west"], row["worldview"]) for row in collection.rows()] == [(None, None)] * 5
    assert written(collection, name, tmp_path).stat().st_size


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_a_file_too(world: Dataset, tmp_path: Path, name: str) -> None:
    path = written(Collection(make_campaign(world)), name, tmp_path)
    if name == "tiles.parquet":
        assert len(geopandas.read_parquet(path)) == 0
    if name == "tiles.geojson":
        assert json.loads(path.read_text())["features"] == []


def test_a_tile_whose_imagery_is_gone_keeps_its_label(tmp_path: Path) -> None:
    gallery = make_gallery(tmp_path / "p")
    campaign = gallery_campaign(gallery)
    Scene.objects.filter(product__dataset=gallery).delete()
    rows = list(Collection(campaign).rows())
    assert [(row["label"], row["image"]) for row in rows] == [("yes", None)] * 5
    with zipfile.ZipFile(written(Collection(campaign), "images.zip", tmp_path)) as archive:
        assert archive.namelist() == ["tiles.csv"]


def test_a_file_without_a_known_ending_is_refused() -> None:
    with pytest.raises(BadSweep, match=r"\.geojson, \.parquet"):
        format_of("tiles.xlsx")


def test_a_tile_across_the_date_line_is_cut_in_two(collection: Collection, tmp_path: Path) -> None:
    row = {**next(collection.rows()), "west": 170.0, "east": -175.0}
    for name in ("tiles.geojson", "tiles.parquet", "tiles.kml"):
        path = written(FakeCampaign(collection.campaign, [row]), name, tmp_path)  # type: ignore[arg-type]
        if name == "tiles.kml":
            assert len(etree.parse(path).findall(".//k:MultiGeometry/k:Polygon", KML)) == 2
            continue
        frame = geopandas.read_parquet(path) if name == "tiles.parquet" else geopandas.read_file(path)
        west, east = (part.bounds for part in frame.geometry.iloc[0].geoms)
        assert (west[0], west[2], east[0], east[2]) == (170, 180, -180, -175)


class FakeCampaign(FakeCollection):
    def __init__(self, campaign: Campaign, rows: list[dict]) -> None:
        super().__init__(rows)
        self.campaign = campaign


def test_pictures_are_those_that_the_site_shows(collection: Collection, tmp_path: Path) -> None:
    from search import tiles

    with tarfile.open(written(collection, "tiles.tar", tmp_path)) as tar:
        member = tar.getmembers()[0]
        content = tar.extractfile(member).read()  # type: ignore[union-attr]
    row = next(collection.rows())
    scene = collection.scene_of(row)
    assert scene is not None
    assert content == tiles.render(scene, row["level"], row["row"], row["col"], 512, "jpg")
    assert Image.open(io.BytesIO(content)).format == "JPEG"
