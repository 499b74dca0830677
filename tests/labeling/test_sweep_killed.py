"""kill -9 of the worker in the middle of a sweep: it is taken over, and every tile is scored once."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.classify import Classifier
from ml.classify.scoring import BLOCK
from tests.prepared import lay_out
from tests.webapp.site import Site, until

SHARDS, DIM = 2, 8
TILES = 2 * BLOCK + 1_000  # two whole blocks and the beginning of a third one
BEGIN = f"""
import numpy as np
from pathlib import Path
from django.conf import settings
from labeling import campaigns
from labeling.models import Round
from labeling.sweeps import starting
from ml.classify import Classifier, Config
from search import archives
dataset = archives.make("many", tiles={SHARDS * TILES}, shards={SHARDS}, dim={DIM}, engine="faiss")
campaign = campaigns.create(None, dataset, "Is it?")
random = np.random.default_rng(0)
units = 8192  # so many that a block takes a second
weights = {{
    "hidden.weight": random.normal(size=({DIM}, units)).astype(np.float32), "hidden.bias": np.zeros(units, np.float32),
    "weight": random.normal(size=units).astype(np.float32) / 100, "bias": np.zeros(1, np.float32),
}}
folder = Path(settings.DATA_DIR) / "models" / "campaign-1" / "1"
folder.parent.mkdir(parents=True)
Classifier(Config(), weights).save(folder)
Round.objects.create(campaign=campaign, number=1, trigger="host", status="ready", folder="models/campaign-1/1")
"""
SWEEP = """
from labeling.models import Campaign
from labeling.sweeps import starting
starting.begin(Campaign.objects.get())
"""


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """With a classifier, and no sweep yet."""
    site = Site(lay_out(prepared, tmp_path))
    site.prompt.shell(BEGIN)
    site.start().ready()
    yield site
    site.end()


def rows(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{site.data / 'lookalike.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def parts(site: Site) -> dict[int, tuple[str, int]]:
    return {pk: (status, done) for pk, status, done in rows(site, "SELECT id, status, done FROM labeling_sweeppart")}


def half_way(site: Site) -> bool:
    """One part is ready, another one has its first block and a second's work on the next one before it."""
    statuses = list(parts(site).values())
    return any(status == "ready" for status, _ in statuses) and any(
        status == "running" and 0 < done <= BLOCK for status, done in statuses
    )


def finished(site: Site) -> bool:
    return rows(site, "SELECT status FROM labeling_sweep") == [("ready",)]


def test_a_sweep_whose_worker_is_killed_scores_every_tile_once(site: Site) -> None:
    site.prompt.shell(SWEEP)
    until(lambda: half_way(site), 120, site.output)
    os.kill(site.children()["learner"], signal.SIGKILL)
    before, folder = parts(site), site.data / "campaigns" / "1" / "sweeps" / "1"
    ready = {path: path.stat().st_mtime_ns for path in folder.glob("[!.]*.npy")}
    assert not finished(site), "killed too late"
    lowest = {pk: done for pk, (_, done) in before.items()}
    deadline = time.monotonic() + 180
    while not finished(site) and time.monotonic() < deadline:
        now = parts(site)
        assert all(now[pk][1] >= done for pk, done in lowest.items()), "tiles were scored again"
        lowest = {pk: done for pk, (_, done) in now.items()}
        time.sleep(0.05)
    assert finished(site), site.output()
    until(lambda: "learner was killed by SIGKILL" in site.output(), 10, site.output)
    assert {path: path.stat().st_mtime_ns for path in ready} == ready
    assert sum(done for _, done in parts(site).values()) == SHARDS * TILES
    check_scores(site, folder)


def check_scores(site: Site, folder: Path) -> None:
    """Some rows of each part, those at the ends of blocks among them."""
    classifier = Classifier.load(site.data / "models" / "campaign-1" / "1")
    some = np.array([0, 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, TILES - 1])
    found = sorted(path for path in folder.glob("[!.]*.npy") if path.name.count(".") == 1)
    vectors = sorted((site.data / "shards").rglob("vectors.npy"), key=lambda path: path.parts[-4])
    assert len(found) == len(vectors) == SHARDS
    for scores, features in zip(found, vectors, strict=True):
        wide = np.load(features, mmap_mode="r")[some].astype(np.float32)
        np.testing.assert_allclose(np.load(scores, mmap_mode="r")[some], classifier.predict(wide), atol=1e-3)
        assert np.isfinite(np.load(scores)).all()
        assert len(np.load(scores)) == TILES
