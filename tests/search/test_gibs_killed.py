"""kill -9 in the middle of a download: the next run goes on, and leaves what an undisturbed run leaves."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.gibs_downloads import TERRA
from tests.gibs_server import TILE, GibsServer
from tests.prepared import lay_out
from tests.webapp.site import until

AT_ONCE = 4
LINE = ["gibs_download", "--layer", TERRA, "--from", "2012-07-09", "--to", "2012-07-11", "--level", "6", "--now",
        "--bbox", "0", "0", "20", "20", "--dataset", "sahara", "--encoder", "colour", "--concurrency",
        str(AT_ONCE)]  # fmt: skip


@pytest.fixture
def server() -> Iterator[GibsServer]:
    with GibsServer() as server:
        yield server


def environment(data: Path) -> dict[str, str]:
    ours = {
        "ENV_FILE": os.devnull,
        "LOOKALIKE_DATA": str(data),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": "ERROR",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {**{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}, **ours}


def manage(data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=environment(data), stderr=subprocess.PIPE
    )


def download(data: Path, server: GibsServer) -> tuple[int, str]:
    process = manage(data, *LINE, "--endpoint", server.url)
    _, said = process.communicate(timeout=200)
    return process.returncode, said.decode()


def left(data: Path) -> dict[str, bytes]:
    """Tiles, their records, lists of scenes and finished shards; not what changes with every build, such as times."""
    kinds = (".jpg", ".jsonl", ".parquet", ".npy")
    roots = [data / name for name in ("gibs", "scenes", "shards")]
    files = [path for root in roots for path in root.rglob("*") if path.suffix in kinds]
    return {"/".join(p for p in path.relative_to(data).parts if len(p) != 12): path.read_bytes() for path in files}


def test_a_killed_download_goes_on_and_repeats_at_most_the_tiles_in_flight(
    prepared: Path, tmp_path: Path, server: GibsServer
) -> None:
    disturbed, undisturbed = (lay_out(prepared, tmp_path / name) for name in ("disturbed", "undisturbed"))
    assert download(undisturbed, server)[0] == 0
    server.forget()
    server.latency = 0.2
    process = manage(disturbed, *LINE, "--endpoint", server.url)
    until(lambda: server.tiles_asked > 20, 60)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert server.tiles_asked < 75
    server.latency = 0
    code, said = download(disturbed, server)
    assert code == 0, said
    tiles = {path: count for path, count in server.asked.items() if TILE.fullmatch(path)}
    assert len(tiles) == 75
    assert sum(count - 1 for count in tiles.values()) <= AT_ONCE
    assert left(disturbed) == left(undisturbed)
    assert len(left(disturbed)) > 80
