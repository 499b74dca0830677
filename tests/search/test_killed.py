"""kill -9 of the worker, and of Redis, in the middle of a shard: nothing is lost and the result is the same."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import JANUARY
from tests.prepared import lay_out
from tests.webapp.site import Site, until

SHARDS = "/api/v1/datasets/earth/shards/"


def manage(site: Site, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=site.environment, check=True, timeout=200
    )


def bring_in(site: Site, *more: str) -> None:
    manage(site, "import_images", str(JANUARY), "--dataset", "earth", "--public", "--levels", "5", "4", *more)


def shards(site: Site) -> list[dict]:
    status, body = site.get(SHARDS)
    return json.loads(body)["results"] if status == 200 else []


def half_way(site: Site) -> bool:
    return any(shard["level"] == 5 and 0 < shard["done"] < 800 for shard in shards(site))


def finished(site: Site) -> bool:
    return [shard["status"] for shard in shards(site)] == ["ready", "ready"]


def digests(site: Site) -> list[str]:
    """Of vectors and tiles of both shards."""
    manifests = sorted((site.data / "shards").rglob("shard.json"))
    return sorted(file["sha256"] for path in manifests for file in json.loads(path.read_text())["files"].values())


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    site = Site(lay_out(prepared, tmp_path_factory.mktemp("undisturbed")))
    bring_in(site, "--now")
    return digests(site)


@pytest.fixture
def busy(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """A site in the middle of its first shard."""
    site = Site(lay_out(prepared, tmp_path))
    bring_in(site)
    site.start().ready()
    until(lambda: half_way(site), 120, site.output)
    yield site
    site.end()


@pytest.mark.parametrize("part", ["worker", "redis"])
def test_a_killed_part_loses_nothing(busy: Site, undisturbed: list[str], part: str) -> None:
    os.kill(busy.children()[part], signal.SIGKILL)
    until(lambda: finished(busy), 180, busy.output)
    assert digests(busy) == undisturbed
    assert len(undisturbed) == 4


def test_a_killed_site_goes_on_at_its_next_start(busy: Site, undisturbed: list[str]) -> None:
    busy.end()
    until(lambda: not busy.get("/healthz")[0], 20)
    busy.start().ready()
    until(lambda: finished(busy), 180, busy.output)
    assert digests(busy) == undisturbed
