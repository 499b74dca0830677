"""The open_clip path, with a CLIP small enough for a test: both towers, its own tokenizer, random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml import encoders
from ml.encoders import Encoder
from ml.encoders.base import direction
from ml.errors import BadEncoder, NoWeights
from tests.ml.making import TINY, make_entry, make_images, tiny_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("clip")
    return encoders.load(tiny_clip(folder / "e"), cache=folder / "c")


def original() -> Any:
    """The same model, by open_clip alone."""
    import open_clip

    torch.manual_seed(0)
    return open_clip.CLIP(**TINY).eval()


def test_it_knows_its_size_dimension_and_text(clip: Encoder) -> None:
    assert (clip.dim, clip.size, clip.has_text) == (24, 32, True)


def test_images_agree_with_open_clip(clip: Encoder) -> None:
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    images = make_images(3, 32)
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD))
    x = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - mean) / std
    expected = direction(original().encode_image(x).detach().numpy())
    np.testing.assert_allclose(clip.encode_images(images), expected, atol=1e-4)


def test_texts_agree_with_open_clip(clip: Encoder) -> None:
    import open_clip

    texts = ["an atoll", "a river delta"]
    tokens = open_clip.SimpleTokenizer(context_length=16)(texts)
    expected = direction(original().encode_text(tokens).detach().numpy())
    np.testing.assert_allclose(clip.encode_text(texts), expected, atol=1e-5)


def test_no_texts_make_no_vectors(clip: Encoder) -> None:
    assert clip.encode_text([]).shape == (0, 24)


def test_a_very_long_text_is_cut_not_refused(clip: Encoder) -> None:
    assert np.linalg.norm(clip.encode_text(["island " * 5000])) == pytest.approx(1)


def test_a_named_architecture_takes_a_checkpoint_file(tmp_path: Path) -> None:
    folder = tiny_clip(tmp_path / "e", architecture="RN50")
    (folder / "open_clip_config.json").unlink()
    with pytest.raises(BadEncoder, match="weights of another architecture"):
        encoders.load(folder, cache=tmp_path / "c").encode_text(["x"])


def test_without_a_network_a_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = make_entry(tmp_path / "e", kind="open_clip", architecture="ViT-B-32", pretrained="laion2b_s34b_b79k")
    with pytest.raises(NoWeights, match=r"could not be downloaded .*put them into .* as weights\.safetensors"):
        encoders.load(folder, cache=tmp_path / "c").encode_text(["x"])


def test_weights_put_there_by_hand_replace_the_download(tmp_path: Path) -> None:
    folder = tiny_clip(tmp_path / "e", pretrained="laion2b_s34b_b79k")
    assert encoders.load(folder, cache=tmp_path / "c").dim == 24


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"architecture": "ViT-B-32"}, "weights.safetensors is missing"),
        ({"architecture": "ViT-Z-99"}, "no architecture 'ViT-Z-99'"),
        ({"architecture": "hf-hub:someone/else"}, "must be a model's name"),
        ({"architecture": "ViT-B-32", "pretrained": "/etc/passwd"}, "no weights '/etc/passwd'"),
    ],
)
def test_settings_that_fit_no_model_are_refused(tmp_path: Path, config: dict[str, str], message: str) -> None:
    folder = make_entry(tmp_path / "e", kind="open_clip", **config)
    with pytest.raises(BadEncoder, match=message):
        encoders.load(folder, cache=tmp_path / "c").encode_images(make_images(1))


def test_a_broken_architecture_is_refused(tmp_path: Path) -> None:
    folder = tiny_clip(tmp_path / "e")
    (folder / "open_clip_config.json").write_text("{}")
    with pytest.raises(NoWeights, match="cannot set up"):
        encoders.load(folder, cache=tmp_path / "c").encode_text(["x"])
