"""Own imagery: bands, stretch, dates, projections, zips, lists, labels, deep pictures, copies, repeats."""

import json
import zipfile
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import from_origin
from rasterio.warp import reproject, transform_bounds

from search import galleries, grid, imagery, importing, rasters
from search.errors import BadImagery
from search.imagery.gallery import listed
from search.intake.stretching import Stretching
from search.models import Dataset, Scene, SceneFile
from tests.factories import make_raster, noise, picture_bytes

pytestmark = pytest.mark.django_db


def bring(*paths, slug="own", **changes):
    return importing.import_images(paths, importing.Options(slug=slug, encoder="colour", **changes))


def scene(slug="own", **of):
    return Scene.objects.select_related("product__dataset").get(product__dataset__slug=slug, **of)


def deep(path, low, high, bands=1, **profile):
    """16-bit values from low to high."""
    values = np.linspace(low, high, 64 * 64).reshape(1, 64, 64).repeat(bands, axis=0)
    return make_raster(path, values.astype(np.uint16), **profile)


def test_dates_of_a_product_share_one_stretch(tmp_path):
    bring(deep(tmp_path / "2020-01-01.tif", 0, 1000), deep(tmp_path / "2020-02-01.tif", 1000, 3000))
    first, second = Scene.objects.filter(product__dataset__slug="own")
    assert first.stretch == second.stretch
    assert first.stretch["low"][0] < 100 < 2800 < first.stretch["high"][0]


def test_later_imports_keep_the_products_stretch(tmp_path):
    bring(deep(tmp_path / "2020-01-01.tif", 0, 1000))
    bring(deep(tmp_path / "2020-02-01.tif", 500, 3000))
    first, second = Scene.objects.filter(product__dataset__slug="own")
    assert first.stretch == second.stretch


def test_another_stretch_needs_another_product(tmp_path):
    path = deep(tmp_path / "a.tif", 0, 1000)
    bring(path)
    with pytest.raises(BadImagery, match="another --product"):
        bring(path, stretch=Stretching("given", low=(0,), high=(10,), asked=True))


def test_percentiles_of_one_file_are_exact(tmp_path):
    bring(deep(tmp_path / "a.tif", 0, 1000))
    values = np.linspace(0, 1000, 64 * 64).astype(np.uint16)
    assert scene().stretch["low"] == pytest.approx([np.percentile(values, 2)])


@pytest.mark.parametrize(
    ("how", "limits"),
    [(Stretching("minmax", asked=True), (0, 1000)), (Stretching("given", low=(5,), high=(50,), asked=True), (5, 50)),
     (Stretching(percentiles=(10, 90), asked=True), (100, 900))],
)  # fmt: skip
def test_the_stretch_can_be_chosen(tmp_path, how, limits):
    bring(deep(tmp_path / "a.tif", 0, 1000), stretch=how)
    assert (scene().stretch["low"][0], scene().stretch["high"][0]) == pytest.approx(limits, abs=1)


def test_bands_can_be_chosen(tmp_path):
    data = np.stack([np.full((64, 64), 10 * i, np.uint8) for i in range(1, 17)])
    bring(make_raster(tmp_path / "a.tif", data), bands=(16, 8, 2))
    with imagery.opened(scene()) as reader:
        rgb, valid = reader.area((1, 1, 2, 2), 4, 4)
    assert (rgb[0, 0].tolist(), bool(valid.all())) == ([160, 80, 20], True)


def test_the_no_data_value_that_was_given_is_not_drawn(tmp_path):
    data = noise(1)
    data[:, :, :32] = 7
    bring(make_raster(tmp_path / "a.tif", data), nodata=7)
    with imagery.opened(scene()) as reader:
        _, valid = reader.area((0, 0, 9, 9), 32, 32, resampling="nearest")
    assert 0.4 < valid.mean() < 0.51


