"""Files of an open shard cut short, changed or deleted while they are searched."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ml.errors import DamagedShard
from ml.index import ENGINES
from ml.shards import Shard
from tests.ml.making import indexed_from, make_shard

READ_BEYOND = """
import os, sys
from pathlib import Path
from ml.shards import Shard, cut_short
if sys.argv[2] == "unprotected":
    cut_short.survive = lambda: None
shard = Shard.open(Path(sys.argv[1]))
os.truncate(shard.folder / "vectors.npy", 4096)
print(len(shard.search(shard.vector(0), 5)[0]), shard.untouched())
"""


def read_beyond(folder: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", READ_BEYOND, folder, how], capture_output=True, text=True, timeout=60)


def test_a_search_of_vectors_cut_short_ends_and_is_known_to_be_worthless(tmp_path: Path) -> None:
    done = read_beyond(make_shard(tmp_path / "s", 3000).folder, "protected")
    assert (done.returncode, done.stdout.split()) == (0, ["5", "False"]), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="SIGBUS is handled on Linux only")
def test_without_protection_the_process_would_end(tmp_path: Path) -> None:
    assert read_beyond(make_shard(tmp_path / "s", 3000).folder, "unprotected").returncode == -signal.SIGBUS


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        middle = path.stat().st_size // 2
        file.seek(middle)
        old = file.read(1)[0]
        file.seek(middle)
        file.write(bytes([old ^ 64]))


class Searcher(threading.Thread):
    """Opens the shard, searches until its files are touched, and opens it again."""

    def __init__(self, folder: Path, sound: Shard, seed: int) -> None:
        super().__init__()
        self.folder, self.sound, self.random = folder, sound, np.random.default_rng(seed)
        self.stop, self.answers, self.wrong, self.refused = threading.Event(), 0, 0, 0

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.search(Shard.open(self.folder))
            except DamagedShard:
                self.refused += 1
                self.stop.wait(0.002)

    def search(self, shard: Shard) -> None:
        while not self.stop.is_set():
            row = int(self.random.integers(shard.count))
            rows, scores = shard.search(self.sound.vector(row), 10, exact=bool(row % 2))
            if not shard.untouched():
                return
            self.answers += 1
            sound = np.sort(self.sound.likeness(self.sound.vector(row), rows))[::-1]
            self.wrong += not np.allclose(scores, sound, atol=1e-4) or rows[0] != row


@pytest.mark.parametrize("engine", ENGINES)
def test_every_answer_is_right_or_refused(tmp_path: Path, engine: str) -> None:
    with indexed_from(0):
        sound = make_shard(tmp_path / "sound", 5000, engine)
    index = next((tmp_path / "sound").glob("index.*")).name
    live, fresh = tmp_path / "live", tmp_path / "fresh"
    searchers = [Searcher(live, sound, seed) for seed in range(3)]
    for searcher in searchers:
        searcher.start()
    for harm in (cut, flip, Path.unlink) * 3:
        for name in ("vectors.npy", index):
            shutil.rmtree(live, ignore_errors=True)
            shutil.copytree(sound.folder, fresh)
            fresh.rename(live)
            before = sum(searcher.answers for searcher in searchers)
            while sum(searcher.answers for searcher in searchers) < before + 20:
                searchers[0].stop.wait(0.005)
            harm(live / name)
            searchers[0].stop.wait(0.02)
    for searcher in searchers:
        searcher.stop.set()
        searcher.join()
    assert sum(searcher.wrong for searcher in searchers) == 0
    assert sum(searcher.refused for searcher in searchers) > 0
