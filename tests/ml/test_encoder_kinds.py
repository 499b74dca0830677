"""Encoders learnt here (any number of bands) and from ONNX files, behind the interface of all others."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from ml import encoders, modelstore
from ml.encoders.base import direction
from ml.errors import BadEncoder
from ml.images import resize
from tests.ml.making import make_entry, make_images
from tests.ml.networks import onnx_entry, ssl_entry, tiny_network


def banded(n: int, bands: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(bands).integers(0, 256, (n, size, size, bands), np.uint8)


@pytest.mark.parametrize("bands", [1, 3, 13])
def test_a_learnt_encoder_looks_at_any_number_of_bands(tmp_path: Path, bands: int) -> None:
    images, mean, std = banded(3, bands), [0.1 + 0.01 * band for band in range(bands)], [0.3] * bands
    encoder = encoders.load(ssl_entry(tmp_path / "e", bands=bands, mean=mean, std=std), choose=False)
    x = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - torch.tensor(mean).view(-1, 1, 1)) / 0.3
    expected = direction(tiny_network(bands)(x).detach().numpy())
    assert (encoder.bands, encoder.dim, encoder.size) == (bands, 96, 32)
    np.testing.assert_allclose(encoder.encode_images(images), expected, atol=1e-4)


def test_weights_of_half_precision_are_read_as_float32(tmp_path: Path) -> None:
    folder = ssl_entry(tmp_path / "e", half=True)
    assert encoders.load(folder, choose=False).encode_images(make_images(2)).dtype == np.float32


def test_a_learnt_encoder_goes_through_the_choice_of_runtimes(tmp_path: Path) -> None:
    encoder = encoders.load(ssl_entry(tmp_path / "e", bands=5), cache=tmp_path / "c")
    encoder.encode_images(banded(1, 5))
    choice = json.loads((tmp_path / "c" / f"{encoder.fingerprint}.json").read_text())
    assert set(choice["images_per_second"]) == {"torch", "onnx"}


def test_images_of_other_bands_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\(n, h, w, 5\)"):
        encoders.load(ssl_entry(tmp_path / "e", bands=5)).encode_images(make_images(1))


def test_other_sizes_are_resized_band_by_band() -> None:
    images = banded(2, 4, size=50)
    alone = np.stack([resize(images[..., band : band + 1], 20)[..., 0] for band in range(4)], axis=-1)
    np.testing.assert_array_equal(resize(images, 20), alone)
    np.testing.assert_array_equal(resize(images[..., :3], 20), alone[..., :3])


@pytest.mark.parametrize("said", ["before", "after"])
def test_a_projection_follows_the_network(tmp_path: Path, said: str) -> None:
    random, folder = np.random.default_rng(0), ssl_entry(tmp_path / "e", dim=96 if said == "before" else 7)
    plain = encoders.load(ssl_entry(tmp_path / "plain"), choose=False).encode_images(make_images(3))
    mean, matrix = random.random(96).astype(np.float32), random.random((96, 7)).astype(np.float32)
    save_file({"mean": mean, "matrix": matrix}, folder / "projection.safetensors")
    encoder = encoders.load(folder, choose=False)
    np.testing.assert_allclose(encoder.encode_images(make_images(3)), direction((plain - mean) @ matrix), atol=1e-4)
    assert encoder.dim == 7


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"mean": np.zeros(9), "matrix": np.zeros((9, 4))}, "numbers of 9, encoder.json says 96"),
        ({"mean": np.zeros(9), "matrix": np.zeros((8, 4))}, "holds a mean"),
        ({"mean": np.full(96, np.nan), "matrix": np.zeros((96, 4))}, "not finite"),
        ({"middle": np.zeros(9)}, "does not hold a projection"),
    ],
)
def test_a_projection_that_does_not_fit_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    folder = ssl_entry(tmp_path / "e")
    save_file({name: array.astype(np.float32) for name, array in arrays.items()}, folder / "projection.safetensors")
    with pytest.raises(BadEncoder, match=message):
        encoders.load(folder, choose=False).encode_images(make_images(1))


def test_a_projection_for_another_network_is_refused(tmp_path: Path) -> None:
    folder = ssl_entry(tmp_path / "e", dim=9)
    save_file(
        {"mean": np.zeros(9, np.float32), "matrix": np.ones((9, 4), np.float32)}, folder / "projection.safetensors"
    )
    with pytest.raises(BadEncoder, match="takes vectors of 9 numbers, the network makes 96"):
        encoders.load(folder, choose=False).encode_images(make_images(1))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"architecture": "resnet18"}, "another architecture"),
        ({"bands": 0}, '"bands" must be a number'),
        ({"bands": "3"}, '"bands" must be a number'),
        ({"mean": [0.5]}, "for each of the 3 bands"),
        ({"std": [1, 1, 0]}, "for each of the 3 bands"),
        ({"stretch": [[0, 1]]}, "for each of the 3 bands"),
        ({"stretch": [[5, 1]] * 3}, "for each of the 3 bands"),
        ({"kind": "colour", "bands": 13}, "see 3 bands"),
        ({"arguments": {"img_size": 32}}, "timm cannot build"),
    ],
)
def test_settings_that_fit_no_learnt_network_are_refused(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    folder = ssl_entry(tmp_path / "e", after=config)
    with pytest.raises(BadEncoder, match=message):
        encoders.load(folder, choose=False).encode_images(make_images(1))


@pytest.mark.parametrize("takes", ["bytes", "floats"])
def test_an_onnx_file_answers_as_the_network_that_it_was(tmp_path: Path, takes: str) -> None:
    images = banded(3, 5)
    encoder = encoders.load(onnx_entry(tmp_path / "e", bands=5, takes=takes))
    x = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    np.testing.assert_allclose(encoder.encode_images(images), direction(tiny_network(5)(x).detach().numpy()), atol=1e-4)


def test_an_onnx_file_has_its_own_checksum(tmp_path: Path) -> None:
    folder = onnx_entry(tmp_path / "e", sha256=hashlib.sha256(b"another").hexdigest())
    with pytest.raises(BadEncoder, match="not the file whose sha256"):
        encoders.load(folder).encode_images(make_images(1))


def test_the_fingerprint_follows_the_onnx_file(tmp_path: Path) -> None:
    folder = onnx_entry(tmp_path / "e", sha256=None)
    before = encoders.load(folder).fingerprint
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"")
    assert encoders.load(folder).fingerprint == before
    (folder / "model.onnx").write_bytes(b"another")
    assert encoders.load(folder).fingerprint != before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"dim": None}, '"dim", a number'),
        ({"size": "big"}, '"size", a number'),
        ({"dim": 95}, "encoder.json says 95"),
        ({"size": 31}, "encoder.json says 3 bands and 31 pixels"),
        ({"model": "../model.onnx"}, "own folder"),
        ({"model": "model.pt"}, "any code"),
    ],
)
def test_settings_that_fit_no_onnx_file_are_refused(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    folder = onnx_entry(tmp_path / "e", **config)
    with pytest.raises(BadEncoder, match=message):
        encoders.load(folder).encode_images(make_images(1))


@pytest.mark.parametrize("damage", [b"", b"rubbish" * 9, b"PK\x03\x04"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    folder = onnx_entry(tmp_path / "e", sha256=None)
    (folder / "model.onnx").write_bytes(damage)
    with pytest.raises(BadEncoder, match="ONNX|onnxruntime"):
        encoders.load(folder).encode_images(make_images(1))


def test_an_onnx_file_that_points_at_others_is_refused(tmp_path: Path) -> None:
    import onnx

    folder = onnx_entry(tmp_path / "e", sha256=None)
    model = onnx.load(folder / "model.onnx")
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="passwd", size_threshold=0)
    with pytest.raises(BadEncoder, match="weights in another file"):
        encoders.load(folder).encode_images(make_images(1))


def test_joined_encoders_name_parts_of_the_store(tmp_path: Path) -> None:
    part = ssl_entry(tmp_path / "e")
    models = tmp_path / "models"
    modelstore.publish(part, models, "part"), modelstore.publish(part, models, "part")
    parts = [{"entry": name, "weight": 1} for name in ("part", "part/1", "colour")]
    folder = modelstore.publish(make_entry(tmp_path / "j", kind="joined", parts=parts), models, "all")
    assert encoders.load(folder, choose=False).encode_images(make_images(1)).shape == (1, 96 + 96 + 512)
    pinned = [part["entry"] for part in json.loads((folder / "encoder.json").read_text())["parts"]]
    assert pinned == ["part/2", "part/1", "colour"]  # so that promoting another part never changes this version


def test_parts_for_different_bands_cannot_be_joined(tmp_path: Path) -> None:
    ssl_entry(tmp_path / "five", bands=5)
    parts = [{"entry": "five", "weight": 1}, {"entry": "colour", "weight": 1}]
    with pytest.raises(BadEncoder, match="different numbers of bands"):
        encoders.load(make_entry(tmp_path / "j", kind="joined", parts=parts))
