"""Files of a finished shard deleted, cut short or changed: reported, set aside, rebuilt; the others answer."""

import pytest

from ml.shards import rebuild_index
from search import building, library, similarity
from search.errors import NotIndexed
from search.models import Shard, Status
from search.query import Query
from tests.factories import JANUARY, MARCH, build_all, make_map
from tests.ml.making import indexed_from

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_library")]
FILES = ["vectors.npy", "index.ann", "projection.npy", "tiles.parquet", "shard.json"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def delete(path):
    path.unlink()


@pytest.fixture
def dataset():
    with indexed_from(0):
        yield build_all(make_map(paths=[JANUARY, MARCH], levels=(3,)))


def damaged(dataset, file, harm):
    shard = Shard.objects.of(dataset).first()
    harm(shard.path() / file)
    return shard


def search(dataset, shard):
    return similarity.search(dataset, Query(positives=(shard.scene.address(3, 2, 5).pack(),)))


@pytest.mark.parametrize("harm", [cut, flip, delete])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_shard_is_set_aside_while_the_other_answers(dataset, file, harm):
    shard = damaged(dataset, file, harm)
    answer = search(dataset, shard)
    assert (answer.shards, len(answer.hits)) == (1, 50)
    assert [skipped["status"] for skipped in answer.skipped] == ["damaged"]
    assert Shard.objects.get(pk=shard.pk).status == Status.DAMAGED


def test_the_damage_is_reported_with_the_file_and_the_reason(dataset):
    shard = damaged(dataset, "vectors.npy", flip)
    search(dataset, shard)
    assert "vectors.npy" in Shard.objects.get(pk=shard.pk).error


def test_the_damaged_folder_is_kept_for_a_look(dataset):
    shard = damaged(dataset, "vectors.npy", flip)
    search(dataset, shard)
    assert shard.path().with_name(f"damaged-{shard.path().name}").is_dir()


def test_a_damaged_shard_is_rebuilt_to_the_same_answers(dataset):
    shard = Shard.objects.of(dataset).first()
    before = search(dataset, shard).hits
    library.library.drop(shard.path())
    flip(shard.path() / "vectors.npy")
    search(dataset, shard)
    assert building.build_here(Shard.objects.get(pk=shard.pk))
    assert search(dataset, shard).hits == before


def test_when_every_shard_is_damaged_the_search_says_so(dataset):
    for shard in Shard.objects.of(dataset):
        flip(shard.path() / "vectors.npy")
    with pytest.raises(NotIndexed, match="being rebuilt"):
        search(dataset, shard)


def test_a_shard_replaced_by_a_newer_build_is_not_damaged(dataset):
    stale = Shard.objects.of(dataset).first()
    Shard.objects.filter(pk=stale.pk).retry()
    building.build_here(Shard.objects.get(pk=stale.pk))
    assert library.opened(stale) is not None
    assert Shard.objects.get(pk=stale.pk).status == Status.READY


@pytest.mark.parametrize("harm", [cut, flip, delete])
@pytest.mark.parametrize("file", FILES)
def test_damage_to_a_shard_that_is_already_open_is_seen(dataset, file, harm):
    shard = Shard.objects.of(dataset).first()
    search(dataset, shard)
    harm(shard.path() / file)
    assert [skipped["status"] for skipped in search(dataset, shard).skipped] == ["damaged"]


def test_an_index_built_again_under_an_open_shard_is_no_damage(dataset):
    shard = Shard.objects.of(dataset).first()
    before = search(dataset, shard).hits
    rebuild_index(shard.path(), engine="faiss")
    assert search(dataset, shard).hits == before
    assert Shard.objects.get(pk=shard.pk).status == Status.READY


def test_no_more_shards_are_open_than_allowed(dataset, settings):
    settings.OPEN_SHARDS = 1
    for shard in Shard.objects.of(dataset):
        library.opened(shard)
    assert len(library.library) == 1
