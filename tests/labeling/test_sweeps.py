"""Every tile is scored, once, whatever happens to whoever scores it."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone

from labeling import tasks
from labeling.errors import NoSuchSweep, SweepUnready
from labeling.models import Campaign, Learner, Sweep, SweepPart
from labeling.sweeps import running, scores, starting
from ml.classify import Classifier, scoring
from ml.shards import Shard as Columns
from search import building, library
from search.models import Dataset, Shard, Status
from tests.campaigns import make_campaign
from tests.factories import build_all, make_map
from tests.sweeping import make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, 0)


@pytest.fixture(autouse=True)
def fresh_folder() -> Iterator[None]:
    """Campaigns of rolled-back tests leave theirs to the next ones, which get the same numbers."""
    yield
    shutil.rmtree(Path(settings.DATA_DIR) / "campaigns", ignore_errors=True)


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    make_round(campaign)
    return starting.begin(campaign, background=False)[0]


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each block that is scored."""
    blocks: list[int] = []
    predict = scoring.sweep

    def counting(*args: object) -> Iterator[np.ndarray]:
        for block in predict(*args):
            blocks.append(len(block))
            yield block

    monkeypatch.setattr(scoring, "sweep", counting)
    return blocks


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BLOCK", 64)


def parts_of(sweep: Sweep) -> list[SweepPart]:
    return list(sweep.parts.select_related("sweep__campaign__dataset").order_by("pk"))


def run(sweep: Sweep) -> Sweep:
    for part in parts_of(sweep):
        running.run_here(part)
    sweep.refresh_from_db()
    return sweep


def check_scores(sweep: Sweep) -> None:
    """As the classifier itself says, for every tile of every shard."""
    classifier = Classifier.load(sweep.classifier_path)
    for part in scores.ready(sweep):
        columns, found = library.opened(part.shard), scores.opened(part)
        np.testing.assert_array_equal(found.keys, columns.keys)
        np.testing.assert_allclose(found.values, classifier.predict(np.asarray(columns.vectors, np.float32)), atol=1e-5)
        assert (np.diff(found.values[found.order]) <= 0).all()
        assert set(found.order.tolist()) == set(range(columns.count))


def test_every_tile_is_scored_and_the_sweep_is_ready(sweep: Sweep, scored: list[int]) -> None:
    run(sweep)
    assert (sweep.status, sweep.progress(), sum(sweep.histogram)) == ("ready", (2000, 2000), 2000)
    assert sum(scored) == 2000
    assert {part.status for part in sweep.parts.all()} == {"ready"}
    check_scores(sweep)
    assert not list(sweep.folder.glob(".*"))


def test_a_part_that_is_ready_is_not_done_again(sweep: Sweep, scored: list[int]) -> None:
    run(sweep)
    for part in parts_of(sweep):
        tasks.score_part(part.pk)
    assert sum(scored) == 2000


def test_a_second_sweep_begins_when_the_first_has_ended(campaign: Campaign, sweep: Sweep) -> None:
    again, is_new = starting.begin(campaign, background=False)
    assert (again.pk, is_new) == (sweep.pk, False)
    make_round(campaign, 2, seed=1)
    with pytest.raises(SweepUnready, match="Sweep 1 of this campaign still goes on"):
        starting.begin(campaign, background=False)
    run(sweep)
    other, is_new = starting.begin(campaign, background=False)
    assert (other.number, other.round.number, is_new) == (2, 2, True)


def test_without_a_classifier_there_is_nothing_to_sweep_with(campaign: Campaign) -> None:
    with pytest.raises(SweepUnready, match="no classifier yet"):
        starting.begin(campaign)
    make_round(campaign)
    with pytest.raises(SweepUnready, match="Round 7"):
        starting.begin(campaign, number=7)


def test_a_sweep_looks_at_what_its_campaign_looks_at(campaign: Campaign) -> None:
    make_round(campaign)
    learner = Learner.of(campaign)
    learner.scope = {"levels": [5], "to": "2004-01-31", "bbox": [0, 0, 90, 45]}
    learner.save()
    sweep = run(starting.begin(campaign, background=False)[0])
    [part] = sweep.parts.all()
    assert (part.level, part.tiles, sum(sweep.histogram)) == (5, 50, 50)
    assert len(scores.opened(part).order) == 50