def test_floats_with_nan_are_drawn_where_they_are_numbers(tmp_path):
    data = noise(1).astype(np.float32)
    data[:, :, :32] = np.nan
    bring(make_raster(tmp_path / "a.tif", data))
    with imagery.opened(scene()) as reader:
        _, valid = reader.area((0, 0, 9, 9), 32, 32, resampling="nearest")
    assert 0.4 < valid.mean() < 0.51


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [("S2A_MSIL2A_20230615T101031.tif", "MSIL2A_%Y%m%d", date(2023, 6, 15)),
     ("MOD.A2021032.tif", "A%Y%j", date(2021, 2, 1)), ("x_150623.tif", "_%d%m%y", date(2023, 6, 15)),
     ("y2019m03.tif", r"y(?P<year>\d{4})m(?P<month>\d\d)", date(2019, 3, 1))],
)  # fmt: skip
def test_dates_follow_a_pattern_of_the_name(tmp_path, name, pattern, found):
    bring(make_raster(tmp_path / name, noise()), date_pattern=pattern)
    assert scene().date == found


@pytest.mark.parametrize(
    "key", ["TIFFTAG_DATETIME", "DATE_ACQUIRED", "time_coverage_start", "NC_GLOBAL#time_coverage_start"]
)
def test_dates_are_read_from_the_metadata(tmp_path, key):
    path = make_raster(tmp_path / "a.tif", noise())
    value = "2019:07:05 10:00:00" if key.startswith("TIFF") else "2019-07-05T10:00:00Z"
    with rasterio.open(path, "r+") as file:
        file.update_tags(**{key: value})
    bring(path)
    assert scene().date == date(2019, 7, 5)


@pytest.mark.parametrize("epsg", [4326, 3857, 32633, 3035])
def test_any_projection_lands_where_it_should(tmp_path, epsg):
    """A white square of a tenth of a degree at 15.05 E, 45.05 N on black, drawn in each projection."""
    source = np.zeros((1, 400, 400), np.uint8)
    source[:, 180:220, 180:220] = 255
    place = from_origin(14.55, 45.55, 0.0025, 0.0025)
    west, south, east, north = transform_bounds("EPSG:4326", f"EPSG:{epsg}", 14.55, 44.55, 15.55, 45.55)
    target, to = np.zeros((1, 400, 400), np.uint8), from_origin(west, north, (east - west) / 400, (north - south) / 400)
    reproject(source, target, src_transform=place, src_crs="EPSG:4326", dst_transform=to, dst_crs=f"EPSG:{epsg}")
    bring(make_raster(tmp_path / "a.tif", np.maximum(target, 1), crs=f"EPSG:{epsg}", transform=to))
    with imagery.opened(scene()) as reader:
        rgb, _ = reader.area((14.9, 44.9, 15.2, 45.2), 300, 300)
    rows, cols = np.nonzero(rgb[..., 0] > 128)
    assert (cols.mean() / 1000 + 14.9, 45.2 - rows.mean() / 1000) == pytest.approx((15.05, 45.05), abs=0.004)


def test_ground_control_points_give_a_place(tmp_path):
    points = [GroundControlPoint(row, col, 10 + col / 64, 50 - row / 64) for row in (0, 64) for col in (0, 64)]
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", width=64, height=64, count=1, dtype="uint8",
                       gcps=points, crs="EPSG:4326") as file:  # fmt: skip
        file.write(noise(1))
    bring(tmp_path / "a.tif")
    assert scene().bounds == pytest.approx((10, 49, 11, 50), abs=0.05)


@pytest.mark.parametrize(("crs", "west", "step"), [("EPSG:4326", 175, 0.2), ("EPSG:32660", 700_000, 6000)])
def test_a_raster_across_the_date_line_lies_on_both_sides(tmp_path, crs, west, step):
    north = 10 if crs == "EPSG:4326" else 1_000_000
    bring(make_raster(tmp_path / "a.tif", noise(3, 50, 50), crs=crs, transform=from_origin(west, north, step, step)))
    boxes = sorted((file.west, file.east) for file in SceneFile.objects.filter(scene=scene()))
    assert (boxes[0][0], boxes[1][1]) == (-180, 180)
    with imagery.opened(scene()) as reader:
        for place in ((-179.8, 7, -179.0, 7.5), (179.0, 7, 179.8, 7.5)):
            assert reader.area(place, 16, 16)[1].all()


