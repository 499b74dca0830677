"""Open shards are shared: letting one go harms nobody who is reading it."""

import weakref

import numpy as np
import pytest

from search.library import Library, library
from search.models import Dataset, Shard

pytestmark = pytest.mark.usefixtures("fresh_library")


def folders(world: Dataset) -> list:
    return [shard.path() for shard in Shard.objects.of(world)]


def test_a_shard_that_is_dropped_while_it_is_read_goes_on_answering(world):
    columns = library.get(folders(world)[0])
    library.drop(columns.folder)
    rows, _ = columns.search(np.ones(columns.dim, np.float32), 5)
    assert len(rows) == 5


def test_a_shard_that_makes_room_for_another_goes_on_answering(world):
    small = Library(lambda: 1)
    first, _second = (small.get(folder) for folder in folders(world)[:2])
    assert (len(small), small.evicted, len(first.vectors)) == (1, 1, first.count)


def test_files_are_let_go_with_the_last_reader(world):
    columns = library.get(folders(world)[0])
    vectors = weakref.ref(columns.vectors)
    library.drop(columns.folder)
    del columns
    assert vectors() is None
