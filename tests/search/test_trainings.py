"""Trainings as rows that run: gathered, learnt, stored; stopped, taken over, gone on with, given up."""

import json
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from ml.train.config import Update
from search import deleting, heart, tasks, training
from search.errors import BadQuery, Cancelled, DiskFull, SearchError, TooManyJobs
from search.models import Dataset, Status, Training
from search.models.buildable import LEASE
from search.training import describing, jobs
from search.training.reporting import Reporter
from tests.factories import JANUARY, MARCH, make_gallery, make_map
from tests.search.trainings import make_training, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(django_db_setup) -> Dataset:
    """50 tiles on each of two dates."""
    return make_map("taught", [JANUARY, MARCH], levels=(3,))


@pytest.fixture(autouse=True)
def no_heart(monkeypatch):
    """Other threads have no part in a test's transaction."""
    monkeypatch.setattr(heart, "BEAT", 3600)


@pytest.fixture(scope="module")
def finished(django_db_setup, django_db_blocker) -> Iterator[Training]:
    """Trained once for all tests that only look at what came of it."""
    with django_db_blocker.unblock():
        job = run(make_map("done", [JANUARY, MARCH], levels=(3,)), name="done-own")
        yield job
        job.dataset.delete()


@pytest.fixture
def claimed(dataset) -> Training:
    job = make_training(dataset)
    assert job.claim()
    return job


def stopping(when):
    """Stops a training from outside, once."""

    def look(job):
        if when(job):
            training.stop(Training.objects.get(pk=job.pk))

    return look


def learning(job):
    return job.phase == Training.Phase.LEARNING and job.done > 0


def of(job):
    return Training.objects.filter(pk=job.pk)


def update(step, **more):
    return Update(0, 2, step, 10, **{"loss": 1.0, "images_per_second": 50.0, "rate": 0.1, **more})


def test_a_training_ends_in_the_model_store(finished, settings):
    folder = settings.DATA_DIR / "models" / "done-own" / finished.version
    assert {"encoder.json", "card.json", "checksums.json", "weights.safetensors"} <= {f.name for f in folder.iterdir()}
    assert (finished.status, finished.encoder.path()) == (Status.READY, folder)
    assert (finished.summary["images"], finished.curve[-1][0]) == (100, 2)
    assert not finished.folder.exists()


def test_the_encoder_is_known_to_the_site(finished):
    vectors = finished.encoder.load().encode_images(np.zeros((1, 32, 32, 3), np.uint8))
    assert vectors.shape == (1, finished.encoder.dim)


def test_its_card_teaches_the_pace(finished, settings):
    told = json.loads((settings.DATA_DIR / "trainings" / "pace.json").read_text())["test_resnet.r160_in1k"]
    assert (told["trained"], told["pace"] > 0) == (True, True)


def test_the_task_of_a_finished_training_is_redelivered_in_vain(finished):
    tasks.run_training(finished.pk)
    tasks.run_training(10**6)  # deleted meanwhile
    assert Training.objects.get(pk=finished.pk).version == finished.version == "1"


def test_a_finished_training_is_not_gone_on_with(finished):
    with pytest.raises(BadQuery, match="finished"):
        training.resume(finished)


def test_pictures_with_classes_tell_how_good_it_is(tmp_path, django_db_setup):
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / "set").mkdir(exist_ok=True)
        make_gallery(tmp_path / "set" / name, slug=f"none-{number}", count=20)
    from search import importing

    options = importing.Options(slug="labelled", encoder="colour", kind="gallery")
    dataset = importing.import_images([tmp_path / "set"], options).dataset
    job = run(dataset, epochs=1)
    assert 0 <= describing.describe(job)["knn"] <= 1


def test_a_stopped_training_goes_on_at_its_last_checkpoint(dataset):
    job = make_training(dataset, epochs=3)
    assert not training.run_here(job, stopping(lambda job: learning(job) and job.curve[-1][0] >= 1))
    job.refresh_from_db()
    assert (job.status, (job.folder / "work" / "checkpoint.json").is_file()) == (Status.CANCELLED, True)
    training.resume(job, background=False)
    assert training.run_here(job)
    at = [point[0] for point in job.curve]
    assert (job.status, at == sorted(set(at)), at[-1]) == (Status.READY, True, 3)


def test_tiles_that_were_gathered_are_not_gathered_again(dataset):
    job = make_training(dataset, epochs=1)
    assert not training.run_here(job, stopping(lambda job: job.phase == "tiles" and job.done >= 50))
    kept = {path: path.stat().st_mtime_ns for path in (job.folder / "tiles").glob("*.npz")}
    training.resume(job, background=False)
    seen = {}
    looked = stopping(lambda job: seen.update({p: p.stat().st_mtime_ns for p in kept if p.exists()}))
    assert training.run_here(job, looked)
    assert kept
    assert seen == kept


