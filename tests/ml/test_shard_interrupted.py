"""A worker dies, a disk fills, a person cancels: what is done stays, and the end is the same to the byte."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.shards import Shard, ShardWriter
from tests.ml.making import DIM, content, indexed_from, make_metrics, make_vectors, make_writer, small_disk

N, BATCH = 60, 10
SLOWLY = f"""
import sys, time
from pathlib import Path
from tests.ml.test_shard_interrupted import append_rest, make_writer
writer = make_writer(Path(sys.argv[1]), {N})
for done in append_rest(writer):
    print(done, flush=True)
    time.sleep(0.02)
"""


def append_rest(writer: ShardWriter):  # type: ignore[no-untyped-def]
    """Append batch after batch; yields how many are done after each."""
    vectors, metrics = make_vectors(N), make_metrics(N)
    while writer.done < N:
        rows = slice(writer.done, writer.done + BATCH)
        writer.append(vectors[rows], {name: column[rows] for name, column in metrics.items()})
        yield writer.done


def append_all(writer: ShardWriter, vectors: np.ndarray) -> None:
    for start in range(0, N, BATCH):
        writer.append(vectors[start : start + BATCH], make_metrics(BATCH))


def finish(writer: ShardWriter, folder: Path) -> dict[str, bytes]:
    list(append_rest(writer))
    writer.finish(folder, meta={"encoder": "test"})
    return content(folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with make_writer(folder / "w", N) as writer:
        return finish(writer, folder / "s")


def killed(work: Path, after: int) -> None:
    """Run a writer in another process and kill -9 it once `after` tiles are done."""
    with subprocess.Popen([sys.executable, "-c", SLOWLY, str(work)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < after:
            pass
        os.kill(process.pid, signal.SIGKILL)


def test_kill_9_loses_at_most_a_batch_and_changes_no_byte(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    killed(tmp_path / "w", after=20)
    with make_writer(tmp_path / "w", N) as writer:
        assert writer.done >= 20
        assert finish(writer, tmp_path / "s") == undisturbed


@pytest.mark.parametrize("name", ["vectors.part", "metrics.part"])
def test_a_half_written_batch_is_cut_off(tmp_path: Path, undisturbed: dict[str, bytes], name: str) -> None:
    with make_writer(tmp_path / "w", N) as writer:
        next(append_rest(writer))
    with (tmp_path / "w" / name).open("ab") as file:
        file.write(b"half a batch, written before the power failed")
    with make_writer(tmp_path / "w", N) as writer:
        assert writer.done == BATCH
        assert finish(writer, tmp_path / "s") == undisturbed


@pytest.mark.parametrize("name", ["vectors.part", "metrics.part", "progress.json"])
@pytest.mark.parametrize("damaged", [b"", b"rubbish" * 99])
def test_damaged_parts_start_over(tmp_path: Path, undisturbed: dict[str, bytes], name: str, damaged: bytes) -> None:
    with make_writer(tmp_path / "w", N) as writer:
        next(append_rest(writer))
    (tmp_path / "w" / name).write_bytes(damaged)
    with make_writer(tmp_path / "w", N) as writer:
        assert writer.done == 0
        assert finish(writer, tmp_path / "s") == undisturbed


@pytest.mark.parametrize("change", [{"fingerprint": "f2"}, {"keys": np.arange(N)}, {"bounds": np.ones((N, 4))}])
def test_parts_of_another_plan_start_over(tmp_path: Path, change: dict[str, object]) -> None:
    with make_writer(tmp_path / "w", N) as writer:
        next(append_rest(writer))
    with make_writer(tmp_path / "w", N, **change) as writer:
        assert writer.done == 0


def test_a_full_disk_while_appending_keeps_what_was_done(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    wide = 50_000  # dimensions: six batches of ten are 6 MB
    vectors = make_vectors(N, wide)
    with small_disk(tmp_path / "disk", 2_500_000) as disk, make_writer(disk / "w", N, dim=wide) as writer:
        with pytest.raises(OSError, match=r"No space|too large"):
            append_all(writer, vectors)
        assert writer.done == 20
        writer.close()
        with make_writer(disk / "w", N, dim=wide) as again:
            assert (again.done, (disk / "w" / "vectors.part").stat().st_size) == (20, 20 * wide * 2)


def test_a_full_disk_while_finishing_keeps_the_parts_and_leaves_no_half_shard(tmp_path: Path) -> None:
    n, dim = 2000, 256  # 1 MB of vectors; with the index more than twice that
    with (
        indexed_from(0),
        small_disk(tmp_path / "disk", 1_800_000) as disk,
        make_writer(tmp_path / "w", n, dim=dim) as writer,
    ):
        writer.append(make_vectors(n, dim), make_metrics(n))
        with pytest.raises(OSError, match="No space|too large"):
            writer.finish(disk / "s", meta={})
        assert list(disk.iterdir()) == []
        writer.finish(tmp_path / "s", meta={})
    assert Shard.open(tmp_path / "s").count == n


def test_cancelling_while_finishing_keeps_the_parts(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt(stage)

    with make_writer(tmp_path / "w", N) as writer:
        list(append_rest(writer))
        with pytest.raises(KeyboardInterrupt):
            writer.finish(tmp_path / "s", meta={}, on_progress=cancel)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["w"]
        assert finish(writer, tmp_path / "s") == undisturbed


def test_what_a_killed_finish_left_is_swept_away(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    (tmp_path / ".s.new").mkdir()
    (tmp_path / ".s.new" / "vectors.npy").write_bytes(b"half")
    with make_writer(tmp_path / "w", N) as writer:
        assert finish(writer, tmp_path / "s") == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_progress_tells_each_stage(tmp_path: Path) -> None:
    seen: dict[str, tuple[int, int]] = {}
    with make_writer(tmp_path / "w", 5) as writer:
        writer.append(make_vectors(5, DIM), make_metrics(5))
        with indexed_from(0):
            writer.finish(tmp_path / "s", meta={}, on_progress=lambda stage, *at: seen.update({stage: at}))
    assert seen == {"vectors": (5, 5), "index": (5, 5), "recall": (2, 2)}
