"""What is on disk is not trusted."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml.errors import DamagedShard, ShardMismatch
from ml.shards import Shard
from ml.shards.files import _own_sum, write_manifest
from tests.ml.making import indexed_from, make_shard

FILES = ["tiles.parquet", "vectors.npy", "index.ann", "projection.npy", "shard.json"]
Damage = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with indexed_from(0):
        return make_shard(tmp_path / "s").folder


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("name", FILES)
def test_damage_is_found_and_the_file_named(folder: Path, name: str, damage: Damage) -> None:
    damage(folder / name)
    with pytest.raises(DamagedShard, match="build this shard again") as caught:
        Shard.open(folder)
    assert (caught.value.folder, caught.value.file) == (folder, name)


@pytest.mark.parametrize("name", FILES)
def test_the_quick_check_finds_a_wrong_size(folder: Path, name: str) -> None:
    truncate(folder / name)
    with pytest.raises(DamagedShard):
        Shard.open(folder, verify="sizes")


def test_a_folder_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedShard, match="missing"):
        Shard.open(tmp_path / "nothing")


def test_a_changed_number_in_shard_json_is_found(folder: Path) -> None:
    path = folder / "shard.json"
    path.write_text(path.read_text().replace('"count": 300', '"count": 299'))
    with pytest.raises(DamagedShard, match="own checksum"):
        Shard.open(folder)


def test_a_later_format_is_not_guessed_at(folder: Path) -> None:
    said = json.loads((folder / "shard.json").read_text()) | {"format": 3}
    (folder / "shard.json").write_text(json.dumps(said | {"sha256": _own_sum(said)}))
    with pytest.raises(DamagedShard, match="format 3"):
        Shard.open(folder)


def rewritten(folder: Path, **changes: object) -> Path:
    """The same files under a shard.json that says something else of them, and is in order itself."""
    write_manifest(folder, json.loads((folder / "shard.json").read_text()) | changes)
    return folder


@pytest.mark.parametrize("changes", [{"count": 299}, {"dim": 15}])
def test_files_that_contradict_shard_json_are_found(folder: Path, changes: dict[str, object]) -> None:
    with pytest.raises(DamagedShard, match="vectors.npy"):
        Shard.open(rewritten(folder, **changes))


def test_an_engine_that_is_not_installed_is_named(folder: Path) -> None:
    with pytest.raises(ShardMismatch, match="'scann'"):
        Shard.open(rewritten(folder, index={"engine": "scann"}))


@pytest.mark.parametrize("name", ["tiles.parquet", "vectors.npy", "index.ann", "projection.npy"])
def test_files_that_are_something_else_are_found_even_without_checksums(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x93NUMPY something else entirely")
    with pytest.raises(DamagedShard, match=name):
        Shard.open(folder, verify=False)


def test_vectors_that_are_a_pickle_are_not_opened(folder: Path) -> None:
    np.save(folder / "vectors.npy", np.array([print], object), allow_pickle=True)
    with pytest.raises(DamagedShard, match=r"vectors\.npy"):
        Shard.open(rewritten(folder))


def test_the_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DamagedShard(Path("a"), "b", "c")))
    assert (error.folder, error.file, error.reason) == (Path("a"), "b", "c")


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink, Path.touch])
@pytest.mark.parametrize("name", FILES)
def test_an_open_shard_knows_that_its_files_were_touched(folder: Path, name: str, damage: Damage) -> None:
    shard = Shard.open(folder)
    assert shard.untouched()
    damage(folder / name)
    assert not shard.untouched()