def test_only_one_worker_has_it_until_it_falls_silent(claimed):
    again = Training.objects.get(pk=claimed.pk)
    assert not again.claim()
    of(claimed).update(heartbeat_at=timezone.now() - LEASE - timedelta(seconds=1), worker="elsewhere:1:1")
    assert again.claim()
    of(claimed).update(worker="elsewhere:1:1")  # it was another process that took it over
    with pytest.raises(Cancelled):
        Reporter(claimed).tiles(1, 1)


def test_a_heartbeat_beside_the_work_keeps_it(claimed):
    of(claimed).update(heartbeat_at=timezone.now() - LEASE)
    claimed.beat()
    assert not Training.objects.get(pk=claimed.pk).claim()


def test_what_breaks_is_tried_three_times(dataset):
    job = make_training(dataset)
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    job.folder.write_text("in the way")
    for left in (Status.WAITING, Status.WAITING, Status.FAILED):
        with pytest.raises(OSError):
            training.run_here(job)
        assert job.status == left
    job.folder.unlink()


def test_steps_done_once_already_are_no_progress(claimed):
    of(claimed).update(attempts=2, done=7, phase="learning")
    claimed.refresh_from_db()
    report = Reporter(claimed)
    report.learnt(update(5, rank=3.0))
    assert (claimed.done, of(claimed).get().attempts) == (7, 2)
    report.learnt(update(8, rank=3.0))
    assert of(claimed).get().attempts == 1


def test_a_refusal_is_final_and_a_sentence(dataset):
    job = make_training(dataset)
    of(job).update(options={**job.options, "products": ["gone"]})
    job.refresh_from_db()
    with pytest.raises(SearchError):
        training.run_here(job)
    assert (job.status, job.error.startswith("taught has no product gone")) == (Status.FAILED, True)


def test_an_encoder_that_sees_everything_alike_is_warned_of(claimed):
    Reporter(claimed).learnt(update(10, rank=1.1))
    assert "all of them look alike to it (effective rank 1.1)" in describing.describe(claimed)["warning"]


def test_a_long_curve_is_thinned_and_keeps_its_end(claimed):
    claimed.curve = [[n / 100, 1.0, None, None] for n in range(240)]
    claimed.show({}, [2.4, 0.5, None, None])
    assert (len(claimed.curve), claimed.curve[-1]) == (121, [2.4, 0.5, None, None])


def test_a_killed_worker_has_published_it_only_once(dataset, settings):
    job = make_training(dataset, epochs=1, name="once")
    training.run_here(job, stopping(lambda job: job.phase == "storing" and (job.folder / "published.json").exists()))
    assert of(job).get().status == Status.CANCELLED
    training.resume(of(job).get(), background=False)
    assert training.run_here(job)
    assert [path.name for path in (settings.DATA_DIR / "models" / "once").iterdir() if path.is_dir()] == ["1"]


def test_a_full_disk_is_said_before_anything_is_read(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "SPARE", 2**60)
    with pytest.raises(DiskFull, match="choose fewer tiles"):
        make_training(dataset)


def test_a_dataset_has_three_trainings_at_once(dataset):
    for _ in range(3):
        make_training(dataset)
    with pytest.raises(TooManyJobs):
        make_training(dataset)


def test_requeue_takes_up_what_a_dead_worker_held(claimed, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "send", lambda task, number: sent.append(number) if task is tasks.run_training else None)
    dead = claimed.worker.rsplit(":", 2)[0] + ":999999:1"
    of(claimed).update(worker=dead)
    tasks.requeue()
    assert sent == [claimed.pk]


def test_folders_are_tidied_once_nobody_needs_them(dataset):
    job, gone = make_training(dataset), make_training(dataset).folder.with_name("987654")
    for folder in (job.folder, gone):
        folder.mkdir(parents=True)
    assert training.tidy() == [gone]
    of(job).update(status=Status.CANCELLED, heartbeat_at=timezone.now() - timedelta(days=15))
    assert training.tidy() == [job.folder]


def test_a_deleted_dataset_takes_its_trainings_along(dataset, django_capture_on_commit_callbacks):
    job = make_training(dataset)
    job.folder.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        deleting.delete(dataset)
    assert not job.folder.exists()
    assert not Training.objects.filter(pk=job.pk).exists()
