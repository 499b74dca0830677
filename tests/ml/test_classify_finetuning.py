"""An encoder that has looked at labelled tiles."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from ml import encoders
from ml.classify.finetuning import Tuning, finetune
from ml.errors import BadEncoder, BadLabels, TooFewLabels
from ml.torchvision_shim import import_torchvision
from tests.ml.making import make_entry

SIZE, N = 32, 40
ONES = np.ones(N, np.float32)
EAGER = Tuning(epochs=3, batch=8, rate=3e-3, pull=0.0)


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network of timm with random weights, for squares of 32 pixels."""
    import_torchvision()
    import timm

    torch.manual_seed(0)
    network = timm.create_model("test_resnet", pretrained=False)
    store = tmp_path_factory.mktemp("store")
    config = {"architecture": "test_resnet", "size": SIZE, "dim": network.num_features}
    folder = make_entry(store / "tiny", kind="timm", **config)
    save_file(network.state_dict(), folder / "weights.safetensors")
    return folder


@pytest.fixture(scope="module")
def pictures() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Stripes that run down are positives, those that run across are not."""
    random = np.random.default_rng(0)
    targets = (np.arange(N) % 2).astype(np.float32)
    wave = 127 + 120 * np.sin(np.arange(SIZE) * random.uniform(0.6, 1.2, (N, 1)))
    square = np.broadcast_to(wave[:, None, :], (N, SIZE, SIZE)).copy()
    square[targets == 0] = square[targets == 0].transpose(0, 2, 1)
    return np.repeat(square[..., None], 3, axis=3).astype(np.uint8), targets


def test_a_tuned_entry_is_a_new_version_that_can_be_opened(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    images, targets = pictures
    told = finetune(entry, images, targets, ONES, tmp_path / "tuned", version="2", tuning=EAGER, device="cpu")
    before, after = (encoders.load(folder, cache=tmp_path, device="cpu") for folder in (entry, tmp_path / "tuned"))
    assert (after.version, after.dim) == ("2", before.dim)
    assert after.fingerprint != before.fingerprint
    assert told["epochs"] > 0
    assert told["loss"][told["epochs"]] < told["loss"][0]
    assert not np.allclose(after.encode_images(images[:4]), before.encode_images(images[:4]))


def test_only_the_end_of_the_network_has_changed(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    finetune(entry, *pictures, ONES, tmp_path / "tuned", version="2", tuning=EAGER, device="cpu")
    before, after = (load_file(folder / "weights.safetensors") for folder in (entry, tmp_path / "tuned"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    assert changed
    assert all(name.startswith("layer4.") for name in changed)
    assert not any("running" in name for name in changed)


def test_what_does_not_help_is_not_kept(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    wild = Tuning(epochs=1, rate=100.0)
    told = finetune(entry, *pictures, ONES, tmp_path / "tuned", version="2", tuning=wild, device="cpu")
    before, after = (load_file(folder / "weights.safetensors") for folder in (entry, tmp_path / "tuned"))
    assert told["epochs"] == 0
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_progress_is_told_by_the_epoch(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    finetune(entry, *pictures, ONES, tmp_path / "t", version="2", tuning=Tuning(epochs=2), device="cpu",
             on_progress=lambda *step: told.append(step))  # fmt: skip
    assert told == [("epochs", 1, 2), ("epochs", 2, 2)]


def test_an_entry_that_exists_is_not_overwritten(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]]
) -> None:
    with pytest.raises(FileExistsError):
        finetune(entry, *pictures, ONES, entry, version="2", tuning=Tuning(epochs=1), device="cpu")


def test_what_has_no_network_cannot_be_tuned(
    pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    with pytest.raises(BadEncoder, match="no network of torchvision or timm"):
        finetune(make_entry(tmp_path / "c"), *pictures, ONES, tmp_path / "out", version="2")


def test_labels_that_cannot_be_split_are_too_few(
    entry: Path, pictures: tuple[NDArray[np.uint8], NDArray[np.float32]], tmp_path: Path
) -> None:
    images, targets = pictures
    with pytest.raises(TooFewLabels, match="label more tiles"):
        finetune(entry, images, targets, ONES, tmp_path / "out", version="2", groups=np.zeros(N, np.int64))
    with pytest.raises(BadLabels, match="39 images for 40 labels"):
        finetune(entry, images[1:], targets, ONES, tmp_path / "out", version="2")
