import io

import numpy as np
import pytest
from PIL import Image

from search import building, grid, imagery, keys, library, tiles, tilesets
from search.errors import BadImagery, MissingImagery
from search.models import Shard
from tests.factories import add_tiles, build_all, make_tileset, smooth

pytestmark = pytest.mark.django_db
BLACK = np.zeros((512, 512, 3), np.uint8)


def half_black():
    tile = smooth(512).copy()
    tile[:, :256] = 0
    return tile


def read(scene, level, row, col, size=512):
    with imagery.opened(scene) as reader:
        return reader.picture(level, row, col, size)


def plan(scene, level):
    with imagery.opened(scene) as reader:
        return reader.plan(level)


def make_overviews(scene):
    with imagery.opened(scene) as reader:
        return list(reader.make_overviews())


def test_a_downloaded_tile_is_shown_pixel_for_pixel():
    scene = make_tileset()
    rgb, valid = read(scene, 5, 10, 21)
    assert np.array_equal(rgb, np.asarray(Image.open(tilesets.file_of(scene, 5, 10, 21))))
    assert valid.all()


def test_the_scene_lies_where_its_tiles_lie():
    scene = make_tileset()
    assert scene.bounds == (0, -18, 18, 0)
    assert scene.resolution == grid.GEOGRAPHIC.resolution(5)


def test_the_version_depends_on_the_tiles_and_not_on_the_order_they_came_in():
    pieces = {(5, 3, col): smooth(512, col) for col in range(3)}
    whole = make_tileset("whole", pieces)
    parts = make_tileset("parts", {(5, 3, 2): pieces[5, 3, 2]})
    parts = add_tiles(parts.product, 40000, {(5, 3, 1): pieces[5, 3, 1], (5, 3, 0): pieces[5, 3, 0]})
    assert parts.version == whole.version
    assert tilesets.list_path(parts).read_bytes() == tilesets.list_path(whole).read_bytes()


def test_storing_the_same_again_changes_nothing():
    scene = make_tileset()
    again = add_tiles(
        scene.product, 40000, {(5, row, col): smooth(512, row * 9 + col) for row in (10, 11) for col in (20, 21)}
    )
    assert again.version == scene.version


def test_black_tiles_are_listed_but_not_indexed():
    scene = make_tileset(tiles={(5, 3, 3): BLACK, (5, 3, 4): smooth(512)})
    assert len(tilesets.listed(scene)) == 2
    assert len(plan(scene, 5)) == 1


def test_a_scene_without_any_data_has_no_place():
    assert make_tileset(tiles={(5, 3, 3): BLACK}).bounds is None


def test_a_swath_gap_is_no_data_although_jpeg_smears_it():
    _, valid = read(make_tileset(tiles={(5, 3, 3): half_black()}), 5, 3, 3)
    assert not valid[:, :240].any()
    assert valid[:, 272:].all()


def test_transparent_pixels_are_no_data():
    pixels = np.dstack([smooth(512), np.full((512, 512), 255, np.uint8)])
    pixels[:100, :, 3] = 0
    _, valid = read(make_tileset(tiles={(5, 3, 3): pixels}, form="PNG"), 5, 3, 3)
    assert np.array_equal(valid, pixels[..., 3] > 0)


def test_coarser_tiles_are_searchable_too():
    scene = make_tileset()
    assert len(plan(scene, 4)) == 1
    assert plan(scene, 4).bounds.tolist() == [[0, -18, 18, 0]]


def test_a_coarser_tile_is_made_of_its_four_finer_ones():
    scene = make_tileset()
    make_overviews(scene)
    rgb, valid = read(scene, 4, 5, 10)
    quarter = np.asarray(Image.open(tilesets.file_of(scene, 5, 11, 21)).reduce(2))
    assert valid.all()
    assert np.abs(rgb[256:, 256:].astype(int) - quarter).mean() < 3


def test_overviews_reach_the_top_level_and_are_made_once():
    scene = make_tileset()
    assert len(make_overviews(scene)) == 5
    made = tilesets.overviews(scene) / "0/0/0.webp"
    before = made.stat().st_mtime_ns
    make_overviews(scene)
    assert made.stat().st_mtime_ns == before


def test_overviews_of_an_earlier_version_are_swept_away():
    scene = make_tileset()
    make_overviews(scene)
    old = tilesets.overviews(scene)
    scene = add_tiles(scene.product, 40000, {(5, 12, 20): smooth(512)})
    tilesets.sweep(scene)
    assert not old.exists()
    assert tilesets.list_path(scene).exists()


def test_a_finer_tile_is_a_part_of_its_parent_enlarged():
    scene = make_tileset()
    rgb, valid = read(scene, 6, 20, 41)
    parent = np.asarray(Image.open(tilesets.file_of(scene, 5, 10, 20)))
    assert valid.all()
    assert np.array_equal(rgb[::2, ::2], parent[:256, 256:])


