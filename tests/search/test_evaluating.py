"""Is the embedding any good? Labels at hand, what never counts, encoders side by side, what cannot be measured."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from ml.errors import BadLabels
from search import collecting, evaluating, frames, keys
from search.errors import BadQuery, NotIndexed, TooManyJobs
from search.evaluating import encoding, labels, making
from search.evaluating.recipe import Recipe
from search.models import Evaluation, Status
from search.selecting import columns
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db):
    return User.objects.create_user("ada")


@pytest.fixture
def land(world):
    """Collections of the world: dark tiles and bright ones of January, level 5."""
    frame = frames.opened(world)
    luminance, level = frame.column("luminance"), keys.part_of_many(frame.keys, "level")
    january = keys.part_of_many(frame.keys, "day") == keys.part_of_many(frame.keys, "day").min()
    tiles = np.flatnonzero(january & (level == 5))
    order = tiles[np.argsort(luminance[tiles])]
    collecting.create(world, "dark", frame.keys[order[:60]], None)
    collecting.create(world, "bright", frame.keys[order[-40:]], None)
    return world


@pytest.fixture
def classes(tmp_path):
    """A gallery of two classes of six pictures: red ones and blue ones."""
    from PIL import Image

    for name, colour in (("red", (200, 20, 20)), ("blue", (20, 20, 200))):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(6):
            noise = np.random.default_rng(i).integers(-15, 15, (40, 40, 3))
            Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(
                tmp_path / "set" / name / f"{name}-{i}.png"
            )
    from search import importing

    options = importing.Options(slug="classes", encoder="colour", public=True)
    return build_all(importing.import_images([tmp_path / "set"], options, background=False).dataset)


def made(dataset, asked, owner=None):
    job = evaluating.request(dataset, asked, owner, background=False)
    assert evaluating.make_here(job)
    job.refresh_from_db()
    return job


BOTH = {"collections": ["dark", "bright"]}


def test_the_datasets_own_vectors_are_measured_on_collections(land):
    job = made(land, BOTH)
    own, base = job.report["results"]
    assert (job.status, job.report["tiles"], job.report["measured"]) == (Status.READY, 100, 100)
    assert (own["title"], own["vectors"], base["title"]) == ("colour", "of the dataset's shards", "Colour statistics")
    assert own["precision_10"] > 0.8
    assert [one["measured"] for one in job.report["classes"]] == [60, 40]


def test_a_measure_comes_with_what_it_was_measured_on(land):
    own = made(land, BOTH).report["results"][0]
    low, high = own["intervals"]["knn_20"]
    assert low <= own["knn_20"] <= high
    assert 10 < own["places"] < 100
    assert min(own["alignment"], own["effective_rank"] - 1, -own["uniformity"], own["milliseconds"]) > 0


def test_what_was_embedded_for_it_measures_as_the_shards_vectors_do(land):
    """The same encoder, once by the shards' vectors and once by embedding the tiles anew."""
    own, anew, _ = made(land, {**BOTH, "encoders": ["own", "colour"]}).report["results"]
    assert anew["vectors"] == "embedded for this"
    for measure in ("precision_10", "knn_20", "effective_rank", "uniformity", "alignment"):
        assert own[measure] == pytest.approx(anew[measure], abs=0.01), measure


def test_encoders_stand_side_by_side(land):
    results = made(land, {**BOTH, "encoders": ["own", "structure"], "most": 20}).report["results"]
    assert [one["title"] for one in results] == ["colour", "structure", "Colour statistics"]
    assert [one["tiles"] for one in results] == [20, 20, 20]


def test_an_encoder_that_cannot_be_loaded_is_said_and_the_others_measured(land, monkeypatch):
    def gone(row):
        raise BadQuery(f"{row.name} is gone")

    real = encoding.encoders.loaded
    monkeypatch.setattr(encoding.encoders, "loaded", lambda row: gone(row) if row.name == "structure" else real(row))
    own, other, _ = made(land, {**BOTH, "encoders": ["own", "structure"], "most": 20}).report["results"]
    assert other["error"] == "structure is gone"
    assert "precision_10" in own


def test_vectors_whose_encoder_is_gone_are_measured_without_alignment(land, monkeypatch):
    def gone(row):
        raise BadQuery("These vectors were brought along.")

    monkeypatch.setattr(encoding.encoders, "loaded", gone)
    own = made(land, {**BOTH, "most": 20}).report["results"][0]
    assert (own["alignment"], own["without"]) == (None, "These vectors were brought along.")
    assert own["precision_10"] > 0


