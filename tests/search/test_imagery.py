import numpy as np
import pytest
from rasterio.transform import from_bounds

from search import grid, imagery
from search.errors import BadImagery, MissingImagery, NoSuchTile
from search.models import Scene
from tests.factories import make_gallery, make_map, make_raster, noise, picture_bytes

pytestmark = pytest.mark.django_db


def scene_of(dataset):
    return Scene.objects.select_related("product__dataset").get(product__dataset=dataset)


def test_a_tile_shows_the_pixels_that_lie_there(tmp_path):
    data = np.zeros((3, 64, 64), np.uint8)
    data[0, :32, :32], data[1, 32:, 32:] = 200, 100  # red north-west, green south-east
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", data, (0, 0, 18, 18))], levels=(5,)))
    with imagery.opened(scene) as reader:
        north_west = reader.picture(5, *grid.GEOGRAPHIC.tile_at(4.5, 13.5, 5), 32)[0]
        south_east = reader.picture(5, *grid.GEOGRAPHIC.tile_at(13.5, 4.5, 5), 32)[0]
    assert north_west[8, 8].tolist() == [200, 0, 0]
    assert south_east[24, 24].tolist() == [0, 100, 0]


def test_the_plan_has_every_tile_the_raster_touches(tmp_path):
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", noise(), (1, 1, 17, 17))], levels=(5,)))
    with imagery.opened(scene) as reader:
        plan = reader.plan(5)
    assert len(plan) == 4
    assert plan.bounds.min(axis=0).tolist() == [0, 0, 9, 9]
    assert (np.diff(plan.keys) > 0).all()


def test_tiles_read_in_a_strip_equal_tiles_read_alone(tmp_path):
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", noise(3, 256, 256), (0, 0, 36, 36))], levels=(5,)))
    with imagery.opened(scene) as reader:
        plan = reader.plan(5)
        strip = reader.read(plan, 0, 4, 5, 64)
        alone = [reader.read(plan, i, i + 1, 5, 64).tiles[0] for i in range(4)]
    inner = np.s_[:, 2:-2, 2:-2]
    assert np.abs(strip.tiles[inner].astype(int) - np.stack(alone)[inner]).max() <= 1


def test_outside_the_raster_there_is_no_data(tmp_path):
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", noise(), (0, 0, 4.5, 9))], levels=(5,)))
    with imagery.opened(scene) as reader:
        pixels = reader.read(reader.plan(5), 0, 1, 5, 32)
    assert pixels.valid[0, :, :15].all()
    assert not pixels.valid[0, :, 17:].any()


def test_a_raster_of_another_projection_lands_where_it_lies(tmp_path):
    transform = from_bounds(1_000_000, 0, 2_000_000, 1_000_000, 64, 64)
    path = make_raster(tmp_path / "a.tif", noise(), crs="EPSG:3857", transform=transform)
    scene = scene_of(make_map(paths=[path], levels=(5,)))
    assert scene.west == pytest.approx(8.9832, abs=1e-3)
    assert scene.north == pytest.approx(8.9466, abs=1e-3)


def test_nan_pixels_are_no_data(tmp_path):
    data = np.random.default_rng(0).normal(size=(1, 64, 64)).astype(np.float32)
    data[0, :, 32:] = np.nan
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", data)], levels=(5,)))
    with imagery.opened(scene) as reader:
        pixels = reader.read(reader.plan(5), 0, 1, 5, 64)
    assert pixels.valid[0, :, :30].all()
    assert not pixels.valid[0, :, 34:].any()


def test_sixteen_bit_values_are_stretched_to_eight(tmp_path):
    data = np.linspace(1000, 3000, 64 * 64, dtype=np.uint16).reshape(1, 64, 64)
    scene = scene_of(make_map(paths=[make_raster(tmp_path / "a.tif", data)], levels=(5,)))
    with imagery.opened(scene) as reader:
        tile = reader.read(reader.plan(5), 0, 1, 5, 64).tiles[0]
    assert tile.min() == 0
    assert tile.max() == 255


def test_two_files_of_one_day_make_one_picture(tmp_path):
    west = make_raster(tmp_path / "w_2020-01-01.tif", noise(seed=1), (0, 0, 4.5, 9))
    east = make_raster(tmp_path / "e_2020-01-01.tif", noise(seed=2), (4.5, 0, 9, 9))
    scene = scene_of(make_map(paths=[west, east], levels=(5,)))
    with imagery.opened(scene) as reader:
        assert reader.read(reader.plan(5), 0, 1, 5, 64).valid.all()


def test_a_raster_that_was_moved_away_says_so(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise())
    scene = scene_of(make_map(paths=[path], levels=(5,)))
    path.unlink()
    with imagery.opened(scene) as reader, pytest.raises(MissingImagery, match="gone"):
        reader.picture(5, *grid.GEOGRAPHIC.tile_at(1, 1, 5), 32)


def test_a_raster_cut_short_after_its_import_says_so(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(3, 512, 512))
    scene = scene_of(make_map(paths=[path], levels=(5,)))
    path.write_bytes(path.read_bytes()[:100_000])
    with imagery.opened(scene) as reader, pytest.raises(BadImagery, match="truncated"):
        reader.picture(5, *grid.GEOGRAPHIC.tile_at(1, 1, 5), 512)


def test_a_gallery_picture_is_one_whole_tile(tmp_path):
    scene = scene_of(make_gallery(tmp_path / "g", count=1))
    with imagery.opened(scene) as reader:
        rgb, valid = reader.picture(0, 0, 0, 90)
    assert rgb.shape == (90, 90, 3)
    assert valid.sum() == 90 * 60
    assert valid[15:75].all()


def test_a_picture_number_that_does_not_exist_is_refused(tmp_path):
    scene = scene_of(make_gallery(tmp_path / "g", count=2))
    with imagery.opened(scene) as reader, pytest.raises(NoSuchTile, match="number 2"):
        reader.picture(0, 0, 2, 64)


def test_a_gallery_file_that_changed_into_nonsense_says_so(tmp_path):
    scene = scene_of(make_gallery(tmp_path / "g", count=1))
    (tmp_path / "g" / "frame-0.png").write_bytes(picture_bytes()[:100])
    with imagery.opened(scene) as reader, pytest.raises(BadImagery, match="frame-0"):
        reader.picture(0, 0, 0, 64)
