"""A dataset goes over to another encoder: searched before, meanwhile and afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from search import building, encoders, library, reembedding, similarity, switching, tasks
from search.errors import BadQuery
from search.models import Dataset, Shard, Status
from search.query import Query
from tests.factories import JANUARY, MARCH, build_all, make_map

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(django_db_setup) -> Dataset:
    """Level 3 (50 tiles) on two dates, by colour statistics, searchable."""
    return build_all(make_map("going", [JANUARY, MARCH], levels=(3,)))


@pytest.fixture
def structure(django_db_setup):
    return encoders.register("structure")


def begin(dataset, encoder, **more):
    return reembedding.start(dataset, encoder, background=False, **more)


def coming(dataset):
    return list(switching.of(dataset).select_related("scene__product__dataset", "encoder"))


def fresh(dataset):
    return Dataset.objects.select_related("encoder").get(pk=dataset.pk)


def search(dataset):
    """How many tiles are found that look like the eleventh."""
    dataset = fresh(dataset)
    key = int(library.opened(Shard.objects.of(dataset).first()).keys[10])
    return len(similarity.search(dataset, Query(positives=(key,), k=3)).hits)


def test_searches_go_on_until_the_last_shard_is_built(dataset, structure):
    assert not begin(dataset, structure)
    first, last = coming(dataset)
    assert search(dataset)
    building.build_here(first)
    assert (search(dataset), fresh(dataset).encoder.name) == (3, "colour")
    building.build_here(last)
    assert (search(dataset), fresh(dataset).encoder.name) == (3, "structure")
    assert fresh(dataset).next_encoder is None


def test_its_progress_is_told(dataset, structure):
    begin(dataset, structure)
    building.build_here(coming(dataset)[0])
    told = reembedding.describe(fresh(dataset))
    assert (told["encoder"], told["shards"], told["ready"], told["tiles"], told["done"]) == ("structure", 2, 1, 100, 50)


def test_a_stopped_change_keeps_the_old_encoder_and_goes_on_where_it_was(dataset, structure):
    begin(dataset, structure)
    building.build_here(coming(dataset)[0])
    assert reembedding.stop(dataset)
    assert not reembedding.stop(dataset)
    assert (fresh(dataset).encoder.name, Shard.objects.filter(encoder=structure).count()) == ("colour", 1)
    begin(fresh(dataset), structure)
    assert sorted(shard.status for shard in coming(fresh(dataset))) == ["ready", "waiting"]


def test_a_worker_notices_that_the_change_was_stopped(dataset, structure):
    begin(dataset, structure)
    shard = coming(dataset)[0]
    assert not building.build_here(shard, lambda done, total: reembedding.stop(fresh(dataset)))
    assert (fresh(dataset).encoder.name, search(dataset)) == ("colour", 3)


def test_the_old_shards_go_once_no_search_can_read_them(dataset, structure):
    old = [shard.path() for shard in Shard.objects.of(dataset)]
    begin(dataset, structure)
    for shard in coming(dataset):
        building.build_here(shard)
    tasks.remove_replaced(dataset.pk)
    assert all(path.is_dir() for path in old)
    Dataset.objects.update(encoder_changed_at=timezone.now() - timedelta(minutes=5))
    switching.remove_all_replaced()
    assert not any(path.exists() for path in old)
    assert search(dataset)


def test_old_shards_are_kept_by_choice(dataset, structure):
    begin(dataset, structure, keep=True)
    for shard in coming(dataset):
        building.build_here(shard)
    Dataset.objects.update(encoder_changed_at=timezone.now() - timedelta(minutes=5))
    tasks.remove_replaced(dataset.pk)
    assert begin(fresh(dataset), encoders.register("colour"))  # the way back takes no time
    assert (fresh(dataset).encoder.name, search(dataset)) == ("colour", 3)


def test_a_shard_that_fails_holds_the_change_up_until_it_is_tried_again(dataset, structure):
    begin(dataset, structure)
    first, last = coming(dataset)
    building.build_here(first)
    Shard.objects.filter(pk=last.pk).update(status=Status.FAILED, attempts=3)
    assert (switching.consider(dataset.pk), reembedding.describe(fresh(dataset))["failed"]) == (False, 1)
    reembedding.retry(fresh(dataset))
    building.build_here(Shard.objects.get(pk=last.pk))
    assert fresh(dataset).encoder.name == "structure"


def test_imagery_that_comes_in_meanwhile_is_built_with_both(dataset, structure):
    begin(dataset, structure)
    scene = coming(dataset)[0].scene
    scene.product.dataset = fresh(dataset)
    building.request(scene, [4], background=False)
    assert sorted(scene.shards.filter(level=4).values_list("encoder__name", flat=True)) == ["colour", "structure"]


def test_shards_that_nobody_uses_are_not_built_again(dataset, structure):
    begin(dataset, structure, keep=True)
    for shard in coming(dataset):
        building.build_here(shard)
    Shard.objects.filter(scene__product__dataset=dataset).update(scene_version="older")
    tasks.requeue()
    assert set(Shard.objects.filter(status=Status.WAITING).values_list("encoder__name", flat=True)) == {"structure"}


def test_where_nothing_is_searchable_yet_the_change_is_at_once(structure):
    dataset = make_map("waiting", levels=(3,))
    assert begin(dataset, structure)
    assert [shard.encoder.name for shard in Shard.objects.of(fresh(dataset))] == ["structure"]
    assert not Shard.objects.filter(scene__product__dataset=dataset, encoder__name="colour").exists()


def test_yet_another_encoder_takes_the_place_of_the_one_that_was_coming(dataset, structure):
    begin(dataset, structure)
    begin(fresh(dataset), encoders.register("mobilenet-colour"))
    assert fresh(dataset).next_encoder.name == "mobilenet-colour"
    assert not Shard.objects.filter(scene__product__dataset=dataset, encoder=structure).exists()


def test_the_encoder_in_use_is_refused(dataset):
    with pytest.raises(BadQuery, match="is embedded with colour already"):
        begin(dataset, dataset.encoder)


def test_an_encoder_of_other_bands_is_refused(dataset, structure, monkeypatch):
    monkeypatch.setattr(encoders.loaded(structure), "bands", 13)
    with pytest.raises(BadQuery, match="looks at 13 bands, and the tiles of going have 3"):
        begin(dataset, structure)
