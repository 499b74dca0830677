import json
import shutil
from datetime import timedelta

import numpy as np
import pytest
from celery import current_app
from django.utils import timezone

from ml.shards import ShardWriter
from search import building, library, measuring, tasks
from search.errors import BadQuery, Cancelled
from search.models import Scene, Shard, Status
from search.models.buildable import ATTEMPTS, LEASE, this_worker
from tests.factories import JANUARY, build_all, make_gallery, make_map, make_raster, noise

pytestmark = pytest.mark.django_db


def one(dataset):
    return Shard.objects.of(dataset).get()


def test_a_built_shard_has_every_tile_and_its_metrics():
    shard = one(build_all(make_map()))
    columns = library.opened(shard)
    assert (shard.status, shard.tiles, columns.count) == (Status.READY, 200, 200)
    assert columns.column("nodata_share").max() == 0
    assert 0 < columns.column("luminance").mean() < 255


def test_the_folder_is_readable_by_anyones_tools():
    import pyarrow.parquet as pq

    shard = one(build_all(make_map()))
    assert {p.name for p in shard.path().iterdir()} == {"tiles.parquet", "vectors.npy", "shard.json"}
    assert np.load(shard.path() / "vectors.npy").shape == (200, shard.encoder.dim)
    assert pq.read_table(shard.path() / "tiles.parquet").num_rows == 200
    assert json.loads((shard.path() / "shard.json").read_text())["level"] == 4


def test_tiles_without_data_are_left_out(tmp_path):
    data = noise(3, 256, 256)
    data[:, :, 128:] = 0
    path = make_raster(tmp_path / "a.tif", data, (0, 0, 36, 36), nodata=0)
    assert one(build_all(make_map(paths=[path], levels=(5,)))).tiles == 8


def test_a_gallery_is_built_like_a_map(tmp_path):
    shard = one(build_all(make_gallery(tmp_path / "g", count=3)))
    columns = library.opened(shard)
    assert columns.count == 3
    assert columns.column("name").tolist() == ["frame-0.png", "frame-1.png", "frame-2.png"]
    assert columns.column("nodata_share").max() == 0


def test_only_one_worker_gets_a_shard():
    shard = one(make_map())
    twin = Shard.objects.get(pk=shard.pk)
    assert shard.claim()
    assert not twin.claim()


def test_a_redelivered_task_does_nothing():
    shard = one(build_all(make_map()))
    tasks.build_shard(shard.pk)
    assert Shard.objects.get(pk=shard.pk).folder == shard.folder


def test_a_task_for_a_deleted_shard_does_nothing():
    assert tasks.build_shard(987654) is None