def test_classes_of_a_gallery_are_labels(classes):
    job = made(classes, {"labels": "label"})
    own = job.report["results"][0]
    assert [(one["name"], one["tiles"]) for one in job.report["classes"]] == [("blue", 6), ("red", 6)]
    assert (own["precision_10"], own["knn_20"]) == (pytest.approx(0.5), 1.0)  # five of the eleven others are alike
    assert (job.report["on_map"], job.report["place"]) == (False, "")


def test_strips_show_a_tile_of_each_class_and_its_nearest(classes):
    strips = made(classes, {"labels": "label"}).report["results"][0]["strips"]
    assert {name: len(held) for name, held in strips.items()} == {"red": 11, "blue": 11}
    assert [kind for _, kind in strips["red"][:6]] == ["red"] * 6


def test_what_touches_and_other_dates_and_nested_levels_never_count(world):
    frame = frames.opened(world)
    level, row, col = (keys.part_of_many(frame.keys, part) for part in ("level", "row", "col"))
    place = {(4, 5, 10), (5, 10, 20), (5, 11, 21), (5, 10, 22), (5, 10, 23)}  # 4/5/10 holds the next two, touches 22
    rows = np.array([at for at in range(frame.count) if (level[at], row[at], col[at]) in place])
    found = labels.Chosen("test", rows, np.arange(len(rows)) % 2, ["a", "b"], [1, 1])
    labelled = labels.labelled_set(frame, found, Recipe(labels="x"), None)
    near = labelled.neighbours(np.arange(len(rows)))
    at = {(level[a], col[a], level[b], col[b]): near[i, j] for i, a in enumerate(rows) for j, b in enumerate(rows)}
    assert len(rows) == 10  # two dates each
    assert [at[4, 10, 5, col] for col in (20, 21, 22, 23)] == [True, True, True, False]
    assert [at[5, 20, 5, col] for col in (20, 21, 22, 23)] == [True, True, False, False]
    wider = labels.labelled_set(frame, found, Recipe(labels="x", apart=2.0), None)
    assert wider.neighbours(np.arange(len(rows))).sum() > near.sum()


def test_the_date_line_is_no_border(world):
    frame = frames.opened(world)
    level, row, col = (keys.part_of_many(frame.keys, part) for part in ("level", "row", "col"))
    edge = np.flatnonzero((level == 5) & (row == 10) & np.isin(col, (0, world.grid.columns(5) - 1)))
    found = labels.Chosen("test", edge, np.arange(len(edge)) % 2, ["a", "b"], [1, 1])
    assert labels.labelled_set(frame, found, Recipe(labels="x"), None).neighbours(np.arange(len(edge))).all()


def test_a_sample_takes_the_same_of_each_class_and_all_of_the_rare():
    codes = np.repeat([0, 1, 2], [1000, 500, 30])
    counts = np.bincount(codes[labels.sampled(codes, 430, 0)])
    assert counts.tolist() == [200, 200, 30]


def test_a_sample_is_said(land):
    report = made(land, {**BOTH, "most": 30}).report
    assert report["measured"] == 30
    assert report["notes"][0].startswith("Measured on 30 of 100 labelled tiles: at most 15 of each class")


def test_few_labels_of_a_class_are_said(classes):
    assert "Fewer than 20 labels of blue, red" in " ".join(made(classes, {"labels": "label"}).report["notes"])


def test_tiles_of_several_collections_have_no_class(land):
    collecting.change(collecting.named(land, "dark"), add=collecting.keys_of(collecting.named(land, "bright"))[:5])
    job = made(land, {**BOTH, "most": 20})
    assert job.report["tiles"] == 95
    assert "5 tiles are in several of the collections" in " ".join(job.report["notes"])


def test_tiles_of_one_place_by_a_column_never_count_for_each_other(land, monkeypatch):
    real = columns.values

    def values(frame, name, user):
        return (np.zeros(frame.count, np.int32), ["here"]) if name == "station" else real(frame, name, user)

    monkeypatch.setattr(columns, "values", values)
    monkeypatch.setattr(labels, "place_column", lambda frame, recipe, user: recipe.place)
    own = made(land, {**BOTH, "place": "station", "most": 20}).report["results"][0]
    assert (own["precision_10"], own["places"], own["intervals"]["precision_10"]) == (0.0, 1, [None, None])


def refused(dataset, asked, message, kind=BadQuery):
    with pytest.raises(kind, match=message):
        evaluating.request(dataset, asked, background=False)
    assert not Evaluation.objects.filter(dataset=dataset).exists()