def test_values_are_the_same_on_either_side_of_the_date_line(tmp_path):
    data = noise(1, 50, 50)
    bring(make_raster(tmp_path / "a.tif", data, transform=from_origin(175, 10, 0.2, 0.2)))
    with imagery.opened(scene()) as reader:
        rgb, _ = reader.area((-180, 0, -175, 10), 25, 50, resampling="nearest")
    np.testing.assert_array_equal(rgb[..., 0], data[0, :, 25:])


def test_a_copy_is_a_cog_of_the_same_pixels(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(3, 600, 600))
    bring(path, convert=True)
    copy = SceneFile.objects.get(scene=scene()).path
    with rasterio.open(copy) as file:
        np.testing.assert_array_equal(file.read(), noise(3, 600, 600))
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert importing.home_of(importing.Options(slug="own")) in rasters.Path(copy).parents


def test_another_grid_has_boxes_in_its_own_units(tmp_path):
    bring(make_raster(tmp_path / "a.tif", noise(), bounds=(-60, 70, -30, 80)), tms="GIBS_EPSG3413")
    assert Dataset.objects.get(slug="own").grid.epsg == 3413
    assert max(map(abs, scene().bounds)) > 1e5


def test_what_lies_off_the_grids_world_is_refused(tmp_path):
    with pytest.raises(BadImagery, match="outside"):
        bring(make_raster(tmp_path / "a.tif", noise(), bounds=(0, 86, 9, 89)), tms="WebMercatorQuad")


def test_a_stac_item_says_file_date_and_bands(tmp_path):
    make_raster(tmp_path / "scene.tif", noise(4), bounds=(0, 0, 9, 9))
    bands = [{"name": "B02", "common_name": c} for c in ("blue", "green", "red", "nir")]
    asset = {"href": "scene.tif", "type": "image/tiff; application=geotiff", "roles": ["data"], "eo:bands": bands}
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "one", "geometry": None, "links": [],
            "assets": {"data": asset}, "properties": {"datetime": "2022-03-04T00:00:00Z"}}  # fmt: skip
    (tmp_path / "item.json").write_text(json.dumps(item))
    bring(tmp_path / "item.json")
    assert (scene().date, scene().stretch["bands"]) == (date(2022, 3, 4), [3, 2, 1])


