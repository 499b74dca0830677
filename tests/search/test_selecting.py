"""Selections: asked for, chosen, compared, kept as collections."""

import os

import numpy as np
import pytest
from django.contrib.auth.models import User

from ml.errors import BadSelection
from search import collecting, frames, jobs, keys, selecting, tasks
from search.errors import Cancelled, MissingImagery, TooManyJobs
from search.models import Collection, Dataset, Selection, Status
from search.selecting import asking, describing, duplicates, making
from search.selecting.vectors import FrameVectors
from tests.factories import build_all, make_gallery

pytestmark = pytest.mark.django_db


@pytest.fixture
def frame(world):
    return frames.opened(world)


@pytest.fixture
def owner(db):
    return User.objects.create_user("owner")


def select(dataset, owner=None, **recipe):
    job = selecting.request(dataset, recipe, owner, background=False)
    assert selecting.make_here(job)
    return job


def refused(frame, data, user=None):
    with pytest.raises(BadSelection) as refusal:
        asking.read(frame, data, user)
    ((field, (message,)),) = refusal.value.fields.items()
    return field, message


def test_it_becomes_a_collection_in_the_order_chosen(world, owner, frame):
    job = select(world, owner, n=20, name="varied")
    rows = making.order(job, frame)
    assert (job.status, job.collection.name, job.collection.owner) == (Status.READY, "varied", owner)
    assert sorted(frame.keys[rows]) == collecting.keys_of(job.collection).tolist()
    assert len(set(rows.tolist())) == 20


def test_the_same_seed_chooses_the_same(world, frame):
    by = [{"kind": "diversity", "method": "k-center"}]  # begins with a tile that the seed draws
    first, second, other = (making.order(select(world, n=9, objectives=by, seed=seed), frame) for seed in (1, 1, 2))
    assert first.tolist() == second.tolist() != other.tolist()


def test_varied_tiles_cover_more_than_random_ones(world):
    coverage = select(world, n=40).report["compared"]["coverage"]
    assert coverage["chosen"]["max"] < coverage["random"]["max"]


def test_a_share_is_of_what_the_filter_keeps(world, frame):
    job = select(world, share=0.1, filter={"levels": [4]})
    assert (job.report["allowed"], job.collection.count) == (400, 40)
    assert set(keys.part_of_many(frame.keys[making.order(job, frame)], "level").tolist()) == {4}


def test_columns_of_the_studio_may_be_balanced(world, frame):
    job = select(world, n=20, objectives=[{"kind": "balance", "column": "@level"}])
    values = job.report["compared"]["columns"]["@level"]["values"]
    assert [one["chosen"] for one in values] == [10, 10]


def test_it_goes_on_from_a_collection(world, frame):
    first = select(world, n=10, name="first")
    more = select(world, n=5, continue_from="first")
    assert not set(making.order(first, frame)) & set(making.order(more, frame))
    assert (more.report["before"], more.report["compared"]["chosen"], more.collection.count) == (10, 15, 5)


def test_collections_are_left_out(world, frame):
    collecting.create(world, "old", frame.keys[frame.column("luminance") > 20], None)
    rows = making.order(select(world, n=5, exclude=["old"]), frame)
    assert (frame.column("luminance")[rows] <= 20).all()


def test_it_resembles_a_collection(world, frame):
    bright = np.argsort(frame.column("luminance"))[-5:]
    collecting.create(world, "bright", frame.keys[np.sort(bright)], None)
    rows = making.order(select(world, n=10, objectives=[{"kind": "similarity", "collection": "bright"}]), frame)
    assert frame.column("luminance")[rows].mean() > 2 * frame.column("luminance").mean()


def test_a_name_is_found_for_it(world):
    assert [select(world, n=2).name for _ in range(2)] == ["Selection 1", "Selection 2"]


def test_a_name_that_was_taken_meanwhile_gets_a_number(world):
    job = selecting.request(world, {"n": 2, "name": "mine"}, background=False)
    collecting.create(world, "mine", [], None)
    assert selecting.make_here(job)
    assert job.collection.name == "mine (2)"


