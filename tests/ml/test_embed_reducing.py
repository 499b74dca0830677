"""Shorter vectors by principal axes: an encoder of the store, so that questions go the same way."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import encoders, modelstore
from ml.embed import Folder, embed_folder
from ml.embed.reducing import fit, reduced
from ml.embedding import Pace
from ml.encoders import Encoder
from ml.errors import BadEncoder, NoTextTower
from ml.index.__main__ import encoder_of, lookalikes
from ml.shards import Shard
from tests.ml.making import clustered, make_entry, make_images, tiny_clip


def shorter(tmp_path: Path, dim: int = 6, *, whiten: bool = False) -> Path:
    if not (tmp_path / "in").exists():
        (tmp_path / "in").mkdir()
        for i, image in enumerate(make_images(20, 40)):
            Image.fromarray(image).save(tmp_path / "in" / f"{i:02}.png")
    colour = encoders.load(encoders.builtin()["colour"])
    return reduced(
        Folder(tmp_path / "in", colour), colour, "colour", tmp_path / "store", dim, whiten=whiten, name="colour-short",
        pace=Pace(), on_progress=lambda *_: None,
    )  # fmt: skip


def test_axes_are_those_of_the_most_variance() -> None:
    axes = fit(clustered(400, 32), 8)
    np.testing.assert_allclose(axes.matrix.T @ axes.matrix, np.eye(8), atol=1e-5)
    variances = ((clustered(400, 32) - axes.mean) @ axes.matrix).var(axis=0)
    assert (np.diff(variances) <= 0).all()
    assert 0.5 < axes.kept < 1


def test_whitened_axes_all_count_alike() -> None:
    vectors = clustered(400, 32)
    axes = fit(vectors, 8, whiten=True)
    np.testing.assert_allclose(np.cov(((vectors - axes.mean) @ axes.matrix).T), np.eye(8), atol=1e-3)


@pytest.mark.parametrize(("dim", "count"), [(20, 20), (33, 400), (0, 400)])
def test_more_axes_than_there_are_cannot_be_fitted(dim: int, count: int) -> None:
    with pytest.raises(BadEncoder, match="ask for fewer"):
        fit(clustered(count, 32), dim)


def test_the_entry_projects_what_its_encoder_says(tmp_path: Path) -> None:
    short, colour = encoders.load(shorter(tmp_path)), encoders.load(encoders.builtin()["colour"])
    images = make_images(5)
    axes = fit(colour.encode_images(make_images(20, 40)), 6)
    expected = (colour.encode_images(images) - axes.mean) @ axes.matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(short.encode_images(images), expected, atol=1e-5)
    assert (short.dim, short.size) == (6, colour.size)


def test_the_same_folder_finds_the_same_entry_again(tmp_path: Path) -> None:
    assert shorter(tmp_path) == shorter(tmp_path)
    assert shorter(tmp_path, whiten=True) != shorter(tmp_path)


def test_questions_go_through_the_projection(tmp_path: Path) -> None:
    short = encoders.load(shorter(tmp_path))
    embed_folder(tmp_path / "in", tmp_path / "out", short)
    shard = Shard.open(tmp_path / "out")
    found = modelstore.find(tmp_path / "store", encoder_of(shard.meta)).folder
    best = lookalikes(shard, tmp_path / "in" / "07.png", encoders.load(found), 1)[0]
    assert (best["name"], best["score"]) == ("07.png", pytest.approx(1, abs=1e-3))


def test_what_is_reduced_is_not_reduced_again(tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "store" / "twice" / "1", kind="reduced", of=f"colour-short/{shorter(tmp_path).name}")
    with pytest.raises(BadEncoder, match="reduced itself"):
        encoders.load(folder)


def test_a_projection_of_other_vectors_is_refused(tmp_path: Path) -> None:
    folder = shorter(tmp_path)
    config = json.loads((folder / "encoder.json").read_text())
    (folder / "encoder.json").write_text(json.dumps({**config, "of": "mobilenet"}))
    with pytest.raises(BadEncoder, match="one of 512 numbers"):
        encoders.load(folder)


def words(tmp_path: Path, *, whitened: bool) -> Encoder:
    from safetensors.numpy import save_file

    tiny_clip(tmp_path / "store" / "tiny" / "1")
    folder = make_entry(tmp_path / "store" / "short" / "1", kind="reduced", of="tiny/1", words=not whitened)
    axes = fit(clustered(100, 24), 8)
    save_file({"mean": axes.mean, "matrix": np.ascontiguousarray(axes.matrix)}, folder / "projection.safetensors")
    return encoders.load(folder, cache=tmp_path / "cache", device="cpu")


def test_words_are_reduced_as_images_are(tmp_path: Path) -> None:
    encoder = words(tmp_path, whitened=False)
    assert (encoder.has_text, encoder.encode_text(["an island"]).shape) == (True, (1, 8))


def test_whitened_axes_do_not_understand_words(tmp_path: Path) -> None:
    encoder = words(tmp_path, whitened=True)
    assert not encoder.has_text
    with pytest.raises(NoTextTower):
        encoder.encode_text(["an island"])
