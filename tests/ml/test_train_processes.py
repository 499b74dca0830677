"""Training over processes, as torchrun starts them, and after a kill -9."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from ml.train import Cache
from ml.train.config import METHODS
from tests.ml.several_processes import every_method
from tests.ml.training import TINY, cache, kinds

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


@pytest.fixture(scope="module")
def one_and_two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same trainings in one process, and in two with half of every batch each."""
    folder = tmp_path_factory.mktemp("processes")
    packed = cache(folder / "cache")
    call = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tests.ml.several_processes"]
    arguments = [str(packed.folder), str(folder / "two")]
    running = subprocess.Popen([sys.executable, "-m", *call, *arguments], cwd=ROOT, env=ENVIRONMENT)
    every_method(packed, folder / "one")
    assert running.wait(200) == 0
    return {"one": folder / "one", "two": folder / "two"}


def losses(work: Path) -> list[float]:
    return json.loads((work / "entry" / "card.json").read_text())["loss"]


@pytest.mark.parametrize("method", METHODS)
def test_two_processes_have_the_loss_of_one_with_twice_the_batch(one_and_two: dict[str, Path], method: str) -> None:
    """In the second epoch too: after steps that were taken together."""
    np.testing.assert_allclose(losses(one_and_two["two"] / method), losses(one_and_two["one"] / method), atol=1e-4)


def images(folder: Path) -> Path:
    folder.mkdir()
    for number, tile in enumerate(kinds()[0]):
        Image.fromarray(tile).save(folder / f"{number:03}.png")
    return folder


def call(pictures: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ml.train", str(pictures), "--work", str(folder / "work"), "--json"]
    command += ["--store", str(folder / "store"), "--backbone", TINY, "--size", "32", "--epochs", "8", "--batch", "16"]
    command += ["--precision", "float32"]  # the choice is measured, and two calls may choose otherwise
    return subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def finished(running: subprocess.Popen[str]) -> Path:
    out, _ = running.communicate(timeout=200)
    assert running.returncode == 0
    return Path(json.loads(out)["entry"])


def step(work: Path) -> int:
    file = work / "checkpoint.json"
    return json.loads(file.read_bytes())["step"] if file.is_file() else 0


def test_killed_it_goes_on_at_its_checkpoint_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    pictures = images(tmp_path / "images")
    undisturbed = call(pictures, tmp_path / "whole")
    killed = call(pictures, tmp_path / "broken")
    while not step(tmp_path / "broken" / "work"):
        assert killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert 0 < step(tmp_path / "broken" / "work") < 32, "killed too late"
    again = finished(call(pictures, tmp_path / "broken"))
    expected = load_file(finished(undisturbed) / "weights.safetensors")
    for name, tensor in load_file(again / "weights.safetensors").items():
        np.testing.assert_array_equal(tensor, expected[name])
    assert Cache.open(tmp_path / "broken" / "work" / "images-32-0").pixels.shape == (64, 32, 32, 3)