@pytest.mark.parametrize(
    ("recipe", "field", "part"),
    [({"n": 0}, "n", "n must be"), ({"n": 2001}, "n", "ask for 2,000 or fewer"), ({}, "n", "Say how many"),
     ({"n": 5, "share": 0.1}, "share", "not both"), ({"share": 2}, "share", "share must be"),
     ({"n": 2, "duplicates": {"distance": 0}}, "duplicates", "distance must be"),
     ({"n": 2, "objectives": [{"kind": "diversity"}, {"kind": "luck"}]}, "objectives.1", "kind must be"),
     ({"n": 2, "objectives": [{"kind": "weight", "column": "beauty"}]}, "objectives.0", "'beauty': use"),
     ({"n": 2, "objectives": [{"kind": "similarity", "collection": "x"}]}, "objectives.0", "no collection 'x'"),
     ({"n": 2, "thresholds": {"beauty": [1, 2]}}, "thresholds", "'beauty': use"),
     ({"n": 2, "thresholds": {"@level": [1, 2]}}, "thresholds", "column of texts"),
     ({"n": 2, "thresholds": {"luminance": [2, 1]}}, "thresholds", "Swap them"),
     ({"n": 2, "filter": {"levels": [9]}}, "filter", "Widen the filter"),
     ({"n": 2, "filter": {"colour": 1}}, "filter", "colour"), ({"n": 2, "filter": "all"}, "filter", "an object"),
     ({"n": 2, "continue_from": "x"}, "continue_from", "no collection 'x'"),
     ({"n": 2, "continue_from": 7}, "continue_from", "name of a collection"),
     ({"n": 2, "exclude": "x"}, "exclude", "list of names"), ({"n": 2, "exclude": [1]}, "exclude", "list of names"),
     ({"n": 2, "colour": "red"}, "colour", "Unknown in a recipe: colour"), ({"n": float("nan")}, "n", "n must be"),
     ({"n": 2, "seed": -1}, "seed", "seed must be"), ([], "", "JSON object")],
)  # fmt: skip
def test_a_refusal_says_which_field_to_change(frame, recipe, field, part):
    found, message = refused(frame, recipe)
    assert (found, part in message) == (field, True), message


def test_an_empty_collection_is_no_example(frame, world):
    collecting.create(world, "none", [], None)
    recipe = {"n": 2, "objectives": [{"kind": "similarity", "collection": "none"}]}
    assert refused(frame, recipe) == (
        "objectives.0",
        "The collection 'none' is empty: add tiles to it, or choose another.",
    )


@pytest.mark.parametrize(
    ("recipe", "field", "part"),
    [({"n": 2, "thresholds": {"luminance": [1e6, None]}}, "thresholds", "leave none"),
     ({"n": 2, "objectives": [{"kind": "weight", "column": "@level"}]}, "objectives.0", "column of numbers"),
     ({"n": 2, "objectives": [{"kind": "balance", "column": "@product"}]}, "objectives.0", "changes nothing")],
)  # fmt: skip
def test_what_turns_out_later_is_said_of_its_field_too(world, owner, recipe, field, part):
    job = selecting.request(world, recipe, owner, background=False)
    with pytest.raises(BadSelection):
        selecting.make_here(job)
    told = describing.describe(job, owner)
    assert (told["status"], told["field"], part in told["error"]) == ("failed", field, True), told["error"]


def test_a_taken_name_is_refused(world):
    collecting.create(world, "mine", [], None)
    with pytest.raises(asking.Refused, match="choose another name"):
        selecting.request(world, {"n": 2, "name": "mine"}, background=False)


def test_a_stopped_selection_leaves_nothing(world):
    job = selecting.request(world, {"n": 50, "name": "stopped"}, background=False)
    assert not selecting.make_here(job, lambda stage, *_: jobs.cancel(job) if stage.startswith("Choosing") else None)
    assert Selection.objects.get(pk=job.pk).status == Status.CANCELLED
    assert not Collection.objects.filter(name="stopped").exists()


def test_one_stopped_at_its_very_end_leaves_no_collection(world, monkeypatch):
    job = selecting.request(world, {"n": 5, "name": "late"}, background=False)
    keep = making.kept

    def kept(*given):
        jobs.cancel(job)
        return keep(*given)

    monkeypatch.setattr(making, "kept", kept)
    assert not selecting.make_here(job)
    assert not Collection.objects.filter(name="late").exists()


def test_what_a_killed_worker_kept_is_taken_over(world):
    job = select(world, n=4, name="mine")
    Selection.objects.filter(pk=job.pk).update(status=Status.WAITING, collection=None)  # killed before the row said so
    assert selecting.make_here(Selection.objects.get(pk=job.pk))
    assert [row.name for row in Collection.objects.filter(dataset=world)] == ["mine"]


def test_the_task_is_redelivered_in_vain(world):
    job = select(world, n=2)
    tasks.make_selection(job.pk)
    tasks.make_selection(10**6)
    assert Collection.objects.filter(dataset=world).count() == 1


def test_ctrl_c_stops_it(world, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "make", interrupted)
    job = selecting.request(world, {"n": 2}, background=False)
    with pytest.raises(KeyboardInterrupt):
        selecting.make_here(job)
    assert Selection.objects.get(pk=job.pk).status == Status.CANCELLED


