"""manage.py make_archive: a dataset that behaves as any other, in any size."""

import json

import pytest
from django.core.management import CommandError, call_command

from search import grid, similarity, tiles
from search.models import Dataset, Shard
from search.query import Query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_library")]


def make(capsys, **options):
    call_command("make_archive", tiles=1000, shards=4, dim=32, json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_it_is_searchable_at_once(capsys):
    told = make(capsys)
    dataset = Dataset.objects.get(slug=told["dataset"])
    shard = Shard.objects.of(dataset).first()
    answer = similarity.search(dataset, Query(positives=(shard.scene.address(shard.level, 3, 3).pack(),)))
    assert (told["tiles"], told["shards"], answer.tiles, answer.shards, len(answer.hits)) == (1000, 4, 1000, 4, 50)


def test_the_same_tiles_give_the_same_answers_however_they_are_divided(capsys):
    scores = []
    for shards in (1, 5):
        call_command("make_archive", dataset=f"in-{shards}", tiles=1000, shards=shards, dim=32, json=True)
        dataset = Dataset.objects.get(slug=f"in-{shards}")
        first = Shard.objects.of(dataset).first()
        found = similarity.search(dataset, Query(positives=(first.scene.address(first.level, 0, 0).pack(),)))
        scores.append([round(hit.score, 5) for hit in found.hits])
    assert scores[0] == scores[1]


def test_its_tiles_can_be_drawn(capsys):
    make(capsys)
    scene = Shard.objects.first().scene
    assert tiles.render(scene, 3, 2, 2, 64, "webp")[:4] == b"RIFF"


def test_it_uses_the_engine_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("ml.index.faiss_codes.FaissCodes.least", 250)
    assert make(capsys, engine="faiss")["engines"] == ["faiss"]


@pytest.mark.parametrize("wrong", [{"tiles": 3}, {"shards": 0}, {"dim": 0}, {"tiles": 10**14}])
def test_numbers_that_make_no_sense_are_refused_before_anything_is_made(capsys, wrong):
    with pytest.raises(CommandError, match="needs|holds"):
        call_command("make_archive", **{"tiles": 1000, "shards": 4, "dim": 32, **wrong})
    assert not Dataset.objects.filter(slug="synthetic").exists()


def test_a_name_that_is_taken_is_refused(capsys):
    make(capsys)
    with pytest.raises(CommandError, match="already"):
        make(capsys)


@pytest.mark.parametrize(("count", "level"), [(1, 0), (50, 3), (51, 4), (51_200, 8), (1_000_000, 11)])
def test_the_level_is_the_coarsest_that_holds_the_tiles(count, level):
    from search import archives

    assert archives.level_for(count) == level
    assert grid.GEOGRAPHIC.rows(level) * grid.GEOGRAPHIC.columns(level) >= count