def test_footprints_say_files_and_dates(tmp_path):
    features = [
        {"type": "Feature", "geometry": None, "properties": {"path": f"{i}.tif", "date": f"2021-0{i}-01"}}
        for i in (1, 2)
    ]
    for i in (1, 2):
        make_raster(tmp_path / f"{i}.tif", noise(seed=i))
    (tmp_path / "all.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    bring(tmp_path / "all.geojson")
    assert [s.date for s in Scene.objects.filter(product__dataset__slug="own")] == [date(2021, 1, 1), date(2021, 2, 1)]


def test_class_folders_become_labels(tmp_path):
    for name in ("forest/a.png", "lake/b.jpg", "c.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(
            picture_bytes(seed=len(name), form={"png": "PNG", "jpg": "JPEG"}.get(name[-3:], "WEBP"))
        )
    bring(tmp_path)
    table = listed(scene())
    assert dict(zip(table["name"].to_pylist(), table["label"].to_pylist(), strict=True)) == {
        "a.png": "forest", "b.jpg": "lake", "c.webp": None,
    }  # fmt: skip


def test_a_zips_only_folder_is_no_class(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in (
            "EuroSAT/train/Forest/a.png",
            "EuroSAT/train/River/b.png",
            "__MACOSX/._a.png",
            "EuroSAT/readme.txt",
        ):
            archive.writestr(name, picture_bytes(seed=len(name)))
    bring(tmp_path / "set.zip")
    assert listed(scene())["label"].to_pylist() == ["Forest", "River"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_lists_say_paths_labels_dates_and_more(tmp_path, form):
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(picture_bytes(seed=i))
    rows = {"path": ["0.png", "1.png", "2.png"], "label": ["a", "b", "a"], "date": ["2020-01-01"] * 2 + ["2020-02-01"],
            "camera": ["x", "y", "z"]}  # fmt: skip
    if form == "parquet":
        pq.write_table(pa.table(rows), tmp_path / "list.parquet")
    else:
        lines = [",".join(rows), *(",".join(row) for row in zip(*rows.values(), strict=True))]
        (tmp_path / "list.csv").write_text("\n".join(lines))
    bring(tmp_path / f"list.{form}")
    first = listed(scene(day=importing.storing.keys.day_of(date(2020, 1, 1))))
    assert first["label"].to_pylist() == ["a", "b"]
    assert json.loads(first["meta"][1].as_py()) == {"camera": "y"}


def test_deep_pictures_are_stretched_alike(tmp_path):
    for name, top in (("dark.tif", 500), ("bright.tif", 3000)):
        deep(tmp_path / name, 0, top, bands=4, crs=None, transform=None)
    bring(tmp_path, kind="gallery")
    with imagery.opened(scene()) as reader:
        plan = reader.plan(0)
        bright, dark = (reader.read(plan, i, i + 1, 0, 64).tiles.max() for i in (0, 1))
    assert (bright, dark < 60) == (255, True)


def test_colours_of_sixteen_bits_keep_their_colours(tmp_path):
    data = np.stack([np.full((8, 8), value, np.uint16) for value in (60000, 30000, 0)])
    with rasterio.open(tmp_path / "a.png", "w", driver="PNG", width=8, height=8, count=3, dtype="uint16") as file:
        file.write(data)
    assert galleries.decoded(tmp_path / "a.png")[0, 0].tolist() == [233, 117, 0]


def test_a_repeat_looks_only_at_what_is_new(tmp_path, monkeypatch):
    for i in range(3):
        make_raster(tmp_path / f"{i}.tif", noise(seed=i))
    bring(tmp_path)
    looked, inspect = [], rasters.inspect
    monkeypatch.setattr(
        rasters, "inspect", lambda item, choices: looked.append(item.path.name) or inspect(item, choices)
    )
    make_raster(tmp_path / "3.tif", noise(seed=3))
    bring(tmp_path)
    assert looked == ["3.tif"]
    assert SceneFile.objects.filter(scene=scene()).count() == 4


def test_an_import_that_was_interrupted_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    for i in range(9):
        make_raster(tmp_path / f"{i}.tif", noise(seed=i))
    bring(tmp_path, slug="undisturbed")
    looked, inspect = [], rasters.inspect

    def counted(item, choices):
        looked.append(item.path.name)
        return inspect(item, choices)

    monkeypatch.setattr(rasters, "inspect", counted)
    with pytest.raises(KeyboardInterrupt):
        importing.take_in([tmp_path], importing.Options(slug="own", encoder="colour"), interrupted_after(2))
    before = len(looked)
    bring(tmp_path)
    assert (before < 9, len(looked)) == (True, 9)
    assert (scene().version, scene().stretch) == (scene("undisturbed").version, scene("undisturbed").stretch)


def interrupted_after(count):
    def on_progress(done, total):
        if done > count:
            raise KeyboardInterrupt

    return on_progress


def test_levels_are_those_of_the_datasets_grid(tmp_path):
    bring(make_raster(tmp_path / "a.tif", noise(3, 512, 512)), tms="WebMercatorQuad")
    assert all(level <= grid.MERCATOR.deepest for level in Dataset.objects.get(slug="own").levels())
