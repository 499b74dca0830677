"""Metrics added to shards that were made before there were any, without embedding them again."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from ml.metrics import METRICS
from ml.shards import Shard as Columns
from ml.shards.files import TILES, write_manifest
from search import building, importing, library, measuring
from search.dashboard import coverage
from search.errors import BadImagery
from search.models import Dataset, Encoder, Shard, Status
from search.models.buildable import this_worker
from tests.factories import build_all, make_gallery, make_map, make_raster, make_tileset, noise

NEW = ["contrast", "saturation", "snr", "entropy", "cloud_share", "file_bytes"]
FIXED = [metric.name for metric in METRICS]


def one(dataset: Dataset) -> Shard:
    return Shard.objects.select_related("scene__product__dataset", "encoder").get(scene__product__dataset=dataset)


def small_map(folder: Path, slug: str = "m", **options: object) -> Dataset:
    """One noisy raster of 9 × 9 degrees: 25 tiles of level 7."""
    return make_map(slug, [make_raster(folder / f"{slug}.tif", noise())], levels=(7,), **options)


def made_before(shard: Shard) -> Shard:
    """As an older version left it: without the newer columns."""
    folder = shard.path()
    columns = Columns.open(folder)
    pq.write_table(pq.read_table(folder / TILES).drop_columns(NEW), folder / TILES)
    write_manifest(folder, {key: value for key, value in columns.meta.items() if key not in ("files", "sha256")})
    Shard.objects.filter(pk=shard.pk).update(measured="")
    shard.refresh_from_db()
    return shard


def again(shard: Shard) -> Shard:
    measuring.request(shard.scene.product.dataset, background=False)
    shard.refresh_from_db()
    building.build_here(shard)
    shard.refresh_from_db()
    return shard


def content(shard: Shard) -> dict[str, np.ndarray]:
    columns = Columns.open(shard.path())
    return {name: columns.column(name) for name in columns.columns}


@pytest.fixture
def built(db, tmp_path) -> Shard:
    return one(build_all(small_map(tmp_path)))


def test_a_built_shard_has_every_metric_and_its_row_says_so(built):
    assert set(FIXED) <= set(content(built))
    assert built.measured == str(measuring.metrics.VERSION)
    assert measuring.behind(built.scene.product.dataset) == []


def test_an_older_shard_gets_what_a_new_one_has(built):
    before = content(built)
    assert set(NEW).isdisjoint(content(made_before(built)))
    found = content(again(built))
    assert built.status == Status.READY
    for name, column in before.items():
        np.testing.assert_array_equal(found[name], column)


def test_nothing_is_embedded_again(built, monkeypatch):
    inode = (made_before(built).path() / "vectors.npy").stat().st_ino
    monkeypatch.setattr(Encoder, "load", lambda _: 1 / 0)
    assert (again(built).path() / "vectors.npy").stat().st_ino == inode


def test_the_old_folder_is_gone_and_the_new_one_whole(built):
    old = made_before(built).path()
    assert again(built).path() != old
    assert not old.exists()
    assert not [path for path in old.parent.iterdir() if path.name.startswith(".") or path.name == measuring.WORK]
    Columns.open(built.path(), verify=True)


def test_searches_find_the_old_columns_until_the_new_are_there(built, monkeypatch):
    seen = []
    monkeypatch.setattr(measuring, "tell", lambda shard, *_: seen.append(library.opened(shard).count))
    again(made_before(built))
    assert seen
    assert all(count == built.tiles for count in seen)


def test_a_filter_on_a_metric_that_a_shard_lacks_finds_nothing_and_does_not_fail(built, client):
    made_before(built)
    key, slug = str(content(built)["key"][0]), built.scene.product.dataset.slug
    for filters, count in (({"contrast": [0, None]}, 0), ({"luminance": [0, None]}, built.tiles - 1)):
        body = {"positives": [key], "metrics": filters, "k": 1000}
        answer = client.post(f"/api/v1/datasets/{slug}/search", body, content_type="application/json")
        assert answer.status_code == 200
        assert len(answer.json()["results"]) == count
    assert client.get(f"/api/v1/datasets/{slug}/tiles/{key}/").json()["metrics"]["contrast"] is None
    again(built)
    assert client.get(f"/api/v1/datasets/{slug}/tiles/{key}/").json()["metrics"]["contrast"] > 0


def test_a_killed_worker_loses_one_batch(built, monkeypatch):
    monkeypatch.setattr(measuring, "BATCH", 2)
    reads: list[int] = []
    real = measuring.Meter.read

    def dies_at_the_third(meter: measuring.Meter, start: int, end: int) -> object:
        reads.append(start)
        if len(reads) == 3:
            raise KeyboardInterrupt
        return real(meter, start, end)

    monkeypatch.setattr(measuring.Meter, "read", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        again(made_before(built))
    built.refresh_from_db()
    assert (built.status, built.done) == (Status.WAITING, reads[2])
    building.build_here(built)
    assert reads[3] == reads[2]
    assert set(NEW) <= set(content(one(built.scene.product.dataset)))


def test_what_was_measured_for_other_imagery_is_not_continued(built, monkeypatch):
    work = building.home(built) / measuring.WORK
    with measuring.Measured(work, keys=[1, 2], columns=FIXED, about="other") as writer:
        writer.append({name: np.zeros(2, np.float32) for name in FIXED})
    again(made_before(built))
    assert not work.exists()


def test_it_can_be_stopped(built, monkeypatch):
    made_before(built)
    real = measuring.Meter.read

    def stopped(meter: measuring.Meter, start: int, end: int) -> object:
        Shard.objects.cancel()
        return real(meter, start, end)

    monkeypatch.setattr(measuring.Meter, "read", stopped)
    again(built)
    assert built.status == Status.CANCELLED
    assert Shard.objects.of(built.scene.product.dataset).searchable().exists()
    assert measuring.behind(built.scene.product.dataset) == [built.pk]


def test_a_full_disk_leaves_the_old_shard_as_it_was(built, monkeypatch):
    before = made_before(built).path()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ml.shards.columns.pq.write_table", full)
        with pytest.raises(OSError, match="No space"):
            again(built)
    assert one(built.scene.product.dataset).path() == before
    assert [path.name for path in before.parent.iterdir() if path.name.startswith(".")] == []
    Columns.open(before)
    assert building.build_here(one(built.scene.product.dataset))


def test_a_damaged_shard_is_set_aside_to_be_built_anew(built):
    path = made_before(built).path() / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    again(built)
    assert (built.status, built.folder) == (Status.DAMAGED, "")


def test_changed_imagery_is_embedded_not_only_measured(built):
    made_before(built)
    built.scene_version = "older"
    assert not measuring.is_behind(built)


def test_vectors_that_were_brought_along_are_not_waited_for(built):
    Encoder.objects.filter(pk=built.encoder_id).update(folder="given")
    assert measuring.behind(built.scene.product.dataset) == []
    Encoder.objects.filter(pk=built.encoder_id).update(folder="")


def test_a_half_built_shard_of_other_metrics_starts_over(db, tmp_path, monkeypatch):
    shard = one(small_map(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "NAMES", [name for name in FIXED if name not in NEW])
        patch.setattr(building, "report", lambda *_: Shard.objects.cancel() and shard.report(1, 1))
        assert not building.build_here(shard)
    Shard.objects.filter(pk=shard.pk).retry()
    assert building.build_here(one(shard.scene.product.dataset))
    assert set(NEW) <= set(content(one(shard.scene.product.dataset)))


def test_a_pictures_file_size_is_a_metric(db, tmp_path):
    shard = one(build_all(make_gallery(tmp_path / "g", count=3)))
    sizes = [(tmp_path / "g" / f"frame-{i}.png").stat().st_size for i in range(3)]
    assert content(shard)["file_bytes"].tolist() == sizes


def test_a_downloaded_tiles_file_size_too_but_not_of_one_made_of_others(db):
    scene = make_tileset()
    for level in (4, 5):
        building.request(scene, [level], background=False)
    for shard in Shard.objects.filter(scene=scene):
        building.build_here(shard)
    fine, coarse = (content(Shard.objects.get(scene=scene, level=level))["file_bytes"] for level in (5, 4))
    assert len(fine) == 4
    assert (fine > 0).all()
    assert np.isnan(coarse).all()


def test_a_part_of_a_raster_has_no_file_size(built):
    assert np.isnan(content(built)["file_bytes"]).all()


# Cloud masks


def with_mask(folder: Path, share: float, **profile: object) -> Dataset:
    """A map whose western `share` is cloud, by a mask of its own."""
    dataset = small_map(folder)
    mask = np.zeros((1, 64, 64), np.uint8)
    mask[:, :, : round(64 * share)] = 1
    bring_mask(dataset, make_raster(folder / "mask.tif", mask, **profile))
    return dataset


def bring_mask(dataset: Dataset, path: Path, **options: object) -> importing.Report:
    chosen = {"product": "clouds", "mask_of": "true-colour", **options}
    return importing.import_images([path], importing.Options(slug=dataset.slug, **chosen), background=False)


def test_a_cloud_mask_of_the_product_counts_not_its_colours(db, tmp_path):
    dataset = with_mask(tmp_path, 0.4)
    found = content(one(build_all(dataset)))
    west, cloud = found["west"], found["cloud_share"]
    assert (cloud[west < 2] == 1).all()
    assert (cloud[west > 4.5] == 0).all()
    assert cloud[(west > 2) & (west < 4.5)] == pytest.approx(0.6, abs=0.05)


def test_a_mask_is_not_embedded(db, tmp_path):
    dataset = with_mask(tmp_path, 0.5)
    assert not Shard.objects.filter(scene__product__name="clouds").exists()
    assert dataset.products.get(name="clouds").source == {"mask_of": "true-colour"}
    assert [row.product for row in coverage.of(dataset).rows] == ["true-colour"]


def test_a_mask_that_comes_later_has_the_shards_measured_again(db, tmp_path):
    dataset = build_all(small_map(tmp_path))
    shard = one(dataset)
    report = bring_mask(dataset, make_raster(tmp_path / "mask.tif", np.ones((1, 64, 64), np.uint8)))
    assert "measured before this cloud mask was there: 1" in report.notes[-1]
    assert measuring.behind(dataset) == [shard.pk]
    assert (content(again(shard))["cloud_share"] == 1).all()
    assert measuring.behind(dataset) == []


def test_where_the_mask_knows_nothing_nothing_is_said(db, tmp_path):
    dataset = small_map(tmp_path)
    bring_mask(dataset, make_raster(tmp_path / "mask.tif", np.ones((1, 8, 8), np.uint8), (0, 0, 2.25, 2.25)))
    cloud = content(one(build_all(dataset)))["cloud_share"]
    assert np.isnan(cloud).sum() == len(cloud) - 1
    assert np.nanmean(cloud) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mask_of": "other"}, "no product 'other'.*there are true-colour"), ({"product": "true-colour"}, "no product")],
)
def test_a_mask_of_nothing_is_refused(db, tmp_path, options, said):
    path = make_raster(tmp_path / "mask.tif", np.ones((3, 8, 8), np.uint8))
    with pytest.raises(BadImagery, match=said):
        bring_mask(small_map(tmp_path), path, **options)


def test_a_mask_whose_clear_pixels_are_missing_data_is_refused(db, tmp_path):
    path = make_raster(tmp_path / "mask.tif", np.ones((1, 8, 8), np.uint8), nodata=0)
    with pytest.raises(BadImagery, match="0 means clear: save it without"):
        bring_mask(small_map(tmp_path), path)


def test_a_gallery_has_no_mask(db, tmp_path):
    dataset = make_gallery(tmp_path / "g", count=1)
    with pytest.raises(BadImagery, match="gallery have no cloud mask"):
        bring_mask(dataset, tmp_path / "g", mask_of="images")


# manage.py measure


def test_the_command_measures_what_is_behind(built, capsys):
    made_before(built)
    call_command("measure", "m", json=True)
    told = json.loads(capsys.readouterr().out)
    assert [one["status"] for one in told] == ["ready"]
    assert set(NEW) <= set(content(one(built.scene.product.dataset)))


def test_the_command_says_when_there_is_nothing_to_do(built, capsys):
    call_command("measure", "m")
    assert "nothing to do" in capsys.readouterr().err


def test_the_command_goes_on_with_what_a_dead_process_held(built):
    gone = f"{this_worker().split(':')[0]}:4000000:1"
    Shard.objects.filter(pk=made_before(built).pk).update(status=Status.RUNNING, worker=gone, heartbeat_at=now())
    call_command("measure", "m")
    assert set(NEW) <= set(content(one(built.scene.product.dataset)))


def test_the_command_leaves_alone_what_another_process_is_at(built, capsys):
    Shard.objects.filter(pk=made_before(built).pk).update(
        status=Status.RUNNING, worker=this_worker(), heartbeat_at=now()
    )
    call_command("measure", "m")
    assert "that another process is measuring: 1" in capsys.readouterr().err


def test_again_measures_all(built):
    folder = built.folder
    call_command("measure", "m", again=True)
    assert one(built.scene.product.dataset).folder != folder


def test_the_command_leaves_it_to_the_workers(built, capsys):
    made_before(built)
    call_command("measure", "m", background=True)
    assert one(built.scene.product.dataset).status == Status.WAITING
    assert "queued" in capsys.readouterr().err


def test_imagery_that_is_gone_is_a_sentence(built, tmp_path):
    made_before(built)
    (tmp_path / "m.tif").unlink()
    with pytest.raises(CommandError, match="is gone. Put it back"):
        call_command("measure", "m")
    assert Shard.objects.of(built.scene.product.dataset).searchable().exists()