def test_what_search_refuses_is_final(world, monkeypatch):
    def missing(*_):
        raise MissingImagery("The columns are gone.")

    monkeypatch.setattr(making, "gathered", missing)
    job = selecting.request(world, {"n": 2}, background=False)
    with pytest.raises(MissingImagery):
        selecting.make_here(job)
    assert (job.status, job.error) == (Status.FAILED, "The columns are gone.")


def test_a_dataset_has_three_selections_at_once(world):
    for _ in range(3):
        selecting.request(world, {"n": 2}, background=False)
    with pytest.raises(TooManyJobs, match="3 selections of world"):
        selecting.request(world, {"n": 2}, background=False)


def test_tiles_that_are_gone_are_left_out_of_the_order(world, frame):
    job = select(world, n=3)
    kept = np.load(job.folder / making.ORDER)
    np.save(job.folder / making.ORDER, np.append(kept, 1))
    assert frame.keys[making.order(job, frame)].tolist() == kept.tolist()


def test_a_report_is_json(world):
    job = Selection.objects.get(pk=select(world, n=3).pk)
    assert {"considered", "chosen", "stopped_by", "compared", "seconds", "frame"} <= job.report.keys()
    assert {"luminance", "@level"} <= job.report["compared"]["columns"].keys()


def test_it_says_what_the_chosen_were_worth(world, frame):
    job = select(world, n=3, objectives=[{"kind": "weight", "column": "luminance"}])
    assert job.report["worth"]["weight: luminance"]["high"] == pytest.approx(1, abs=0.01)


def test_vectors_are_read_by_slices_and_rows(frame):
    vectors, whole = FrameVectors(frame), frame.vectors()
    assert (len(vectors), vectors.shape, vectors.dtype) == (2000, whole.shape, np.float16)
    assert (vectors[150:900:7] == whole[150:900:7]).all()
    assert (vectors[np.array([3, 1999])] == whole[[3, 1999]]).all()


def test_nearest_tiles_are_the_nearest(frame):
    found = duplicates.nearest(frame, np.ones(frame.count, bool))
    vectors = duplicates.unit(frame.vectors())
    apart = np.linalg.norm(vectors[:50, None] - vectors[None, :], axis=2)
    apart[np.arange(50), np.arange(50)] = np.inf
    assert found.distances[:50] == pytest.approx(np.sort(apart)[:, :10], abs=1e-3)


def test_a_preview_shows_pairs_around_the_distance(frame):
    told = duplicates.preview(frame, 0.1, {}, 6, None)
    assert (len(told.pairs), told.tiles, told.looked_at) == (6, 2000, 2000)
    distances = [distance for *_, distance in told.pairs]
    assert distances == sorted(distances)
    assert max(abs(distance - 0.1) for distance in distances) < 0.05


def test_it_knows_about_how_many_go(world, frame):
    distance = 0.1
    job = select(world, share=1, duplicates={"distance": distance}, objectives=[{"kind": "diversity", "strength": 0}])
    told = duplicates.preview(frame, distance, {}, 6, None)
    assert told.removed == pytest.approx(job.report["removed_duplicates"], rel=0.25)


def test_of_many_tiles_some_are_looked_at(frame, monkeypatch):
    monkeypatch.setattr(duplicates, "OPERATIONS", 1)
    kept = np.arange(frame.count) % 2 == 0
    found = duplicates.nearest(frame, kept)
    assert (len(found.rows), kept[found.near].all(), kept[found.rows].all()) == (200, True, True)
    assert not (found.near == found.rows[:, None]).any()


def test_one_tile_has_no_duplicates_and_may_be_chosen(tmp_path, django_db_setup):
    dataset = build_all(make_gallery(tmp_path / "pictures", count=1))
    told = duplicates.preview(frames.opened(dataset), 0.5, {}, 6, None)
    assert (told.pairs, told.removed, told.tiles) == ([], 0, 1)
    assert select(dataset, n=1).collection.count == 1


def test_a_deleted_dataset_takes_its_selections_along(tmp_path, django_db_setup, django_capture_on_commit_callbacks):
    from search import deleting

    dataset = build_all(make_gallery(tmp_path / "pictures", count=4))
    folder = select(dataset, n=2).folder
    with django_capture_on_commit_callbacks(execute=True):
        deleting.delete(dataset)
    assert not Dataset.objects.filter(slug="pictures").exists()
    assert not folder.exists()


def test_who_lost_it_hears_so(world):
    job = selecting.request(world, {"n": 2}, background=False)
    with pytest.raises(Cancelled):
        job.tell("at work", 0, 1)


def test_folders_without_a_row_are_tidied(world):
    job = select(world, n=2)
    gone = job.folder.with_name("987654")
    gone.mkdir()
    assert jobs.tidy() == []
    os.utime(gone, (1, 1))
    assert jobs.tidy() == [gone]
    assert job.folder.exists()