def test_where_nothing_was_downloaded_there_is_no_data():
    assert not read(make_tileset(), 5, 15, 30)[1].any()


def test_an_area_across_two_tiles_joins_them():
    scene = make_tileset()
    with imagery.opened(scene) as reader:
        rgb, _ = reader.area((4.5, -9, 13.5, 0), 512, 512)
    left, right = (np.asarray(Image.open(tilesets.file_of(scene, 5, 10, col))) for col in (20, 21))
    assert np.array_equal(rgb, np.hstack([left[:, 256:], right[:, :256]]))


def test_a_damaged_tile_is_named():
    scene = make_tileset()
    tilesets.file_of(scene, 5, 10, 20).write_bytes(b"\xff\xd8 not a picture")
    with pytest.raises(BadImagery, match="is damaged"):
        read(scene, 5, 10, 20)


def test_a_lost_list_says_what_to_do():
    scene = make_tileset()
    tilesets.list_path(scene).unlink()
    with pytest.raises(MissingImagery, match="repeat the import"):
        tilesets.listed(scene)


def test_a_tileset_becomes_a_shard(fresh_library):
    scene = make_tileset()
    building.request(scene, [5, 4], background=False)
    build_all(scene.product.dataset)
    assert list(Shard.objects.order_by("level").filter(scene=scene).values_list("level", "tiles")) == [(4, 1), (5, 4)]


def tiles_indexed(scene, level=5):
    building.request(scene, [level], background=False)
    build_all(scene.product.dataset)
    shard = Shard.objects.get(scene=scene, level=level)
    return library.opened(shard)


def test_complete_only_leaves_out_tiles_with_a_gap(fresh_library):
    scene = make_tileset(tiles={(5, 3, 3): half_black(), (5, 3, 4): smooth(512)}, edges="complete")
    assert tiles_indexed(scene).count == 1


def test_incomplete_tiles_keep_their_share_of_data(fresh_library):
    scene = make_tileset(tiles={(5, 3, 3): half_black(), (5, 3, 4): smooth(512)})
    assert tiles_indexed(scene).column("nodata_share").tolist() == pytest.approx([0.5, 0], abs=0.02)


@pytest.mark.parametrize(("least", "count"), [(0.4, 2), (0.6, 1)])
def test_tiles_below_the_least_valid_share_are_left_out(fresh_library, least, count):
    scene = make_tileset(tiles={(5, 3, 3): half_black(), (5, 3, 4): smooth(512)}, min_valid=least)
    assert tiles_indexed(scene).count == count


def test_the_offset_grid_adds_tiles_between_the_others(fresh_library):
    scene = make_tileset(offset_grid=True)
    columns = tiles_indexed(scene)
    offsets = keys.part_of_many(columns.keys, "offset")
    assert (offsets == 0).sum() == 4
    assert (offsets == 1).sum() == 9  # around and between two by two


def test_an_offset_tile_shows_half_of_each_neighbour():
    scene = make_tileset(offset_grid=True)
    with imagery.opened(scene) as reader:
        rgb, valid = reader.picture(5, 10, 20, 512, offset=1)
    first = np.asarray(Image.open(tilesets.file_of(scene, 5, 10, 20)))
    assert valid.all()
    assert np.array_equal(rgb[:256, :256], first[256:, 256:])


@pytest.mark.parametrize("tms", ["WebMercatorQuad", "GIBS_EPSG3413", "GIBS_EPSG3031"])
def test_tiles_of_other_projections_are_indexed_at_their_place(fresh_library, tms):
    side = grid.GRIDS[tms].tile_size
    scene = make_tileset(tiles={(3, 5, 5): smooth(side)}, tms=tms)
    columns = tiles_indexed(scene, 3)
    west, south, east, north = grid.GRIDS[tms].to_geographic(grid.GRIDS[tms].bounds(3, 5, 5))
    found = [columns.column(name)[0] for name in ("west", "south", "east", "north")]
    assert found == pytest.approx([west, south, east, north])


def test_a_tile_image_of_the_offset_grid_has_its_own_address(client, fresh_library):
    scene = make_tileset(offset_grid=True)
    address = f"/tiles/tiles/layer/{scene.written_day}/5/10/20.png"
    assert client.get(address).content != client.get(f"{address}?offset=1").content
    assert client.get(f"{address}?offset=2").status_code == 400


def test_the_picture_of_a_tile_comes_out_as_it_came_in(client):
    scene = make_tileset()
    tiles.cache.clear()
    answer = client.get(f"/tiles/tiles/layer/{scene.written_day}/5/10/20.png?size=512")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")), read(scene, 5, 10, 20)[0])
