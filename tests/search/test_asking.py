"""Many shards asked at once: which are opened, what is merged, how much is remembered."""

from datetime import date

import numpy as np
import pytest

from ml.index import ENGINES
from search import archives, asking, grid, library, similarity
from search.asking import Best
from search.filters import areas
from search.models import Dataset, Shard
from search.query import Query
from tests.factories import build_all, make_map, make_raster, noise
from tests.ml.making import indexed_from

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_library")]
TILES, SHARDS = 4000, 20


@pytest.fixture(scope="module", params=[*ENGINES, "scan"])
def archive(request, django_db_setup, django_db_blocker):
    """4,000 tiles of 20 days, with an index each, or without; only read."""
    engine = "annoy" if request.param == "scan" else request.param
    with indexed_from(10**9 if request.param == "scan" else 0, asked=request.param != "scan"):
        with django_db_blocker.unblock():
            dataset = archives.make("archive", tiles=TILES, shards=SHARDS, dim=32, engine=engine)
        yield dataset
        with django_db_blocker.unblock():
            Dataset.objects.filter(pk=dataset.pk).delete()


def keys_of(dataset, count=10):
    shards = list(Shard.objects.of(dataset))[::2]
    return [shard.scene.address(shard.level, 5, i).pack() for i, shard in zip(range(count), shards, strict=False)]


def found(dataset, key, **options):
    return [
        (hit.key, round(hit.score, 5)) for hit in similarity.search(dataset, Query(positives=(key,), **options)).hits
    ]


def test_together_they_find_what_comparing_everything_does(archive):
    pairs = [(set(found(archive, key)), set(found(archive, key, exact=True))) for key in keys_of(archive)]
    assert np.mean([len(some & all_) / 50 for some, all_ in pairs]) > 0.95


def test_the_answer_does_not_depend_on_the_number_of_threads(archive, monkeypatch):
    answers = []
    for threads in (1, 2, 7):
        monkeypatch.setattr(asking, "THREADS", threads)
        answers.append([found(archive, key) for key in keys_of(archive, 3)])
    assert answers[0] == answers[1] == answers[2]


def test_an_answer_says_which_engines_were_asked_and_what_they_find(archive):
    key = keys_of(archive)[0]
    answer, exact = (similarity.search(archive, Query(positives=(key,), exact=exact)) for exact in (False, True))
    recorded = Shard.objects.of(archive).values_list("engine", "recall")
    assert answer.engines == tuple(sorted({engine for engine, _ in recorded}))
    assert answer.recall == pytest.approx(np.mean([recall for _, recall in recorded]))
    assert (exact.engines, exact.recall, exact.exact) == (("scan",), 1.0, True)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_a_metric_leaves_no_tile_out(archive, share):
    key, range_ = keys_of(archive)[0], {"luminance": (None, 255 * share)}
    columns = [library.opened(shard) for shard in Shard.objects.of(archive)]
    there = sum(int((column.column("luminance") <= 255 * share).sum()) for column in columns)
    hits = found(archive, key, k=1000, metrics=range_, exclude_query=False)
    assert len(hits) == min(there, 1000)


def test_an_area_leaves_no_tile_out(archive):
    columns = [library.opened(shard) for shard in Shard.objects.of(archive)]
    area = (-150.0, 30.0, -60.0, 80.0)
    there = sum(int(areas.inside(column, area, grid.GEOGRAPHIC).sum()) for column in columns)
    assert 0 < there < 1000
    assert len(found(archive, keys_of(archive)[0], k=1000, area=area, exclude_query=False)) == there


def test_only_the_days_asked_for_are_opened(archive):
    day = date(2001, 1, 3)
    key = Shard.objects.of(archive).get(scene__day=Shard.objects.of(archive)[2].scene.day).scene
    answer = similarity.search(archive, Query(positives=(key.address(4, 2, 2).pack(),), first=day, last=day))
    assert (answer.shards, len(library.library)) == (1, 1)


def test_imagery_outside_the_area_is_not_opened(tmp_path):
    east, west = ((10, 0, 28, 18), "2020-01-01"), ((-100, 0, -82, 18), "2020-01-02")
    paths = [make_raster(tmp_path / f"{day}.tif", noise(seed=i), box) for i, (box, day) in enumerate((east, west))]
    dataset = build_all(make_map("two", paths, levels=(6,)))
    key = Shard.objects.of(dataset).first().scene.address(6, 17, 44).pack()
    answer = similarity.search(dataset, Query(positives=(key,), area=(8.0, 0.0, 30.0, 20.0)))
    assert (answer.shards, len(answer.hits) > 0) == (1, True)
    nowhere = similarity.search(dataset, Query(positives=(key,), area=(60.0, 0.0, 90.0, 20.0)))
    assert (nowhere.shards, nowhere.hits) == (0, [])


def test_an_area_across_the_date_line_reaches_both_sides(tmp_path):
    boxes = {"2020-01-01": (170, 0, 179, 9), "2020-01-02": (-179, 0, -170, 9), "2020-01-03": (0, 0, 9, 9)}
    paths = [make_raster(tmp_path / f"{day}.tif", noise(), box) for day, box in boxes.items()]
    dataset = build_all(make_map("line", paths, levels=(6,)))
    key = Shard.objects.of(dataset).first().scene.address(6, 18, 78).pack()
    assert similarity.search(dataset, Query(positives=(key,), area=(165.0, -10.0, -165.0, 10.0))).shards == 2


def test_the_best_are_kept_however_they_come():
    scores = np.random.default_rng(0).random(5000).astype(np.float32)
    best = Best(20)
    for start in range(0, 5000, 37):
        rows = np.arange(start, min(start + 37, 5000))
        best.put(start % 3, rows, scores[rows])
    assert set(best.cut()[1]) == set(np.argsort(-scores)[:20])


def test_no_more_is_remembered_than_twice_what_is_kept():
    best, held = Best(20), []
    for start in range(0, 5000, 7):
        best.put(0, np.arange(start, start + 7), np.zeros(7, np.float32))
        held.append(best.held)
    assert max(held) <= 2 * 20


def test_nothing_put_in_is_nothing_kept():
    assert [part.tolist() for part in Best(5).cut()] == [[], []]