def interrupted(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, rows: int) -> SweepPart:
    """The part of 800 tiles, whose worker vanishes after so many: its row is left as it was."""
    part = next(part for part in parts_of(sweep) if part.total == 800)
    report = SweepPart.report

    def vanish(self: SweepPart, done: int, total: int) -> None:
        report(self, done, total)
        if done >= rows:
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(SweepPart, "report", vanish)
        patch.setattr(SweepPart, "fail", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            running.run_here(part)
    return part


@pytest.mark.usefixtures("short_blocks")
def test_who_takes_over_goes_on_after_the_last_block(
    sweep: Sweep, scored: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    part = interrupted(sweep, monkeypatch, 300)
    assert SweepPart.objects.get(pk=part.pk).done == 320
    assert not running.run_here(SweepPart.objects.select_related("sweep__campaign__dataset").get(pk=part.pk))
    SweepPart.objects.filter(pk=part.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    run(sweep)
    assert (sweep.status, sum(scored)) == ("ready", 2000)
    check_scores(sweep)


@pytest.mark.usefixtures("short_blocks")
def test_a_sweep_that_was_stopped_goes_on_where_it_was(
    sweep: Sweep, scored: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(sweep, monkeypatch, 100)
    starting.cancel(sweep)
    assert (sweep.status, {part.status for part in sweep.parts.all()}) == ("cancelled", {"cancelled"})
    assert not any(running.run_here(part) for part in parts_of(sweep))
    starting.resume(sweep, background=False)
    run(sweep)
    assert (sweep.status, sum(scored)) == ("ready", 2000)
    check_scores(sweep)


def test_a_worker_whose_sweep_is_stopped_notices(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    part = parts_of(sweep)[0]
    report = SweepPart.report

    def stop(self: SweepPart, done: int, total: int) -> None:
        starting.cancel(sweep)
        report(self, done, total)

    monkeypatch.setattr(SweepPart, "report", stop)
    assert not running.run_here(part)
    assert {part.status for part in sweep.parts.all()} == {"cancelled"}


def test_a_stopped_sweep_cannot_go_on_beside_another(campaign: Campaign, sweep: Sweep) -> None:
    starting.cancel(sweep)
    starting.begin(campaign, background=False)
    with pytest.raises(SweepUnready, match="Another sweep"):
        starting.resume(sweep, background=False)
    sweep.refresh_from_db()
    assert sweep.status == "cancelled"


def test_scores_that_were_whole_are_not_made_again(
    sweep: Sweep, scored: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies between the last score and the end."""
    part = parts_of(sweep)[0]
    with monkeypatch.context() as patch:
        patch.setattr(running, "publish", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            running.run_here(part)
    rows = sum(scored)
    assert rows == part.total
    run(sweep)
    assert sum(scored) == 2000
    check_scores(sweep)


@pytest.mark.usefixtures("short_blocks", "fresh_library")
def test_a_shard_that_is_built_anew_is_scored_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = build_all(make_map("other"))
    campaign = make_campaign(dataset, 0)
    make_round(campaign)
    sweep = starting.begin(campaign, background=False)[0]
    [part], built = parts_of(sweep), []
    report = SweepPart.report

    def rebuild(self: SweepPart, done: int, total: int) -> None:
        report(self, done, total)
        if done >= 128 and not built:
            Shard.objects.of(dataset).retry()
            built.append(building.build_here(Shard.objects.of(dataset).get()))

    monkeypatch.setattr(SweepPart, "report", rebuild)
    assert running.run_here(part)
    assert built == [True]
    sweep.refresh_from_db()
    assert sweep.status == "ready"
    assert sweep.parts.get().folder == Shard.objects.of(dataset).get().folder
    check_scores(sweep)


@pytest.mark.usefixtures("fresh_library")
def test_a_damaged_shard_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = build_all(make_map("other"))
    campaign = make_campaign(dataset, 0)
    make_round(campaign)
    sweep = starting.begin(campaign, background=False)[0]
    vectors = Shard.objects.of(dataset).get().path() / "vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-2] + b"xx")
    assert not running.run_here(parts_of(sweep)[0])
    assert (sweep.parts.get().status, sweep.parts.get().attempts) == (Status.WAITING, 0)
    build_all(dataset)
    run(sweep)
    assert sweep.status == "ready"
    check_scores(sweep)


def test_what_goes_wrong_is_told_and_tried_again(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "score", lambda *_, **__: (_ for _ in ()).throw(OSError("disk is full")))
        for _ in range(3):
            for part in parts_of(sweep):
                if part.status == Status.WAITING:
                    with pytest.raises(OSError, match="disk is full"):
                        running.run_here(part)
    sweep.refresh_from_db()
    assert sweep.status == "failed"
    assert "disk is full" in sweep.error
    starting.resume(sweep, background=False)
    run(sweep)
    assert (sweep.status, sweep.error) == ("ready", "")


def test_imagery_that_is_gone_fails_with_a_sentence(campaign: Campaign, sweep: Sweep) -> None:
    sweep.parts.filter(pk=parts_of(sweep)[0].pk).update(shard=None)
    tasks.score_part(parts_of(sweep)[0].pk)
    run(sweep)
    assert sweep.status == "failed"
    assert "has been deleted: start a new sweep" in sweep.error


def test_a_classifier_of_another_encoder_is_refused(campaign: Campaign) -> None:
    one = make_round(campaign)
    folder = one.path()
    shutil.rmtree(folder)
    wide = {"weight": np.ones(7, np.float32), "bias": np.zeros(1, np.float32)}
    Classifier(Classifier.load(make_round(campaign, 2).path()).config, wide).save(folder)
    sweep = starting.begin(campaign, number=1, background=False)[0]
    with pytest.raises(SweepUnready, match="another encoder"):
        running.run_here(parts_of(sweep)[0])


def test_requeueing_ends_a_sweep_whose_last_worker_died(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("labeling.sweeps.finishing.settle", lambda _: False)
        run(sweep)
    assert sweep.status == "running"
    tasks.requeue_sweeps()
    sweep.refresh_from_db()
    assert sweep.status == "ready"


def test_requeueing_sends_what_waits(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "enqueue_part", sent.append)
    monkeypatch.setattr(tasks, "in_broker", lambda _: 0)
    tasks.requeue_sweeps()
    assert sorted(sent) == sorted(part.pk for part in sweep.parts.all())
    starting.cancel(sweep)
    sent.clear()
    tasks.requeue_sweeps()
    assert sent == []


def test_a_number_that_no_sweep_has(campaign: Campaign) -> None:
    with pytest.raises(NoSuchSweep, match="no sweep 3"):
        starting.numbered(campaign, 3)


def test_files_that_are_gone_are_told(sweep: Sweep) -> None:
    run(sweep)
    part = scores.ready(sweep)[0]
    scores.beside(part.path, "order").unlink()
    with pytest.raises(NoSuchSweep, match="start a new sweep"):
        scores.opened(part)


def test_a_squares_parent_and_children_are_looked_at_too(campaign: Campaign, world: Dataset) -> None:
    """Vectors of three levels side by side, zeros where there is no such level."""
    from labeling.rounds import archive
    from labeling.sweeps.features import Features

    learner = Learner.of(campaign)
    learner.scope, learner.sources = {"levels": [4]}, ["children"]
    opened = archive.opened(learner).archive
    classifier = Classifier(
        Classifier.load(make_round(campaign).path()).config,
        {"weight": np.ones(opened.dim, np.float32), "bias": np.zeros(1, np.float32)},
        sources=opened.sources,
    )
    shard = Shard.objects.of(world).filter(level=4).first()
    columns = library.opened(shard)
    assert isinstance(columns, Columns)
    features = Features(classifier, shard, columns)
    np.testing.assert_array_equal(features[20:150], opened.features(columns.keys[20:150]))
    assert features.vectors is features
