"""The packed cache, and how tiles and partners are drawn from it."""

from pathlib import Path

import numpy as np
import pytest

from ml.errors import BadTraining
from ml.train import Cache, CacheWriter, Config
from ml.train.drawing import Drawer, Groups, clustered
from tests.ml.training import cache, kinds


def test_what_was_packed_is_read_back(tmp_path: Path) -> None:
    packed = cache(tmp_path / "packed")
    pixels, _ = kinds()
    again = Cache.open(tmp_path / "packed")
    np.testing.assert_array_equal(again.pixels, pixels)
    assert (again.size, again.bands, again.source, again.digest) == (32, 3, "kinds", packed.digest)
    np.testing.assert_array_equal(again.places, np.arange(64) // 2)


def test_fewer_tiles_than_announced_leave_no_empty_ones(tmp_path: Path) -> None:
    with CacheWriter(tmp_path / "packed", size=8, bands=2, total=10) as writer:
        writer.append(np.full((3, 8, 8, 2), 9, np.uint8))
        writer.refuse("a.tif", "It is cut short.")
        packed = writer.finish()
    assert packed.pixels.shape == (3, 8, 8, 2)
    assert packed.refused == {"a.tif": "It is cut short."}


def test_the_digest_is_of_the_pixels(tmp_path: Path) -> None:
    digests = set()
    for value in (1, 2):
        with CacheWriter(tmp_path / str(value), size=8, bands=1, total=1) as writer:
            writer.append(np.full((1, 8, 8, 1), value, np.uint8))
            digests.add(writer.finish().digest)
    assert len(digests) == 2


def test_left_before_it_is_whole_nothing_remains(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), CacheWriter(tmp_path / "packed", size=8, bands=1, total=2):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("harm", ["cache.json", "pixels.npy", "places.npy"])
def test_a_damaged_cache_says_what_to_do(tmp_path: Path, harm: str) -> None:
    cache(tmp_path / "packed")
    file = tmp_path / "packed" / harm
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(BadTraining, match="delete it and pack anew"):
        Cache.open(tmp_path / "packed")


def test_an_epoch_sees_every_tile_once_and_another_order_follows(tmp_path: Path) -> None:
    drawer = Drawer(cache(tmp_path / "packed"), Config())
    first, second = drawer.epoch(0), drawer.epoch(1)
    assert sorted(first) == sorted(second) == list(range(64))
    assert (first != second).any()
    np.testing.assert_array_equal(first, Drawer(Cache.open(tmp_path / "packed"), Config()).epoch(0))


def test_dates_pair_the_same_place(tmp_path: Path) -> None:
    drawer, rows = Drawer(cache(tmp_path / "packed"), Config(pairs="dates")), np.arange(64)
    partners = np.concatenate([drawer.partners(rows, step) for step in range(20)])
    assert (partners // 2 == np.tile(rows, 20) // 2).all()
    other = (partners != np.tile(rows, 20)).mean()
    assert 0.4 < other < 0.6


def test_neighbours_pair_cells_that_touch(tmp_path: Path) -> None:
    drawer, rows = Drawer(cache(tmp_path / "packed"), Config(pairs="neighbours")), np.arange(64)
    partners = np.stack([drawer.partners(rows, step) for step in range(60)])
    away = np.abs(partners // 2 - rows // 2)
    assert set(np.unique(away)) == {0, 1}
    assert (away[:, 10] == 1).any()


def test_without_known_pairs_everyone_is_its_own_partner(tmp_path: Path) -> None:
    pixels, _ = kinds()
    with CacheWriter(tmp_path / "packed", size=32, bands=3, total=64) as writer:
        writer.append(pixels)
        packed = writer.finish()
    rows = np.arange(64)
    np.testing.assert_array_equal(Drawer(packed, Config(pairs="dates+neighbours")).partners(rows, 5), rows)


def test_balanced_drawing_sees_rare_kinds_as_often_as_common_ones(tmp_path: Path) -> None:
    clusters = np.where(np.arange(64) < 6, 1, 0)
    drawer = Drawer(cache(tmp_path / "packed"), Config(balance=2), clusters)
    share = np.mean([(drawer.epoch(i) < 6).mean() for i in range(50)])
    assert 0.45 < share < 0.55


def test_clusters_are_those_of_the_kinds() -> None:
    pixels, kind = kinds()
    found = clustered(pixels.mean(axis=(1, 2)), 4, seed=0)
    assert len({(a, b) for a, b in zip(found, kind, strict=True)}) == 4


def test_a_lonely_row_stays_with_itself() -> None:
    groups = Groups(np.array([5, 7, 5, -1, -1]))
    random = np.random.default_rng(0)
    assert groups.another(np.arange(5), random).tolist() == [2, 1, 0, 3, 4]
