"""Composites of real files: what is made, kept, resumed and recorded."""

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from datetime import date

import numpy as np
import pytest
import rasterio
from django.conf import settings
from django.core.management import CommandError

from search import compositing, imports, joblog
from search.compositing import Recipe, writing
from search.errors import BadQuery, SearchError
from search.imports import composite
from search.models import Dataset, Import, Scene, Shard
from tests.factories import add_tiles, build_all, make_gallery, make_map, make_raster, make_tileset, smooth
from tests.prepared import lay_out
from tests.search.films import answer_of
from tests.webapp.site import Site, until

pytestmark = pytest.mark.django_db
SIDE = 600  # more than two blocks


@pytest.fixture(autouse=True)
def own_data(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()


def day_pixels(day, bands=3, dtype=np.uint8):
    """(bands, SIDE, SIDE): noise of a seed of its own, with a gap (0) that lies elsewhere each day."""
    data = np.random.default_rng(day).integers(1, 255, (bands, SIDE, SIDE)).astype(dtype)
    data[:, :, day * 60 : day * 60 + 120] = 0
    return data


def make_days(folder, days=(1, 2, 3), bands=3, dtype=np.uint8):
    paths = [
        make_raster(folder / f"s_2020-01-{d:02d}.tif", day_pixels(d, bands, dtype), (0, 0, 6, 6), nodata=0)
        for d in days
    ]
    return make_map("days", paths, levels=(5,), product="rgb", title="Days", credit="Nobody")


def made(dataset, **recipe):
    """The finished job."""
    job = imports.start(dataset, "composite", {"product": "rgb", **recipe}, background=False)
    assert imports.run_here(job)
    return job


def pixels(dataset, job, day="2020-01-01"):
    """(bands, h, w) values and (h, w) what of them is data."""
    path = settings.DATA_DIR / "imagery" / dataset.slug / job.summary["product"] / f"{day}.tif"
    with rasterio.open(path) as file:
        return file.read(), file.dataset_mask() > 0


def stacked(days=(1, 2, 3), bands=3):
    values = np.stack([day_pixels(day, bands) for day in days])
    return values, (values != 0).all(axis=1)


def test_a_median_is_the_formula_pixel_for_pixel(tmp_path):
    dataset = make_days(tmp_path)
    found, known = pixels(dataset, made(dataset, method="median", days=3))
    values, valid = stacked()
    expected = np.nanmedian(np.where(valid[:, None], values, np.nan), axis=0)
    assert known.all()
    assert np.array_equal(found, np.floor(expected + 0.5))


def test_gaps_are_filled_and_the_record_says_how_much_from_which_day(tmp_path):
    dataset = make_days(tmp_path)
    job = made(dataset, method="fill_gaps", days=1)
    found, _ = pixels(dataset, job, "2020-01-02")
    values, valid = stacked()
    expected = np.where(valid[1], values[1], np.where(valid[0], values[0], values[2]))
    assert np.array_equal(found, expected)
    told = job.summary["dates"]["2020-01-02"]
    assert told["taken"] == {"-1": 0.1, "+0": 0.8, "+1": 0.1}
    assert (told["filled"], told["gaps"]) == (0.2, 0.0)


def test_a_gap_that_no_near_day_fills_stays_one(tmp_path):
    dataset = make_days(tmp_path, days=(1, 9))
    job = made(dataset, method="fill_gaps", days=3)
    _, known = pixels(dataset, job, "2020-01-01")
    assert np.array_equal(known, stacked((1,))[1][0])
    assert job.summary["dates"]["2020-01-01"]["gaps"] == 0.2


def test_the_least_cloudy_day_is_taken_and_recorded(tmp_path):
    dataset = make_days(tmp_path)
    job = made(dataset, method="least_cloudy", days=3)
    found, _ = pixels(dataset, job)
    values, valid = stacked()
    best = np.where(valid, values.min(axis=1).astype(int), 999).argmin(axis=0)
    assert np.array_equal(found, np.take_along_axis(values, best[None, None], axis=0)[0])
    assert sum(job.summary["dates"]["2020-01-01"]["taken"].values()) == pytest.approx(1, abs=1e-5)


def test_measured_values_stay_what_they_are(tmp_path):
    dataset = make_days(tmp_path, bands=1, dtype=np.float32)
    found, _ = pixels(dataset, made(dataset, method="least_cloudy", days=3))
    assert found.dtype == np.float32
    values, valid = stacked(bands=1)
    assert np.array_equal(found[0], np.where(valid, values[:, 0], 0).max(axis=0))


def test_a_composite_is_a_product_with_its_recipe_and_a_scene_to_search(tmp_path):
    dataset = make_days(tmp_path)
    job = made(dataset, method="median", days=3)
    product = dataset.products.get(name="rgb-median-3d")
    assert product.source["composite"] == {"product": "rgb", "method": "median", "days": 3, "step": 3}
    assert (product.title, product.credit) == ("Days, median, 3 days", "Nobody")
    scene = Scene.objects.get(product=product)
    assert scene.bounds == pytest.approx((0, 0, 6, 6))
    build_all(dataset)
    assert Shard.objects.get(scene=scene).status == "ready"
    assert job.summary["dates"]["2020-01-01"]["days"] == ["2020-01-01", "2020-01-02", "2020-01-03"]


def test_each_date_is_a_cog(tmp_path):
    dataset = make_days(tmp_path)
    product = made(dataset, days=3).summary["product"]
    with rasterio.open(settings.DATA_DIR / "imagery/days" / product / "2020-01-01.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (file.profile["tiled"], file.compression.name, file.crs.to_epsg()) == (True, "deflate", 4326)
        assert file.overviews(1)


def test_windows_of_days_and_their_steps(tmp_path):
    dataset = make_days(tmp_path, days=(1, 2, 3, 5))
    dates = made(dataset, days=2).summary["dates"]
    assert {day: told["days"] for day, told in dates.items()} == {
        "2020-01-01": ["2020-01-01", "2020-01-02"], "2020-01-03": ["2020-01-03"], "2020-01-05": ["2020-01-05"],
    }  # fmt: skip


def test_days_without_any_scene_are_told(tmp_path):
    job = made(make_days(tmp_path, days=(1, 9)), days=2)
    assert job.summary["empty"] == ["2020-01-03", "2020-01-05", "2020-01-07"]
    assert any("No scene for 3 dates" in line for line in map(str, joblog.tail(job, 20)))


def test_a_single_day_is_itself(tmp_path):
    dataset = make_days(tmp_path, days=(1,))
    found, known = pixels(dataset, made(dataset, days=1))
    assert np.array_equal(found, day_pixels(1))
    assert np.array_equal(known, stacked((1,))[1][0])


def test_downloaded_tiles_keep_their_pixels():
    scene = make_tileset(form="PNG", day=40000)
    later = {(5, 10, 20): smooth(512, seed=77)}
    add_tiles(scene.product, 40001, later, "PNG")
    job = made(scene.product.dataset, product="layer", method="fill_gaps", days=1)
    found, known = pixels(scene.product.dataset, job, scene.written_day)
    assert found.shape == (3, 1024, 1024)
    assert known.all()
    assert np.array_equal(np.moveaxis(found[:, :512, :512], 0, -1), smooth(512, seed=10 * 9 + 20))


def test_a_second_run_makes_nothing_again(tmp_path):
    dataset = make_days(tmp_path)
    first = made(dataset, method="fill_gaps", days=1)
    again = made(dataset, method="fill_gaps", days=1)
    assert (first.summary["made"], again.summary["made"], again.summary["kept"]) == (3, 0, 3)
    assert again.summary["dates"] == first.summary["dates"]


def test_new_imagery_makes_only_the_dates_it_touches_again(tmp_path):
    made(make_days(tmp_path), method="fill_gaps", days=1)
    dataset = make_days(tmp_path, days=(1, 2, 3, 4))
    assert made(dataset, method="fill_gaps", days=1).summary["made"] == 2


def stop_at(job, count):
    """A progress listener that cancels the job at its count-th report."""
    seen = []

    def listen(done, total):
        seen.append(done)
        if len(seen) == count:
            Import.objects.filter(pk=job.pk).cancel()

    return listen


def test_cancelled_it_leaves_whole_dates_only_and_goes_on_from_them(tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "PAUSE", 0)
    dataset = make_days(tmp_path)
    job = imports.start(dataset, "composite", {"product": "rgb", "method": "fill_gaps", "days": 1}, background=False)
    assert imports.run_here(job, stop_at(job, 4)) is False
    home = settings.DATA_DIR / "imagery/days/rgb-fill-gaps-1d"
    before = sorted(path.name for path in home.iterdir())
    assert 0 < len(before) < 3
    assert not (job.folder / "staging").exists()
    Import.objects.filter(pk=job.pk).retry()
    assert imports.run_here(Import.objects.get(pk=job.pk))
    job.refresh_from_db()
    assert (job.summary["kept"], job.summary["made"]) == (len(before), 3 - len(before))


def test_a_half_written_file_is_made_again(tmp_path):
    dataset = make_days(tmp_path)
    first = made(dataset, days=3)
    path = settings.DATA_DIR / "imagery/days" / first.summary["product"] / "2020-01-01.tif"
    whole = path.read_bytes()
    path.write_bytes(b"II*\0")
    made(dataset, days=3)
    assert path.read_bytes() == whole, "and its bytes are the same"


def test_memory_is_bounded_by_windows_not_by_the_size(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "BUDGET", 2**20)
    data = np.full((3, 64, 64), 9, np.uint8)
    paths = [make_raster(tmp_path / f"s_2020-01-0{d}.tif", data, (0, 0, 64, 64)) for d in (1, 2)]
    dataset = make_map("days", paths, levels=(5,), product="rgb")
    Scene.objects.update(resolution=64 / 4096)  # 16.8 megapixels a day
    tracemalloc.start()
    made(dataset, days=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * 2**20, f"{peak / 2**20:.0f} MB; one day whole is 50 MB"


@pytest.mark.parametrize(
    ("recipe", "message"),
    [({"product": "none"}, "It has: rgb"), ({"method": "magic"}, "choose median"), ({"days": 0}, "days is 0"),
     ({"days": 1.5}, "days is 1.5"), ({"step": 400}, "step is 400"), ({"from": "soon"}, "not a date"),
     ({"from": "2020-02-01", "to": "2020-01-01"}, "after the last"),
     ({"from": "2021-01-01", "to": "2021-02-01"}, "no scene"), ({"colour": 1}, "no option colour"),
     ({"name": "a b"}, "cannot be a product's name"), ({"name": "rgb"}, "a name of its own"),
     ({"product": None}, "which product"), ({"levels": "all"}, "list of whole numbers")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_and_nothing_is_left(tmp_path, recipe, message):
    dataset = make_days(tmp_path, days=(1,))
    job = imports.start(dataset, "composite", {"product": "rgb", **recipe}, background=False)
    with pytest.raises(SearchError, match=message):
        imports.run_here(job)
    assert (job.status, dataset.products.count()) == ("failed", 1)


def test_a_name_that_another_recipe_has_is_refused(tmp_path):
    dataset = make_days(tmp_path)
    made(dataset, days=3, name="mine")
    with pytest.raises(BadQuery, match="made in another way"):
        compositing.run(dataset, Recipe.from_json({"product": "rgb", "days": 2, "name": "mine"}), None)


def test_undated_imagery_has_no_days(tmp_path):
    make_map("days", [make_raster(tmp_path / "a.tif", day_pixels(1))], levels=(5,), product="rgb")
    with pytest.raises(BadQuery, match="has no dates"):
        compositing.planned(Dataset.objects.get(slug="days"), Recipe("rgb", name="x"))


def test_a_gallery_has_no_days(tmp_path):
    with pytest.raises(BadQuery, match="is a gallery"):
        compositing.planned(make_gallery(tmp_path / "g"), Recipe("images", name="x"))


def test_the_module_is_found_by_its_kind():
    assert composite.run


def test_the_command_makes_one(tmp_path):
    make_days(tmp_path)
    told = answer_of("composite", "days", "--product", "rgb", "--days", 3, "--from", date(2020, 1, 1), "--json")
    assert (told["status"], told["product"], told["made"]) == ("ready", "rgb-median-3d", 1)


def test_the_command_says_what_is_wrong_before_it_begins(tmp_path):
    make_days(tmp_path, days=(1,))
    with pytest.raises(CommandError, match="no product 'x'"):
        answer_of("composite", "days", "--product", "x")
    assert not Import.objects.filter(kind="composite").exists()


def manage(site, *arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)], cwd=settings.BASE_DIR, env=site.environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def composites(site):
    return {path.name: path.read_bytes() for path in sorted((site.data / "imagery").rglob("*.tif"))}


def begin(site, folder):
    """Six days imported; the composite's command."""
    paths = [make_raster(folder / f"s_2020-01-{d:02d}.tif", day_pixels(d), (0, 0, 6, 6), nodata=0) for d in range(1, 7)]
    made = manage(site, "import_images", *paths, "--dataset", "days", "--product", "rgb", "--encoder", "colour")
    assert made.wait() == 0
    return "composite", "days", "--product", "rgb", "--method", "fill_gaps", "--days", 2, "--json"


def test_killed_in_the_middle_the_next_run_ends_with_the_same_bytes(prepared, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    undisturbed, killed = (Site(lay_out(prepared, tmp_path / name)) for name in "ab")
    for site in (undisturbed, killed):
        command = begin(site, folder)
        running = manage(site, *command)
        if site is killed:
            until(lambda: len(composites(killed)) >= 2, 60)
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
            before = len(composites(killed))
            told = json.loads(manage(site, *command).communicate()[0])
            assert (told["kept"], told["made"]) == (before, 6 - before)
        assert running.wait() in (0, -signal.SIGKILL)
    assert len(composites(killed)) == 6
    assert composites(killed) == composites(undisturbed)
