from datetime import date

import numpy as np
import pytest

from search import importing
from search.errors import BadImagery
from search.intake import dating, gathering
from search.models import Dataset, Scene, SceneFile, Shard
from search.models.datasets import GivenNumber
from tests.factories import JANUARY, MARCH, make_gallery, make_map, make_raster, noise, picture_bytes

pytestmark = pytest.mark.django_db


def options(slug="new", **changes):
    return importing.Options(slug=slug, encoder="colour", **changes)


def test_each_date_in_a_file_name_becomes_a_scene():
    dataset = make_map(paths=[JANUARY, MARCH], levels=(4, 5))
    days = [scene.date for scene in Scene.objects.filter(product__dataset=dataset)]
    assert days == [date(2004, 1, 1), date(2004, 3, 1)]
    assert Shard.objects.of(dataset).count() == 4


def test_repeating_an_import_adds_nothing():
    for _ in range(2):
        dataset = make_map(paths=[JANUARY])
    assert SceneFile.objects.filter(scene__product__dataset=dataset).count() == 1
    assert Shard.objects.of(dataset).count() == 1


def test_a_file_that_moved_is_found_again(tmp_path):
    first = make_raster(tmp_path / "a.tif", noise())
    make_map(paths=[first], levels=(5,))
    moved = first.rename(tmp_path / "b.tif")
    dataset = make_map(paths=[moved], levels=(5,))
    assert [f.path for f in SceneFile.objects.filter(scene__product__dataset=dataset)] == [str(moved)]


def test_new_pixels_give_a_new_version(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(seed=1))
    before = Scene.objects.get(product__dataset=make_map(paths=[path], levels=(5,))).version
    make_raster(path, noise(seed=2))
    after = Scene.objects.get(product__dataset=make_map(paths=[path], levels=(5,))).version
    assert before != after


def test_levels_follow_from_the_resolution():
    dataset = importing.import_images([JANUARY], options()).dataset
    assert dataset.levels() == [3, 4, 5]  # 2,048 pixels: a level 5 tile has 51 of its own, a level 6 tile 25


def test_a_file_without_date_is_undated(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise())
    assert Scene.objects.get(product__dataset=make_map(paths=[path], levels=(5,))).date is None


def test_a_folder_of_pictures_becomes_a_gallery(tmp_path):
    dataset = make_gallery(tmp_path / "g", count=3)
    assert dataset.kind == Dataset.Kind.GALLERY
    assert Scene.objects.get(product__dataset=dataset).images == 3


def test_pictures_added_later_keep_the_others_numbers(tmp_path):
    make_gallery(tmp_path / "g", count=2)
    (tmp_path / "g" / "before.png").write_bytes(picture_bytes(seed=9))
    dataset = importing.import_images([tmp_path / "g"], options("pictures")).dataset
    from search.imagery.gallery import listed

    table = listed(Scene.objects.select_related("product__dataset").get(product__dataset=dataset))
    assert table["name"].to_pylist() == ["frame-0.png", "frame-1.png", "before.png"]


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    folder = tmp_path / "g"
    make_gallery(folder, count=1)
    (tmp_path / "secret.png").write_bytes(picture_bytes())
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    assert [item.path for item in gathering.gather([folder], tmp_path).items] == [folder / "frame-0.png"]


def test_bad_files_are_listed_and_the_good_ones_imported(tmp_path):
    make_gallery(tmp_path / "g", count=1)
    (tmp_path / "g" / "words.png").write_text("not a picture")
    report = importing.import_images([tmp_path / "g"], options("pictures"))
    assert [path for path, _ in report.refused] == [str(tmp_path / "g" / "words.png")]
    assert report.scenes[0].images == 1


def test_a_folder_of_nothing_but_bad_files_imports_nothing(tmp_path):
    (tmp_path / "words.png").write_text("not a picture")
    with pytest.raises(BadImagery, match=r"Nothing was imported.*words\.png"):
        importing.import_images([tmp_path], options())
    assert not Dataset.objects.filter(slug="new").exists()


def test_a_raster_of_nothing_but_nan_is_refused(tmp_path):
    path = make_raster(tmp_path / "a.tif", np.full((1, 32, 32), np.nan, np.float32))
    with pytest.raises(BadImagery, match="no data"):
        importing.import_images([path], options())


def test_a_raster_of_nothing_but_nodata_is_refused(tmp_path):
    path = make_raster(tmp_path / "a.tif", np.zeros((3, 32, 32), np.uint8), nodata=0)
    with pytest.raises(BadImagery, match="no data"):
        importing.import_images([path], options())


@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_a_truncated_cog_is_refused(tmp_path, kept):
    path = make_raster(tmp_path / "a.tif", noise(3, 1024, 1024), driver="COG", compress="deflate")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(BadImagery, match=r"cut short|cannot be read|not an image"):
        importing.import_images([path], options(kind="map"))


def test_a_raster_without_a_place_is_refused_for_a_map(tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes())
    with pytest.raises(BadImagery, match="no georeference"):
        importing.import_images([tmp_path / "a.png"], options(kind="map"))


def test_pictures_do_not_go_into_a_map(tmp_path):
    make_map("both", levels=(4,))
    (tmp_path / "a.png").write_bytes(picture_bytes())
    with pytest.raises(BadImagery, match="no place on a map"):
        importing.import_images([tmp_path], options("both"))


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadImagery, match="no file or folder"):
        importing.import_images([tmp_path / "gone"], options())


def test_a_deleted_datasets_number_is_never_given_again():
    number = make_map("first").number
    Dataset.objects.all().delete()  # as the back office does
    assert make_map("second").number > number


def test_a_deleted_products_number_is_never_given_again():
    dataset = make_map("first", product="one")
    dataset.products.all().delete()
    assert make_map("first", product="two").products.get().number == 2


def test_a_dataset_refuses_more_products_than_keys_can_tell_apart():
    make_map("first", product="one")
    Dataset.objects.update(products_given=63)
    with pytest.raises(BadImagery, match="63 products"):
        make_map("first", product="two")


def test_the_site_refuses_more_datasets_than_keys_can_tell_apart():
    GivenNumber.objects.create(number=511)
    with pytest.raises(BadImagery, match="511 datasets"):
        make_map("last")


@pytest.mark.parametrize(
    ("name", "found"),
    [("x_2004-08-01.tif", date(2004, 8, 1)), ("A20040801B.tif", date(2004, 8, 1)), ("2004_08_01", date(2004, 8, 1)),
     ("scene-20041332.tif", None), ("2004-02-30.tif", None), ("tile_123456789.tif", None)],
)  # fmt: skip
def test_dates_are_read_from_file_names(name, found):
    assert dating.in_name(name) == found
