"""Columns measured again for a shard that is there."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from ml.errors import ShardBusy, ShardMismatch
from ml.shards import Shard
from ml.shards.columns import Measured
from tests.ml.making import content, indexed_from, make_shard, small_disk

N, NAMES = 20, ["contrast", "luminance"]


def measured(work: Path, keys: np.ndarray, **more: str) -> Measured:
    return Measured(work, keys=keys, columns=NAMES, **{"about": "v2", **more})


def columns(start: int, end: int) -> dict[str, np.ndarray]:
    return {name: np.arange(start, end, dtype=np.float32) + offset for offset, name in enumerate(NAMES)}


def test_columns_are_added_and_replaced_and_others_stay(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    order = np.random.default_rng(0).permutation(N)
    with measured(tmp_path / "m", shard.keys[order]) as writer:
        writer.append({name: column[order] for name, column in columns(0, N).items()})
        manifest = writer.finish(shard, tmp_path / "new", meta={"measured": "2"})
    found = Shard.open(tmp_path / "new")
    assert (manifest["measured"], manifest["encoder"]) == ("2", "test")
    np.testing.assert_array_equal(found.column("contrast"), np.arange(N))
    np.testing.assert_array_equal(found.column("luminance"), np.arange(N) + 1)
    np.testing.assert_array_equal(found.column("west"), shard.column("west"))
    np.testing.assert_array_equal(found.keys, shard.keys)


def test_vectors_and_index_are_linked_and_answer_as_before(tmp_path: Path) -> None:
    with indexed_from(10, asked=True):
        shard = make_shard(tmp_path / "old", 60)
        with measured(tmp_path / "m", shard.keys) as writer:
            writer.append(columns(0, 60))
            writer.finish(shard, tmp_path / "new", meta={})
        found = Shard.open(tmp_path / "new")
        query = shard.vector(7)
        np.testing.assert_array_equal(found.search(query, 5)[0], shard.search(query, 5)[0])
    for name in set(shard.meta["files"]) - {"tiles.parquet"}:
        assert (tmp_path / "new" / name).stat().st_ino == (tmp_path / "old" / name).stat().st_ino


def test_tiles_that_the_shard_left_out_are_left_out_again(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    keys = np.concatenate([[-5], shard.keys, [10**6]])
    with measured(tmp_path / "m", keys) as writer:
        writer.append(columns(0, N + 2))
        writer.finish(shard, tmp_path / "new", meta={})
    np.testing.assert_array_equal(Shard.open(tmp_path / "new").column("contrast"), np.arange(1, N + 1))


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    with measured(tmp_path / "m", shard.keys) as writer:
        writer.append(columns(0, 12))
    with measured(tmp_path / "m", shard.keys) as writer:
        assert writer.done == 12
        writer.append(columns(12, N))
        writer.finish(shard, tmp_path / "new", meta={})
    np.testing.assert_array_equal(Shard.open(tmp_path / "new").column("contrast"), np.arange(N))


def test_half_a_batch_is_forgotten(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    with measured(tmp_path / "m", shard.keys) as writer:
        writer.append(columns(0, 12))
    with (tmp_path / "m" / "metrics.part").open("ab") as file:
        file.write(b"half")
    with measured(tmp_path / "m", shard.keys) as writer:
        assert writer.done == 12


@pytest.mark.parametrize("change", ["about", "keys"])
def test_another_plan_starts_over(tmp_path: Path, change: str) -> None:
    keys = np.arange(N)
    with measured(tmp_path / "m", keys) as writer:
        writer.append(columns(0, 12))
    other = measured(tmp_path / "m", keys, about="v3") if change == "about" else measured(tmp_path / "m", keys + 1)
    with other as writer:
        assert writer.done == 0


def test_a_tile_that_was_not_measured_is_refused(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    with measured(tmp_path / "m", shard.keys[1:]) as writer:
        writer.append(columns(1, N))
        with pytest.raises(ShardMismatch, match="build it again"):
            writer.finish(shard, tmp_path / "new", meta={})
    assert not (tmp_path / "new").exists()


def test_too_few_too_many_or_other_columns_are_refused(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", N)
    with measured(tmp_path / "m", shard.keys) as writer:
        with pytest.raises(ShardMismatch, match="are not contrast, luminance"):
            writer.append({"contrast": np.zeros(2)})
        with pytest.raises(ShardMismatch, match="do not fit"):
            writer.append(columns(0, N + 1))
        with pytest.raises(ShardMismatch, match="0 of 20 tiles"):
            writer.finish(shard, tmp_path / "new", meta={})


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with measured(tmp_path / "m", np.arange(3)), pytest.raises(ShardBusy):
        measured(tmp_path / "m", np.arange(3))


def test_an_empty_shard_stays_empty(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "old", 0)
    with measured(tmp_path / "m", np.empty(0)) as writer:
        writer.finish(shard, tmp_path / "new", meta={})
    assert Shard.open(tmp_path / "new").count == 0


def test_a_full_disk_leaves_the_shard_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 400_000) as disk:
        shard = make_shard(disk / "old", 1000)
        before = content(disk / "old")
        with measured(disk / "m", shard.keys) as writer:
            writer.append(dict.fromkeys(NAMES, np.random.default_rng(0).random(1000).astype(np.float32)))
            fill(disk)
            with pytest.raises(OSError, match="space|large"):
                writer.finish(shard, disk / "new", meta={})
            assert content(disk / "old") == before
            assert not (disk / "new").exists()
            (disk / "ballast").unlink()
            writer.finish(shard, disk / "new", meta={})
        assert "contrast" in Shard.open(disk / "new").columns


def fill(disk: Path) -> None:
    """Until nothing more fits."""
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1024))