@pytest.mark.parametrize(("asked", "message"), [
    ({}, "Choose either a column"), ({"labels": "x", "collections": ["a", "b"]}, "Choose either"),
    ({"collections": ["dark"]}, "from 2 to 50 collections"), ({"labels": "nothing"}, "no labels 'nothing'"),
    ({"labels": "sharpness"}, "no labels 'sharpness': choose a text column"), ({**BOTH, "most": 3}, "20 to 20,000"),
    ({**BOTH, "apart": -1}, "from 0 to 1,000"), ({**BOTH, "apart": "far"}, "apart is a number"),
    ({**BOTH, "encoders": ["nobody"]}, "There is no encoder 'nobody'"), ({**BOTH, "what": 1}, "has no what"),
    ({**BOTH, "encoders": [3]}, "by their names"), ({**BOTH, "place": "sharpness"}, "no column of places 'sharpness'"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_to_change(land, asked, message):
    refused(land, asked, message)


def test_a_single_class_is_refused(land):
    collecting.create(land, "none", [], None)
    refused(land, {"collections": ["dark", "none"]}, "has 1 class with at least 2 tiles", BadLabels)


def test_labels_of_which_no_tile_is_here_are_refused(land):
    gone = [keys.TileAddress(land.number, 1, 1, 9, row, 0).pack() for row in range(3)]
    collecting.create(land, "gone", gone, None)
    collecting.create(land, "gone too", gone, None)
    refused(land, {"collections": ["gone", "gone too"]}, "none of its labels is on a tile", BadLabels)


def test_a_class_of_a_single_tile_is_left_out_and_said(land):
    collecting.create(land, "one", [int(frames.opened(land).keys[0])], None)
    job = made(land, {"collections": ["dark", "bright", "one"], "most": 20})
    assert [one["name"] for one in job.report["classes"]] == ["dark", "bright"]
    assert "Left out, with a single tile each: one." in job.report["notes"]


def test_a_column_of_names_is_no_column_of_classes(land, monkeypatch):
    monkeypatch.setattr(labels, "MOST_CLASSES", 1)
    refused(land, BOTH, "at most 1 classes can be told apart")


def test_a_dataset_without_a_finished_shard_is_refused(db):
    refused(make_map("empty"), {"labels": "label"}, "no finished shard", NotIndexed)


def test_a_gallery_of_one_picture_is_refused(tmp_path):
    dataset = build_all(make_gallery(tmp_path / "g", "one", count=1))
    refused(dataset, {"labels": "label"}, "There are no labels")


def test_no_more_at_once_than_a_few(land):
    for _ in range(3):
        evaluating.request(land, BOTH, background=False)
    with pytest.raises(TooManyJobs):
        evaluating.request(land, BOTH, background=False)


def test_one_that_was_stopped_stops(land):
    job = evaluating.request(land, BOTH, background=False)

    def stop(stage, done, total):
        Evaluation.objects.filter(pk=job.pk).cancel()

    assert not evaluating.make_here(job, stop)
    job.refresh_from_db()
    assert (job.status, job.report) == (Status.CANCELLED, {})


def test_tiles_that_are_gone_end_it_with_a_sentence(tmp_path):
    dataset = make_gallery(tmp_path / "g", "gone", count=6)
    build_all(dataset)
    held = frames.opened(dataset).keys
    collecting.create(dataset, "a", held[:3], None)
    collecting.create(dataset, "b", held[3:], None)
    job = evaluating.request(dataset, {"collections": ["a", "b"], "encoders": ["structure"]}, background=False)
    for path in (tmp_path / "g").iterdir():
        path.unlink()
    with pytest.raises(BadLabels, match=r"No encoder could be measured\. .* is gone\. Put it back"):
        evaluating.make_here(job)
    job.refresh_from_db()
    assert job.status == Status.FAILED


def test_old_ones_are_forgotten(land, monkeypatch):
    monkeypatch.setattr(making, "KEPT", 1)
    first = made(land, {**BOTH, "most": 20})
    second = made(land, {**BOTH, "most": 20})
    assert list(Evaluation.objects.values_list("pk", flat=True)) == [second.pk] != [first.pk]


def test_the_task_works_on_it(land):
    from search import tasks

    job = evaluating.request(land, {**BOTH, "most": 20}, background=False)
    tasks.make_evaluation(job.pk)
    tasks.make_evaluation(job.pk)  # delivered twice
    job.refresh_from_db()
    assert job.status == Status.READY
