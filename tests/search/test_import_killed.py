"""kill -9 in the middle of an import: the next run goes on, and the result is the same."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import make_raster, noise
from tests.prepared import lay_out
from tests.webapp.site import Site, until

FILES = 40


def command(site: Site, folder: Path) -> list[str]:
    return [sys.executable, "manage.py", "import_images", str(folder), "--dataset", "own", "--levels", "5", "--json",
            "--encoder", "colour", "--convert", "--now"]  # fmt: skip


def bring_in(site: Site, folder: Path) -> None:
    subprocess.run(command(site, folder), cwd=settings.BASE_DIR, env=site.environment, check=True, capture_output=True)


def findings(site: Site) -> list[str]:
    seen = site.data / "imagery" / "own" / "seen.jsonl"
    return seen.read_text().splitlines() if seen.exists() else []


def result(site: Site) -> dict[str, str]:
    """What the import made: digests of shards, and of the copies."""
    shards = sorted((site.data / "shards").rglob("shard.json"))
    held = {f"{path.parent.parent.name} {name}": file["sha256"] for path in shards
            for name, file in json.loads(path.read_text())["files"].items()}  # fmt: skip
    copies = {path.name: str(path.stat().st_size) for path in (site.data / "imagery").rglob("*.tif")}
    return held | copies


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("files")
    for i in range(FILES):
        place = (i % 8 * 9, i // 8 * 9, i % 8 * 9 + 9, i // 8 * 9 + 9)
        make_raster(home / f"{i:02}.tif", noise(3, 700, 700, seed=i), place)
    return home


def test_a_killed_import_goes_on_and_ends_the_same(prepared, tmp_path, folder):
    undisturbed, killed = (Site(lay_out(prepared, tmp_path / name)) for name in ("undisturbed", "killed"))
    bring_in(undisturbed, folder)
    process = subprocess.Popen(command(killed, folder), cwd=settings.BASE_DIR, env=killed.environment)
    until(lambda: len(findings(killed)) > 5 or process.poll() is not None, 60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    before = findings(killed)
    assert 5 < len(before) < FILES
    bring_in(killed, folder)
    assert findings(killed)[: len(before) - 1] == before[:-1]
    assert len(findings(killed)) <= FILES + 4  # at most the files in flight are looked at again
    assert result(killed) == result(undisturbed)
