"""kill -9 in the middle of a training: the next run goes on at its last checkpoint."""

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

TINY = ["--backbone", "test_resnet.r160_in1k", "--size", "32", "--batch", "16", "--json"]


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Site:
    """No processes, only a data folder with 64 tiles of noise."""
    found = Site(lay_out(prepared, tmp_path / "data"), TRAINING_THREADS="1")
    raster = make_raster(tmp_path / "noise.tif", noise(3, 256, 256), (0, 0, 18, 18))
    subprocess.run(command("import_images", raster, "--dataset", "own", "--levels", 7, "--encoder", "colour"),
                   cwd=settings.BASE_DIR, env=found.environment, check=True, capture_output=True)  # fmt: skip
    return found


def command(*words: object) -> list[str]:
    return [sys.executable, "manage.py", *map(str, words)]


def updates(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []


def begun(site: Site, *words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("train", "own", *words), cwd=settings.BASE_DIR, env=site.environment, stdout=subprocess.PIPE
    )


@pytest.mark.timeout(600)  # two processes that import torch, on a machine that does more besides
def test_a_killed_training_goes_on_at_its_last_checkpoint(site: Site) -> None:
    work = site.data / "trainings" / "1" / "work"
    first = begun(site, "--epochs", 20, *TINY)
    until(lambda: len(updates(work / "log.jsonl")) > 2, 240)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    before, at = len(updates(work / "log.jsonl")), json.loads((work / "checkpoint.json").read_text())["step"]
    second = begun(site, "--resume", 1, "--json")
    until(lambda: len(updates(work / "log.jsonl")) > before, 240)
    assert at < updates(work / "log.jsonl")[before]["step"] <= at + 4
    told = json.loads(second.communicate()[0])
    assert (told["status"], told["encoder"], told["curve"][-1][0]) == ("ready", "own-own/1", 20)
