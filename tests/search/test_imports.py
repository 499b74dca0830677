"""Imports as jobs: claimed once, reported on, stopped, resumed, failed for good or tried again."""

import sys
from types import ModuleType

import pytest

from search import imports, joblog, tasks
from search.errors import BadImagery, BadQuery, Cancelled
from search.models import Import, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind(monkeypatch):
    """A kind of import whose `run` the test gives."""

    def use(run):
        module = ModuleType("search.imports.files")
        module.run = run
        monkeypatch.setitem(sys.modules, "search.imports.files", module)

    return use


def make_import(dataset, **recipe):
    return imports.start(dataset, "files", recipe, background=False)


def lines(job):
    return [line["text"] for line in joblog.tail(job)]


def test_an_import_ends_ready_with_its_summary(world, kind):
    kind(lambda job, report: {"scenes": 3})
    job = make_import(world)
    assert imports.run_here(job)
    assert (job.status, job.summary) == (Status.READY, {"scenes": 3})


def test_an_unknown_kind_is_refused(world):
    with pytest.raises(BadQuery, match="gibs, files, embeddings, composite"):
        imports.start(world, "magic", {})


def test_it_runs_once_when_the_message_comes_twice(world, kind):
    ran = []
    kind(lambda job, report: ran.append(job.pk) or {})
    job = make_import(world)
    tasks.run_import(job.pk)
    tasks.run_import(job.pk)
    assert ran == [job.pk]


def test_a_deleted_import_is_forgotten(world):
    tasks.run_import(987654)


def refuse(job, report):
    raise BadImagery("This is a poem, not an image.")


def test_a_refusal_is_final_and_is_told_as_a_sentence(world, kind):
    kind(refuse)
    job = make_import(world)
    tasks.run_import(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Status.FAILED, "This is a poem, not an image.")
    assert lines(job)[-1] == "This is a poem, not an image."


def break_down(job, report):
    raise OSError("the disk fell out")


def test_a_breakdown_is_tried_three_times(world, kind):
    kind(break_down)
    job = make_import(world)
    for _ in range(3):
        with pytest.raises(OSError):
            tasks.run_import(job.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert not imports.run_here(job)


def test_what_was_stopped_stays_stopped_until_it_is_resumed(world, kind):
    def stop_midway(job, report):
        report.progress(1, 10)
        imports.stop(job)
        report.progress(10, 10)

    kind(stop_midway)
    job = make_import(world)
    assert not imports.run_here(job)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert not job.claim()


def test_resuming_lets_it_run_again(world, kind, django_capture_on_commit_callbacks):
    kind(refuse)
    job = make_import(world)
    tasks.run_import(job.pk)
    kind(lambda job, report: {})
    imports.resume(job)
    assert imports.run_here(job)


def test_the_rate_counts_this_attempt_only(world, kind):
    def go_on(job, report):
        report.progress(100, 120, "tiles")
        report.progress(120, 120, "tiles")
        assert job.began_done == 100
        assert job.unit == "tiles"
        return {}

    kind(go_on)
    job = make_import(world)
    imports.run_here(job)
    assert job.done == 120
    assert job.rate == pytest.approx(20 / job.seconds)


def test_nobody_knows_the_time_left_before_there_is_a_rate(world):
    job = make_import(world)
    assert job.rate is None
    assert job.seconds_left is None


def test_another_worker_does_not_take_a_running_import(world, kind):
    kind(lambda job, report: pytest.fail("taken") if Import.objects.get(pk=job.pk).claim() else {})
    assert imports.run_here(make_import(world))


def test_a_beat_of_a_stopped_import_raises(world, kind):
    def beat(job, report):
        imports.stop(job)
        with pytest.raises(Cancelled):
            report.beat()
        report.beat()

    kind(beat)
    assert not imports.run_here(make_import(world))


def test_the_log_keeps_its_end(world):
    job = make_import(world)
    for number in range(3000):
        joblog.write(job, f"line {number} " + "x" * 100)
    assert [line.split()[1] for line in lines(job)][-2:] == ["2998", "2999"]
    assert len(lines(job)) == 200


def test_a_half_written_line_is_left_out_of_the_log(world):
    job = make_import(world)
    joblog.write(job, "whole")
    with joblog.path(job).open("a") as file:
        file.write('{"at": "2026')
    assert lines(job) == ["whole"]
    joblog.write(job, "next")
    assert lines(job) == ["whole", "next"]
