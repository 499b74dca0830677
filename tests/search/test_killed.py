"""kill -9 of the worker, of Redis and of the site, in the middle of a shard: nothing is lost, the result is the same"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import DEMO
from tests.prepared import lay_out
from tests.webapp.site import Site, until

SHARDS = "/api/v1/datasets/earth/shards/"
TILES = 800  # of a shard of level 5


def bring_in(site: Site, month: str, *more: str) -> None:
    """One of the demo's months; the first makes the dataset, further ones are further days of it."""
    naming = [str(DEMO / f"bluemarble_2004-{month}-01.tif"), "--dataset", "earth", "--public", "--levels", "5"]
    site.prompt.run("import_images", *naming, *more)


def shards(site: Site) -> list[dict]:
    status, body = site.get(SHARDS)
    return json.loads(body)["results"] if status == 200 else []


def half_way(site: Site) -> bool:
    return any(0 < shard["done"] < TILES for shard in shards(site))


def finished(site: Site) -> bool:
    return {shard["status"] for shard in shards(site)} == {"ready"}


def digests(site: Site, month: str) -> list[str]:
    """Of vectors and tiles of its shard."""
    (manifest,) = (site.data / "shards").rglob(f"2004-{month}-01/L05/*/shard.json")
    return sorted(file["sha256"] for file in json.loads(manifest.read_text())["files"].values())


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(lay_out(prepared, tmp_path_factory.mktemp("undisturbed")))
    for month in ("01", "03", "05"):
        bring_in(site, month, "--now")
    site.prompt.end()
    return site


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(lay_out(prepared, tmp_path_factory.mktemp("killed"))).start()
    yield site.ready()
    site.end()


def busy(site: Site, month: str) -> None:
    """From here on it is in the middle of that month's shard."""
    bring_in(site, month)
    until(lambda: half_way(site), 120, site.output)


@pytest.mark.parametrize(("month", "part"), [("01", "worker"), ("03", "redis")])
def test_a_killed_part_loses_nothing(site: Site, undisturbed: Site, month: str, part: str) -> None:
    busy(site, month)
    os.kill(site.children()[part], signal.SIGKILL)
    until(lambda: finished(site), 180, site.output)
    assert digests(site, month) == digests(undisturbed, month)
    assert len(digests(site, month)) == 2


def test_a_killed_site_goes_on_at_its_next_start(site: Site, undisturbed: Site) -> None:
    busy(site, "05")
    site.end()
    until(lambda: not site.get("/healthz")[0], 20)
    site.start().ready()
    until(lambda: finished(site), 180, site.output)
    assert digests(site, "05") == digests(undisturbed, "05")
