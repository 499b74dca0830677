"""torchvision and timm architectures, in torch and in ONNX Runtime."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ml import encoders
from ml.encoders import Encoder, torch_runtime
from ml.encoders.base import direction
from ml.errors import BadEncoder
from ml.torchvision_shim import import_torchvision
from tests.ml.making import make_entry, make_images

NAME = "test_resnet.r160_in1k"
TINY = {"kind": "timm", "architecture": NAME, "size": 32}


def tiny(folder: Path, **config: object) -> Path:
    """A timm network of a few kilobytes with random weights, classifier and all."""
    import_torchvision()
    import timm

    torch.manual_seed(0)
    make_entry(folder, **{**TINY, **config})
    save_file(timm.create_model(NAME, num_classes=7).state_dict(), folder / "weights.safetensors")
    return folder


def by_torch(images: np.ndarray, until: str = "features.18") -> np.ndarray:
    """MobileNetV2 written out, from the original weights, up to a layer."""
    from safetensors.torch import load_file

    network = import_torchvision().models.mobilenet_v2().features.eval()
    weights = load_file(encoders.builtin()["mobilenet"] / "weights.safetensors")
    network.load_state_dict({key.removeprefix("features."): value for key, value in weights.items()})
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    last = int(until.removeprefix("features."))
    return direction(network[: last + 1](x).mean(dim=(2, 3)).detach().numpy())


def test_mobilenet_agrees_with_torchvision(mobilenet: Encoder) -> None:
    images = make_images(3, 128)
    np.testing.assert_allclose(mobilenet.encode_images(images), by_torch(images), atol=1e-4)


def test_layers_are_the_mean_over_the_picture(mobilenet: Encoder) -> None:
    images = make_images(3, 128)
    expected = by_torch(images, until="features.3")
    np.testing.assert_allclose(mobilenet.blocks(images)["features.3"], expected, atol=2e-3)
    np.testing.assert_allclose(mobilenet.blocks(images)[""], mobilenet.encode_images(images), atol=1e-6)


def test_layers_have_the_widths_that_are_declared(mobilenet: Encoder) -> None:
    blocks = mobilenet.blocks(make_images(2, 50))
    assert {name: block.shape for name, block in blocks.items()} == {
        name: (2, width) for name, width in mobilenet.widths.items()
    }
    assert mobilenet.widths == {"features.3": 24, "features.6": 32, "": 1280}


def test_a_network_with_layers_finds_its_own_dimension(tmp_path: Path) -> None:
    encoder = encoders.load(tiny(tmp_path / "e", layers={"layer1": 32}), cache=tmp_path / "c")
    assert (encoder.dim, encoder.encode_images(make_images(2, 32)).shape) == (96, (2, 96))
    assert encoder.blocks(make_images(2, 32))["layer1"].shape == (2, 32)


def test_timm_agrees_with_timm(tmp_path: Path) -> None:
    import timm

    images, folder = make_images(3, 32), tiny(tmp_path / "e")
    from safetensors.torch import load_file

    network: Any = timm.create_model(NAME, num_classes=7).eval()
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    mean, std = (torch.tensor(network.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    x = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - mean) / std
    expected = direction(network.forward_head(network.forward_features(x), pre_logits=True).detach().numpy())
    np.testing.assert_allclose(encoders.load(folder, cache=tmp_path / "c").encode_images(images), expected, atol=1e-4)


def test_the_choice_of_runtime_is_kept_with_its_measurement(mobilenet: Encoder, cache: Path) -> None:
    mobilenet.encode_images(make_images(1))
    choice = json.loads((cache / f"{mobilenet.fingerprint}.json").read_text())
    assert (choice["dim"], choice["size"]) == (24 + 32 + 1280, 128)  # with the layers that joined encoders take
    assert choice["runtime"] == max(choice["images_per_second"], key=choice["images_per_second"].get)


def prefer(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    """Decide the race between the runtimes."""
    speeds = iter([1.0, 2.0] if runtime == "onnx" else [2.0, 1.0])  # torch is measured first
    monkeypatch.setattr(torch_runtime, "_speed", lambda *_: next(speeds))


def test_a_second_process_runs_the_export_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefer(monkeypatch, "onnx")
    folder = tiny(tmp_path / "e")
    encoders.load(folder, cache=tmp_path / "c").encode_images(make_images(1))
    code = (
        "import sys, numpy; from pathlib import Path; from ml.encoders import load\n"
        "encoder = load(Path(sys.argv[1]), cache=Path(sys.argv[2]))\n"
        "print(encoder.encode_images(numpy.zeros((2, 9, 9, 3), 'u1')).shape, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "c")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "(2, 96) False"


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_both_runtimes_answer_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    folder, images = tiny(tmp_path / "e"), make_images(70, 32)
    prefer(monkeypatch, runtime)
    first = encoders.load(folder, threads=1, cache=tmp_path / "c").encode_images(images)
    again = encoders.load(folder, cache=tmp_path / "c").encode_images(images)
    np.testing.assert_allclose(first, again, atol=1e-5)
    assert json.loads(next((tmp_path / "c").glob("*.json")).read_text())["runtime"] == runtime


@pytest.mark.parametrize("damage", [b"", b"rubbish"])
@pytest.mark.parametrize("suffix", [".onnx", ".json"])
def test_a_damaged_export_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, damage: bytes
) -> None:
    folder, images = tiny(tmp_path / "e"), make_images(2, 32)
    prefer(monkeypatch, "onnx")
    expected = encoders.load(folder, cache=tmp_path / "c").encode_images(images)
    next((tmp_path / "c").glob(f"*{suffix}")).write_bytes(damage)
    prefer(monkeypatch, "onnx")
    np.testing.assert_allclose(encoders.load(folder, cache=tmp_path / "c").encode_images(images), expected, atol=1e-5)


def test_torch_runs_what_cannot_be_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise RuntimeError("unsupported operator")

    monkeypatch.setattr(torch_runtime, "export", refuse)
    assert encoders.load(tiny(tmp_path / "e"), cache=tmp_path / "c").encode_images(make_images(2)).shape == (2, 96)


def test_torch_runs_what_onnx_gets_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_runtime, "_AGREEMENT", 2.0)  # no cosine reaches that
    encoders.load(tiny(tmp_path / "e"), cache=tmp_path / "c").encode_images(make_images(2))
    assert json.loads(next((tmp_path / "c").glob("*.json")).read_text())["runtime"] == "torch"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    encoder = encoders.load(tiny(tmp_path / "e"), cache=tmp_path / "file" / "c")
    assert encoder.encode_images(make_images(2)).shape == (2, 96)
    assert "cannot be kept" in caplog.text


def test_threads_build_it_once_and_agree(tmp_path: Path) -> None:
    encoder, images = encoders.load(tiny(tmp_path / "e"), cache=tmp_path / "c"), make_images(16, 32)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: encoder.encode_images(images), range(8)))
    assert all(np.array_equal(answers[0], answer) for answer in answers)


def test_size_mean_and_deviation_can_be_set(tmp_path: Path) -> None:
    encoder = encoders.load(tiny(tmp_path / "e", size=48, mean=[0, 0, 0], std=[1, 1, 1]), cache=tmp_path / "c")
    assert (encoder.size, encoder.dim) == (48, 96)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"architecture": "no_such_net"}, "no architecture"),
        ({"architecture": "hf_hub:someone/else"}, "must be a model's name"),
        ({"architecture": None}, "must be a model's name"),
        ({"kind": "torchvision", "architecture": "no_such_net"}, "torchvision has no"),
        ({"kind": "torchvision", "architecture": "resnet18"}, "another architecture"),
        ({"kind": "torchvision", "architecture": "squeezenet1_0"}, "no linear layer"),
        ({"arguments": {"checkpoint_path": "evil.pth"}}, "unknown arguments"),
        ({"layers": {"nowhere": 8}}, "no layer 'nowhere'"),
        ({"layers": {"layer1": 7}}, "layer 'layer1' has the shape"),
        ({"layers": {"layer1": "many"}}, "channels of each layer"),
        ({"layers": ["layer1"]}, "channels of each layer"),
        ({"weights": "missing.safetensors"}, "is missing"),
        ({"weights": "../e/weights.safetensors"}, "own folder"),
        ({"weights": "/etc/passwd"}, "own folder"),
    ],
)
def test_settings_that_fit_no_network_are_refused(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    folder = tiny(tmp_path / "e", **config)
    with pytest.raises(BadEncoder, match=message):
        encoders.load(folder, cache=tmp_path / "c").encode_images(make_images(1))


@pytest.mark.parametrize("name", ["weights.pth", "weights.pt", "weights.bin", "model.ckpt", "weights.pkl"])
def test_pickles_are_refused_unopened(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadEncoder, match="any code"):
        encoders.load(tiny(tmp_path / "e", weights=name))


@pytest.mark.parametrize("keep", [0, 7, 1000])
def test_truncated_weights_are_refused(tmp_path: Path, keep: int) -> None:
    path = tiny(tmp_path / "e") / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadEncoder, match="not a whole safetensors file"):
        encoders.load(path.parent, cache=tmp_path / "c").encode_images(make_images(1))
