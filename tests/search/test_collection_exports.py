"""/api/v1/datasets/<slug>/collections/<id>/export.<csv|geojson|parquet|zip>"""

import csv
import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync

from search import collecting, frames
from tests.factories import build_all, make_gallery

pytestmark = pytest.mark.django_db(transaction=True)  # between two parts, connections may be closed
ROOT = "/api/v1/datasets/world/collections/"


@pytest.fixture
def frame(world):
    return frames.opened(world)


def exported(client, one, form):
    answer = client.get(f"{one}export.{form}")
    assert answer.status_code == 200
    assert f'filename="world-some.{form}"' in answer["Content-Disposition"]
    return whole(answer)


def whole(answer):
    async def gathered():
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(gathered)()


@pytest.fixture
def three(world, frame):
    return f"{ROOT}{collecting.create(world, 'some', frame.keys[:3], None).pk}/"


def test_csv_has_each_tile_with_its_place_and_metrics(client, three, frame):
    rows = list(csv.DictReader(io.StringIO(exported(client, three, "csv").decode())))
    assert [int(row["key"]) for row in rows] == frame.keys[:3].tolist()
    assert [float(row["luminance"]) for row in rows] == pytest.approx(frame.column("luminance")[:3].tolist(), abs=1e-4)
    assert rows[0]["image"].startswith("http://testserver/tiles/world/")
    assert rows[0]["west"]
    assert rows[0]["map"].startswith("http://testserver/?dataset=world")


def test_geojson_has_an_outline_of_each(client, three):
    features = json.loads(exported(client, three, "geojson"))["features"]
    assert [feature["geometry"]["type"] for feature in features] == ["Polygon"] * 3
    assert "sharpness" in features[0]["properties"]


def test_geoparquet_has_typed_columns(client, three, frame):
    file = pq.ParquetFile(io.BytesIO(exported(client, three, "parquet")))
    table = file.read()
    assert table["key"].to_pylist() == frame.keys[:3].tolist()
    assert str(table.schema.field("luminance").type) == "float"
    assert b"geo" in file.metadata.metadata


def test_the_zip_has_their_pictures_and_a_list(client, three, frame):
    archive = zipfile.ZipFile(io.BytesIO(exported(client, three, "zip")))
    assert archive.namelist() == [*(f"some/{key}.jpg" for key in frame.keys[:3]), "tiles.csv"]
    assert archive.testzip() is None


def test_an_empty_one_is_a_file_with_a_head(client, world):
    empty = collecting.create(world, "some", [], None)
    assert exported(client, f"{ROOT}{empty.pk}/", "csv").decode().count("\r\n") == 1


def test_pictures_of_a_gallery_are_saved_with_their_names(client, tmp_path):
    dataset = build_all(make_gallery(tmp_path / "in"))
    some = collecting.create(dataset, "some", frames.opened(dataset).keys[:2], None)
    answer = client.get(f"/api/v1/datasets/pictures/collections/{some.pk}/export.csv")
    rows = list(csv.DictReader(io.StringIO(whole(answer).decode())))
    assert [(row["name"], row["west"]) for row in rows] == [("frame-0.png", ""), ("frame-1.png", "")]


def test_a_tile_whose_imagery_is_gone_keeps_its_address(client, world, frame):
    some = collecting.create(world, "some", frame.keys[:1], None)
    world.products.get().scenes.all().delete()
    rows = list(csv.DictReader(io.StringIO(exported(client, f"{ROOT}{some.pk}/", "csv").decode())))
    assert (int(rows[0]["key"]), rows[0]["product"], rows[0]["luminance"]) == (frame.keys[0], "", "")