def test_a_failure_is_kept_and_tried_again(monkeypatch):
    shard = one(make_map())
    monkeypatch.setattr(measuring.metrics, "compute", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.build_shard(shard.pk)
    shard.refresh_from_db()
    assert (shard.status, shard.attempts) == (Status.WAITING, 1)
    assert "ZeroDivisionError" in shard.error


def test_after_three_failures_it_is_given_up(monkeypatch):
    shard = one(make_map())
    monkeypatch.setattr(measuring.metrics, "compute", lambda *_: 1 / 0)
    for _ in range(ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            tasks.build_shard(shard.pk)
    assert Shard.objects.get(pk=shard.pk).status == Status.FAILED
    tasks.build_shard(shard.pk)  # nobody takes it any more


def test_a_shard_whose_worker_fell_silent_is_taken_over():
    shard = one(make_map())
    shard.claim()
    Shard.objects.update(heartbeat_at=timezone.now() - LEASE - timedelta(seconds=1), worker="elsewhere:1:1")
    assert Shard.objects.get(pk=shard.pk).claim()


def test_a_shard_whose_worker_died_here_is_put_back_at_once():
    shard = one(make_map())
    shard.claim()
    host, pid, _ = this_worker().rsplit(":", 2)
    Shard.objects.update(worker=f"{host}:{pid}:1")  # the same pid, begun at another time
    assert Shard.objects.release_dead() == 1
    assert Shard.objects.get(pk=shard.pk).status == Status.WAITING


def test_a_living_workers_shard_is_left_alone():
    one(make_map()).claim()
    assert Shard.objects.release_dead() == 0


def test_a_cancelled_build_stops_and_stays_cancelled():
    shard = one(make_map())
    shard.claim()
    Shard.objects.filter(pk=shard.pk).cancel()
    with pytest.raises(Cancelled):
        shard.report(1, 2)
    assert not building.build_here(Shard.objects.get(pk=shard.pk))


def test_a_shard_whose_folder_another_process_holds_waits_untried():
    shard = one(make_map())
    with ShardWriter(
        building.home(shard) / building.BUILDING, keys=[1], bounds=np.zeros((1, 4)), dim=1, fingerprint="x"
    ):
        assert not building.build_here(shard)
    assert (shard.status, shard.attempts) == (Status.WAITING, 0)


def test_an_interrupted_build_continues_where_it_stopped(monkeypatch):
    shard, read, real = one(make_map()), [], measuring.metrics.compute

    def dies_at_the_third(tiles, valid):
        read.append(len(tiles))
        if len(read) == 3:
            raise KeyboardInterrupt
        return real(tiles, valid)

    monkeypatch.setattr(measuring.metrics, "compute", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        building.build_here(shard)
    assert shard.done == sum(read[:2])
    assert building.build_here(Shard.objects.get(pk=shard.pk))
    assert sum(read) == 200 + read[2]


def test_new_imagery_rebuilds_and_the_old_answers_meanwhile(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(seed=1), (0, 0, 18, 18))
    before = one(build_all(make_map(paths=[path], levels=(5,))))
    make_raster(path, noise(seed=2), (0, 0, 18, 18))
    waiting = one(make_map(paths=[path], levels=(5,)))
    assert (waiting.status, waiting.folder) == (Status.WAITING, before.folder)
    after = one(build_all(waiting.scene.product.dataset))
    assert after.folder != before.folder
    assert not before.path().exists()


@pytest.fixture
def empty_queue():
    current_app.control.purge()
    yield
    current_app.control.purge()


@pytest.mark.usefixtures("empty_queue")
def test_requeue_sends_what_waits_once():
    make_map(levels=(3, 4))
    tasks.requeue()
    assert tasks.in_broker("celery") == 2
    tasks.requeue()
    assert tasks.in_broker("celery") == 2


@pytest.mark.usefixtures("empty_queue")
def test_what_the_broker_lost_is_sent_again():
    make_map()
    tasks.requeue()
    current_app.control.purge()
    tasks.requeue()
    assert tasks.in_broker("celery") == 1


def test_imagery_that_changed_during_a_build_is_built_again():
    shard = one(build_all(make_map()))
    Scene.objects.filter(pk=shard.scene_id).update(version="other")
    tasks.requeue()
    assert Shard.objects.get(pk=shard.pk).status == Status.WAITING


def test_folders_nobody_points_at_are_swept_away():
    shard = one(build_all(make_map()))
    orphan = shard.path().with_name("orphan")
    shutil.copytree(shard.path(), orphan)
    building.sweep_folders()
    assert shard.path().exists()
    assert not orphan.exists()


def test_a_level_where_the_imagery_has_no_tile_says_so(tmp_path):
    shard = one(make_gallery(tmp_path / "g", count=1))
    Shard.objects.filter(pk=shard.pk).update(level=3)
    with pytest.raises(Exception, match="level 0 only"):
        building.build_here(Shard.objects.get(pk=shard.pk))


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(Exception, match="no level 14"):
        make_map("deep", [JANUARY], levels=(14,))


def test_bad_query_is_what_an_empty_plan_raises():
    shard = one(make_map())
    shard.scene.files.all().delete()
    with pytest.raises(BadQuery, match="no tiles"):
        building.build_here(shard)


def test_a_damaged_folder_is_kept_a_week():
    shard = one(build_all(make_map()))
    building.set_aside(shard, "for the test")
    aside = shard.path().with_name(f"damaged-{shard.path().name}")
    building.sweep_folders()
    assert aside.exists()


def test_after_a_week_a_damaged_folder_goes(monkeypatch):
    shard = one(build_all(make_map()))
    building.set_aside(shard, "for the test")
    aside = shard.path().with_name(f"damaged-{shard.path().name}")
    monkeypatch.setattr(building, "LOOK", -1)
    building.sweep_folders()
    assert not aside.exists()


def test_a_waiting_shard_already_says_how_large_it_will_be():
    assert one(make_map()).total == 200


def test_a_waiting_gallery_too(tmp_path):
    assert one(make_gallery(tmp_path / "g", count=3)).total == 3
