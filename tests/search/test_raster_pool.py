"""Open rasters: lent to one thread at a time, bounded, and never of a file that has changed."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rasterio.errors import RasterioIOError

from search.imagery.pool import Pool
from search.imagery.raster import RasterReader
from search.models import Scene
from tests.factories import make_map, make_raster, noise


@pytest.fixture
def path(tmp_path):
    return str(make_raster(tmp_path / "a.tif", noise()))


def test_a_raster_is_opened_once_for_one_after_the_other(path):
    pool = Pool(lambda: 4)
    for _ in range(3):
        with pool.lent(path) as reader:
            assert reader.dataset.count == 3
    assert (pool.hits, pool.misses, len(pool)) == (2, 1, 1)


def test_two_threads_never_have_the_same_one(path):
    pool, lent, both = Pool(lambda: 4), [], threading.Barrier(2, timeout=5)

    def borrow():
        with pool.lent(path) as reader:
            lent.append(id(reader.dataset))
            both.wait()

    with ThreadPoolExecutor(2) as threads:
        for one in [threads.submit(borrow) for _ in range(2)]:
            one.result()
    assert len(set(lent)) == 2


def test_the_longest_idle_is_closed_beyond_the_bound(tmp_path):
    pool = Pool(lambda: 2)
    paths = [str(make_raster(tmp_path / f"{i}.tif", noise())) for i in range(3)]
    datasets = []
    for path in paths:
        with pool.lent(path) as reader:
            datasets.append(reader.dataset)
    assert [dataset.closed for dataset in datasets] == [True, False, False]


def test_a_file_that_changed_is_opened_anew(path, tmp_path):
    pool = Pool(lambda: 4)
    with pool.lent(path) as reader:
        old = reader.dataset
    shutil.copy(make_raster(tmp_path / "b.tif", noise(bands=1)), path)
    with pool.lent(path) as reader:
        assert reader.dataset.count == 1
    assert old.closed


def fail_with(reader, datasets):
    datasets.append(reader.dataset)
    raise ZeroDivisionError


def test_one_that_failed_is_not_used_again(path):
    pool, datasets = Pool(lambda: 4), []
    with pytest.raises(ZeroDivisionError), pool.lent(path) as reader:
        fail_with(reader, datasets)
    assert (datasets[0].closed, len(pool)) == (True, 0)


def test_a_file_that_is_not_there_is_rasterios_error():
    with pytest.raises(RasterioIOError), Pool(lambda: 4).lent("/nowhere.tif"):
        pass


@pytest.mark.django_db
def test_only_files_that_the_tile_touches_are_looked_up(tmp_path):
    east = [make_raster(tmp_path / f"{i}.tif", noise(seed=i), (10 * i, 0, 10 * i + 9, 9)) for i in range(5)]
    scene = Scene.objects.select_related("product__dataset").get(product__dataset=make_map("many", east))
    with CaptureQueriesContext(connection) as asked:
        files = RasterReader(scene, (12.0, 1.0, 13.0, 2.0)).files
    assert ([file.path for file in files], len(asked)) == ([str(east[1])], 1)
