"""Checkpoints as others publish them: opened on the command line only, as weights only; and 8-bit versions."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml import encoders, modelstore
from ml.errors import BadEncoder, Disagreement, NoTextTower
from ml.modelstore import converting, quantising
from ml.modelstore.converting import convert, import_openclip
from ml.modelstore.quantising import quantise
from ml.torchvision_shim import import_torchvision
from tests.ml.making import TINY, make_images
from tests.ml.networks import ssl_entry, tiny_network

NAME = "tiny-for-tests"


@pytest.fixture(scope="module", autouse=True)
def architecture(tmp_path_factory: pytest.TempPathFactory) -> None:
    """open_clip knows a CLIP of a few kilobytes by name, as it knows ViT-B-32."""
    import_torchvision()
    import open_clip

    folder = tmp_path_factory.mktemp("architectures")
    (folder / f"{NAME}.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder)


def clip(seed: int = 0) -> Any:
    import open_clip

    torch.manual_seed(seed)
    return open_clip.CLIP(**TINY).eval()


def brought(file: Path, models: Path, **options: Any) -> Path:
    return import_openclip(file, models, "remote", **{"architecture": NAME, "licence": "Apache-2.0", **options})


WRAPPED = {
    "plain": lambda state: state,
    "ddp": lambda state: {f"module.{key}": value for key, value in state.items()},
    "lightning": lambda state: {"epoch": 3, "state_dict": {f"model.{key}": value for key, value in state.items()}},
}


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_clip_checkpoint_gives_pictures_and_words(tmp_path: Path, wrapped: str) -> None:
    torch.save(WRAPPED[wrapped](clip().state_dict()), tmp_path / "RemoteCLIP.pt")
    folder = brought(tmp_path / "RemoteCLIP.pt", tmp_path / "models")
    encoder = encoders.load(folder, choose=False)
    import open_clip

    tokens = open_clip.SimpleTokenizer(context_length=16)(["an airport"])
    expected = torch.nn.functional.normalize(clip().encode_text(tokens)).detach().numpy()
    np.testing.assert_allclose(encoder.encode_text(["an airport"]), expected, atol=1e-5)
    assert (encoder.has_text, encoder.dim, encoder.licence) == (True, 24, "Apache-2.0")
    assert not list(folder.glob("*.pt"))


@pytest.mark.parametrize("lead", ["visual.", ""])
def test_the_image_tower_alone_gives_no_text_search(tmp_path: Path, lead: str) -> None:
    torch.save({f"{lead}{key}": value for key, value in clip().visual.state_dict().items()}, tmp_path / "v.pth")
    encoder = encoders.load(brought(tmp_path / "v.pth", tmp_path / "models", half=True), choose=False)
    assert encoder.encode_images(make_images(2)).shape == (2, 24)
    with pytest.raises(NoTextTower):
        encoder.encode_text(["an airport"])


def test_safetensors_in_open_clips_format_are_taken(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(clip().state_dict(), tmp_path / "m.safetensors")
    assert brought(tmp_path / "m.safetensors", tmp_path / "models").name == "1"


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    torch.save(clip().state_dict(), tmp_path / "m.pt")
    with pytest.raises(BadEncoder, match=r"not a checkpoint of RN50: \d+ of its \d+ tensors are missing"):
        brought(tmp_path / "m.pt", tmp_path / "models", architecture="RN50")
    with pytest.raises(BadEncoder, match="open_clip has no architecture 'ViT-Z'; near it: "):
        brought(tmp_path / "m.pt", tmp_path / "models", architecture="ViT-Z")
    assert not list((tmp_path / "models").rglob("*.safetensors"))


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/lookalike-was-here",)


def test_a_pickle_that_would_run_code_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"weights": Evil()}, protocol=2))
    with pytest.raises(BadEncoder, match="holds more than weights.*could run any code"):
        convert(tmp_path / "evil.pt", tmp_path / "out.safetensors")
    assert not Path("/tmp/lookalike-was-here").exists()
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.pt").write_bytes(data)
    with pytest.raises(BadEncoder):
        convert(tmp_path / "m.pt", tmp_path / "out.safetensors")


def test_a_checkpoint_without_weights_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "m.pt")
    with pytest.raises(BadEncoder, match="holds no weights"):
        convert(tmp_path / "m.pt", tmp_path / "out.safetensors")


def test_a_timm_checkpoint_is_converted(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    torch.save({"state_dict": tiny_network().state_dict()}, tmp_path / "m.pth")
    count = convert(tmp_path / "m.pth", tmp_path / "out.safetensors", half=True)
    found = load_file(tmp_path / "out.safetensors")
    assert count == len(found) == len(tiny_network().state_dict())
    assert found["conv1.0.weight"].dtype == torch.float16


def test_the_site_never_converts() -> None:
    root = Path(converting.__file__).parents[2]
    callers = [path for part in ("search", "labeling", "webapp") for path in (root / part).rglob("*.py")]
    assert not [path for path in callers if "converting" in path.read_text() and "modelstore" in path.read_text()]


def test_a_quantised_version_is_smaller_and_tells_its_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantising, "_PICTURES", 16)
    models = tmp_path / "models"
    whole = modelstore.publish(ssl_entry(tmp_path / "e"), models, "mine")
    small = quantise(modelstore.find(models, "mine"), models)
    card = json.loads((small / "card.json").read_text())
    encoder = encoders.load(small)
    assert (small.name, encoder.dim, encoder.size, card["quantised"]) == ("2", 96, 32, "static")
    assert 0.99 <= card["agreement"] <= 1.0001
    assert (small / "model.onnx").stat().st_size < 0.5 * (whole / "weights.safetensors").stat().st_size


def test_too_little_agreement_is_refused_unless_forced(tmp_path: Path) -> None:
    models = tmp_path / "models"
    modelstore.publish(ssl_entry(tmp_path / "e"), models, "mine")
    with pytest.raises(Disagreement, match=r"agree with the original's by 0\.\d+ only, where 1.5 is asked for"):
        quantise(modelstore.find(models, "mine"), models, least=1.5)
    assert [one.version for one in modelstore.versions(models, "mine")] == ["1"]


def test_what_is_no_network_cannot_be_quantised(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="only networks can be quantised"):
        quantise(modelstore.find(tmp_path, "colour"), tmp_path)
