"""python -m ml.evaluate on each kind of labelled set, and on what is none."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_bounds

from ml.errors import BadLabels
from ml.evaluate import Labelled, evaluate, report, strips
from ml.evaluate.baseline import colour_statistics
from ml.evaluate.files import from_folder, from_table
from ml.evaluate.polygons import from_polygons
from ml.evaluate.positives import altered
from tests.ml.making import encoded, make_images
from tests.ml.test_commands import call

RED, GREEN = (200, 30, 30), (30, 200, 30)


def picture(colour: tuple[int, int, int], seed: int, side: int = 32) -> Image.Image:
    noise = np.random.default_rng(seed).integers(-20, 20, (side, side, 3))
    return Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))


def make_folder(folder: Path, each: int = 12) -> Path:
    for name, colour in (("field", GREEN), ("roof", RED)):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            picture(colour, i).save(folder / name / f"{i}.png")
    return folder


def make_table(folder: Path, header: str = "path,label,lon,lat") -> Path:
    make_folder(folder)
    lines = [
        f"{path.relative_to(folder)},{path.parent.name},{i * 7},{i}"
        for i, path in enumerate(sorted(folder.glob("*/*.png")))
    ]
    (folder / "table.csv").write_text("\n".join([header, *lines]))
    return folder / "table.csv"


def make_raster(path: Path, side: int = 256, dtype: str = "uint8", crs: str | None = "EPSG:4326") -> Path:
    """Red in the west, green in the east, over 0 to 8 degrees."""
    pixels = np.concatenate([np.asarray(picture(colour, 0, side))[:, : side // 2] for colour in (RED, GREEN)], axis=1)
    shape = {"width": side, "height": side, "count": 3, "dtype": dtype}
    with rasterio.open(path, "w", "GTiff", crs=crs, transform=from_bounds(0, 0, 8, 8, side, side), **shape) as file:
        file.write(pixels.transpose(2, 0, 1).astype(dtype))
    return path


def make_polygons(path: Path, **overrides: object) -> Path:
    """The west but for its lowest eighth, and the east, where nothing is said of the upper half."""

    def feature(label: str, west: float, south: float, east: float, north: float) -> dict[str, object]:
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        return {"type": "Feature", "properties": {"label": label}, "geometry": geometry}

    features = [feature("roof", 0, 1, 4, 8), feature("field", 4, 0, 8, 4)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **overrides}))
    return path


def test_a_folder_has_a_class_per_sub_folder(tmp_path: Path) -> None:
    found = from_folder(make_folder(tmp_path / "set"))
    assert (found.classes, np.bincount(found.labels).tolist(), found.places) == (["field", "roof"], [12, 12], None)
    assert found.read(0).shape == (32, 32, 3)


def test_a_table_says_where_images_lie(tmp_path: Path) -> None:
    found = from_table(make_table(tmp_path / "set"))
    assert found.places is not None
    assert (len(found), found.places[3].tolist(), found.apart) == (24, [21, 3], 1.0)


def test_a_table_needs_no_places(tmp_path: Path) -> None:
    assert from_table(make_table(tmp_path / "set", "path,label,x,y")).places is None


def test_a_tile_has_the_class_that_covers_most_of_it(tmp_path: Path) -> None:
    found = from_polygons(make_polygons(tmp_path / "p.geojson"), make_raster(tmp_path / "r.tif"), "label", side=64)
    assert (found.classes, np.bincount(found.labels).tolist()) == (["field", "roof"], [4, 8])
    assert [int(found.read(i).mean(axis=(0, 1)).argmax()) for i in range(12)] == [1 - label for label in found.labels]


def test_tiles_over_a_raster_know_their_neighbours(tmp_path: Path) -> None:
    found = from_polygons(make_polygons(tmp_path / "p.geojson"), make_raster(tmp_path / "r.tif"), "label", side=64)
    assert found.places is not None
    assert (found.places[0].tolist(), found.apart) == ([1, 7], 2)
    assert found.neighbours(np.array([0])).sum() == 4  # itself, east, south, south-east


def make_report(tmp_path: Path) -> tuple[report.Report, Labelled]:
    labelled = from_folder(make_folder(tmp_path / "set"))
    return evaluate("colours", colour_statistics, labelled), labelled


def test_what_colour_tells_apart_is_found(tmp_path: Path) -> None:
    found, _ = make_report(tmp_path)
    assert (found.tiles, found.dim, found.precision_10, found.knn_20, found.few_shot) == (24, 6, 1.0, 1.0, 1.0)
    assert found.classes["roof"]["precision_10"] == 1.0


def test_strips_show_a_query_of_each_class_and_ten_others(tmp_path: Path) -> None:
    found, labelled = make_report(tmp_path)
    assert {name: len(rows) for name, rows in found.strips.items()} == {"field": 11, "roof": 11}
    assert [labelled.labels[rows[0]] for rows in found.strips.values()] == [0, 1]


def test_right_and_wrong_neighbours_differ_by_more_than_colour(tmp_path: Path) -> None:
    """In grey, the two pictures of one row still differ in frame and mark."""
    found, labelled = make_report(tmp_path)
    wrong = Labelled(**{**vars(labelled), "labels": np.where(np.arange(24) == found.strips["field"][1], 1, 0)})
    pictures = [Image.open(io.BytesIO(strips.draw(found, one))).convert("L") for one in (labelled, wrong)]
    first, second = (np.asarray(one) for one in pictures)
    assert (np.abs(first.astype(int) - second) > 60).sum() > 100  # the mark alone


def test_images_of_several_sizes_are_encoded_in_order(tmp_path: Path) -> None:
    images = [*make_images(3, 20), *make_images(3, 30), *make_images(2, 20)]
    labelled = Labelled("mixed", ["a", "b"], np.array([0, 1] * 4), lambda i: images[i])
    seen: list[tuple[int, ...]] = []

    def encode(batch: np.ndarray) -> np.ndarray:
        seen.append(batch.shape)
        return colour_statistics(batch)

    evaluate("test", encode, labelled)
    assert seen[:3] == [(3, 20, 20, 3), (3, 30, 30, 3), (2, 20, 20, 3)]


def test_an_altered_image_is_like_it_but_not_it() -> None:
    image = make_images(1, 40)[0]
    found = altered(image, np.random.default_rng(1))
    assert (found.shape, found.dtype, np.array_equal(found, image)) == (image.shape, np.uint8, False)
    assert np.abs(found.mean() - image.mean()) < 40


def test_the_terminal_shows_colour_statistics_beside_the_encoder(tmp_path: Path) -> None:
    done = call("ml.evaluate", make_folder(tmp_path / "set"), "--encoder", "colour")
    assert done.returncode == 0, done.stderr
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[3:5]] == ["colour", "colour statistics"]


def test_scripts_get_json_a_page_and_a_picture(tmp_path: Path) -> None:
    outputs = ["--json", "--markdown", tmp_path / "t.md", "--strips", tmp_path / "s.png"]
    done = call("ml.evaluate", make_table(tmp_path / "set"), "--encoder", "colour", *outputs)
    told = json.loads(done.stdout)
    assert [(one["encoder"], one["tiles"]) for one in told] == [("colour", 24), ("colour statistics", 24)]
    assert (tmp_path / "t.md").read_text().startswith("# table: 24 tiles in 2 classes\n\n| encoder |")
    assert Image.open(tmp_path / "s.png").format == "PNG"


def test_several_encoders_stand_side_by_side_with_what_they_were_measured_on(tmp_path: Path) -> None:
    arguments = ["--encoder", "colour", "structure", "--json", "--apart", "20"]
    done = call("ml.evaluate", make_table(tmp_path / "set"), *arguments)
    first, second, base = json.loads(done.stdout)
    assert [one["encoder"] for one in (first, second, base)] == ["colour", "structure", "colour statistics"]
    assert (first["tiles"], first["places"] < 24) == (24, True)
    low, high = second["intervals"]["precision_10"]
    assert low <= second["precision_10"] <= high


def test_polygons_over_a_raster_are_evaluated(tmp_path: Path) -> None:
    raster = make_raster(tmp_path / "r.tif")
    arguments = ["--raster", raster, "--side", 32, "--encoder", "colour", "--json"]
    done = call("ml.evaluate", make_polygons(tmp_path / "p.geojson"), *arguments)
    assert [one["tiles"] for one in json.loads(done.stdout)] == [44, 44]


def test_a_column_of_numbers_that_is_not_known_is_null_in_json(tmp_path: Path) -> None:
    found, _ = make_report(tmp_path)
    assert report.Report(**{**vars(found), "few_shot": float("nan")}).as_dict()["few_shot"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give either"),
        (["set", "--land-cover", "."], "Give either"),
        (["nowhere"], "does not exist"),
        (["empty"], "no images in sub-folders"),
        (["one"], "needs at least two"),
        (["set/table.csv", "--encoder", "nobody"], "not a model store entry"),
        (["set/field/0.png"], "neither a folder nor"),
        (["p.geojson"], "--raster"),
        (["p.geojson", "--raster", "set/table.csv"], "not a GeoTIFF"),
        (["p.geojson", "--raster", "r.tif", "--label", "kind"], "needs the property 'kind'"),
        (["p.geojson", "--raster", "r.tif", "--side", "0"], "at least 1 px"),
        (["p.geojson", "--raster", "r.tif", "--side", "300"], "covers half of a tile"),
        (["--land-cover", "empty"], "lacks bluemarble_2004-08-01.tif"),
        (["set", "--columns", "third"], "invalid choice"),
        (["set", "--apart", "2"], "does not say where its images lie"),
        (["set/table.csv", "--apart", "-1"], "0 or more"),
    ],
)
def test_bad_input_is_refused_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    make_table(tmp_path / "set")
    make_polygons(tmp_path / "p.geojson")
    make_raster(tmp_path / "r.tif")
    (tmp_path / "empty").mkdir()
    (tmp_path / "one" / "class").mkdir(parents=True)
    picture(RED, 0).save(tmp_path / "one" / "class" / "a.png")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    done = call("ml.evaluate", *arguments)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs the columns"),
        ("a,b\n1,2", "needs the columns"),
        ("path,label\n", "no lines"),
        ("path,label\n0.png,", "line 2"),
        ("path,label\nmissing.png,a", "are missing"),
        ("path,label\n0.png,a\n0.png,b\n0.png,b", "single image of a"),
        ("path,label,lon,lat\n0.png,a,here,1\n0.png,b,1,1\n0.png,a,1,1\n0.png,b,1,1", "'here' is not a lon"),
        ("path,label,lon,lat\n0.png,a,1,91\n0.png,b,1,1\n0.png,a,1,1\n0.png,b,1,1", "'91' is not a lat"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    picture(RED, 0).save(tmp_path / "0.png")
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadLabels, match=message):
        from_table(tmp_path / "t.csv")


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"path,label\n\xff\xfe,a")
    with pytest.raises(BadLabels, match="UTF-8"):
        from_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "not a GeoJSON"),
        ("[]", "not a GeoJSON"),
        ('{"features": []}', "must hold polygons"),
        ('{"features": [{"geometry": {"type": "Point"}, "properties": {}}]}', "must hold polygons; it has Point"),
    ],
)
def test_what_holds_no_polygons_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "p.geojson").write_text(content)
    with pytest.raises(BadLabels, match=message):
        from_polygons(tmp_path / "p.geojson", make_raster(tmp_path / "r.tif"), "label")


@pytest.mark.parametrize(
    ("raster", "message"), [({"dtype": "uint16"}, "8 bits"), ({"crs": None}, "no coordinate reference system")]
)
def test_a_raster_of_another_kind_is_refused(tmp_path: Path, raster: dict[str, str], message: str) -> None:
    with pytest.raises(BadLabels, match=message):
        from_polygons(make_polygons(tmp_path / "p.geojson"), make_raster(tmp_path / "r.tif", **raster), "label")


def test_an_image_that_is_none_is_bad_input(tmp_path: Path) -> None:
    make_folder(tmp_path / "set")
    (tmp_path / "set" / "roof" / "liar.png").write_text("I am a text")
    done = call("ml.evaluate", tmp_path / "set", "--encoder", "colour")
    assert (done.returncode, "liar.png: This is not an image" in done.stderr) == (2, True)


def test_a_table_may_have_been_saved_by_a_spreadsheet(tmp_path: Path) -> None:
    table = make_table(tmp_path / "set")
    rows = list(csv.reader(table.open()))
    table.write_text("\ufeff" + "\r\n".join(",".join(row) for row in rows), encoding="utf-8")
    assert len(from_table(table)) == 24


def test_any_image_file_will_do(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "set", each=2)
    (folder / "roof" / "wide.jpg").write_bytes(encoded(Image.new("RGB", (40, 20)), "JPEG"))
    assert from_folder(folder).read(4).shape == (20, 20, 3)
