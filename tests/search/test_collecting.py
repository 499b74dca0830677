"""Collections: named sets of tiles."""

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, User

from search import collecting, frames
from search.errors import BadCollection, NoSuchCollection, NotAllowed
from search.models import Collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(world):
    return frames.opened(world).keys


def files(collection):
    return {path.name for path in collection.folder.iterdir()}


def test_a_collection_keeps_each_key_once_ascending(world, keys):
    made = collecting.create(world, "  big\n islands ", [*keys[:9][::-1], *keys[:4]], None, " of the sea ")
    assert (made.name, made.description, made.count) == ("big islands", "of the sea", 9)
    assert np.array_equal(collecting.keys_of(made), keys[:9])
    assert collecting.keys_of(made).dtype == np.int64


def test_tiles_are_added_and_removed(world, keys):
    made = collecting.create(world, "some", keys[:10], None)
    before = made.version
    collecting.change(made, add=keys[5:20], remove=keys[:3])
    assert np.array_equal(collecting.keys_of(made), keys[3:20])
    assert (made.count, Collection.objects.get(pk=made.pk).count) == (17, 17)
    assert made.version != before
    assert f"{made.version}.npy" in files(made)
    assert f"{before}.npy" not in files(made)


def test_an_empty_collection_is_one_too(world):
    made = collecting.create(world, "to be filled", [], None)
    assert (made.count, len(collecting.keys_of(made))) == (0, 0)


def test_removing_what_is_not_there_changes_nothing(world, keys):
    made = collecting.create(world, "some", keys[:3], None)
    assert collecting.change(made, remove=keys[10:20]).count == 3


def test_a_row_read_before_a_change_still_finds_the_keys(world, keys):
    made = collecting.create(world, "some", keys[:3], None)
    stale = Collection.objects.get(pk=made.pk)
    collecting.change(made, add=keys[:5])
    assert len(collecting.keys_of(stale)) == 5


def test_a_change_made_of_a_stale_row_loses_nothing(world, keys):
    made = collecting.create(world, "some", keys[:3], None)
    stale = Collection.objects.get(pk=made.pk)
    collecting.change(made, add=keys[3:5])
    collecting.change(stale, add=keys[5:7])
    assert np.array_equal(collecting.keys_of(made), keys[:7])


def test_a_change_is_made_again_when_somebody_was_faster(world, keys, monkeypatch):
    made, write = collecting.create(world, "some", keys[:3], None), collecting._write

    def meanwhile(collection, held):
        monkeypatch.setattr(collecting, "_write", write)
        collecting.change(Collection.objects.get(pk=made.pk), add=keys[5:7])
        return write(collection, held)

    before = files(made)
    monkeypatch.setattr(collecting, "_write", meanwhile)
    collecting.change(made, add=keys[3:5])
    assert np.array_equal(collecting.keys_of(made), keys[:7])
    assert len(files(made)) == len(before)  # those of the other change and of the one in vain are gone


def test_a_change_that_is_always_too_late_says_so(world, keys, monkeypatch):
    made, write = collecting.create(world, "some", keys[:3], None), collecting._write

    def always(collection, held):
        Collection.objects.filter(pk=made.pk).update(version=write(collection, keys[:3]))
        return write(collection, held)

    monkeypatch.setattr(collecting, "_write", always)
    with pytest.raises(BadCollection, match="changed by many at once"):
        collecting.change(made, add=keys[3:5])


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_names_that_cannot_be_shown_are_refused(world, name):
    with pytest.raises(BadCollection, match=r"name|characters"):
        collecting.create(world, name, [], None)


def test_a_name_is_given_once_in_a_dataset(world):
    collecting.create(world, "some", [], None)
    other = collecting.create(world, "others", [], None)
    with pytest.raises(BadCollection, match="'some' already: choose another name"):
        collecting.create(world, "some", [], None)
    with pytest.raises(BadCollection, match="'some' already"):
        collecting.rename(other, "some", "")
    assert other.name == "others"


@pytest.mark.parametrize("key", [-5, 0, 1, 1 << 62])
def test_keys_of_another_dataset_are_refused(world, keys, key):
    with pytest.raises(BadCollection, match="1 of the keys are not of"):
        collecting.create(world, "some", [*keys[:3].tolist(), key], None)
    assert not world.collections.exists()


def test_keys_that_name_no_tile_are_refused_when_strangers_say_them(world, keys):
    assert np.array_equal(collecting.existing(world, keys[:3]), keys[:3])
    with pytest.raises(BadCollection, match="There is no tile"):
        collecting.existing(world, [int(keys[0]) + (500 << 14)])


def test_a_tile_that_is_not_indexed_but_can_be_shown_may_be_collected(world):
    scene = world.products.get().scenes.first()
    assert len(collecting.existing(world, [scene.address(7, 3, 3).pack()])) == 1


def test_one_is_found_by_its_name(world):
    made = collecting.create(world, "some", [], None)
    assert collecting.named(world, " some ") == made
    with pytest.raises(NoSuchCollection, match="There are: some"):
        collecting.named(world, "others")


def test_deleting_removes_its_files(world, keys):
    made = collecting.create(world, "some", keys[:3], None)
    folder = made.folder
    collecting.delete(made)
    assert not folder.exists()
    assert not Collection.objects.filter(name="some").exists()


def test_a_file_that_is_gone_is_said_to_be(world, keys):
    made = collecting.create(world, "some", keys[:3], None)
    (made.folder / f"{made.version}.npy").unlink()
    with pytest.raises(BadCollection, match="is gone: delete it and make it anew"):
        collecting.keys_of(made)


def test_who_made_it_and_who_manages_the_dataset_may_change_it(world):
    ada, eve, staff = (User.objects.create_user(name, is_staff=name == "staff") for name in ("ada", "eve", "staff"))
    made = collecting.create(world, "some", [], ada)
    collecting.check_may_change(made, ada)
    collecting.check_may_change(made, staff)
    for other in (eve, AnonymousUser()):
        with pytest.raises(NotAllowed, match="Make a collection of your own"):
            collecting.check_may_change(made, other)
