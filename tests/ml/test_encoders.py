"""The store, colour statistics, joined encoders, and what is built in."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ml import encoders
from ml.encoders import Encoder
from ml.encoders.base import direction
from ml.encoders.colour import histogram
from ml.errors import BadEncoder, NoTextTower
from tests.ml.making import make_entry, make_images

JOINED = {"kind": "joined", "parts": [{"entry": "a", "weight": 0.6}, {"entry": "b", "weight": 0.8}]}


def join(store: Path, **config: object) -> Path:
    """a and b are colour statistics, so that the sum can be written out by hand."""
    for name in "ab":
        make_entry(store / name)
    return make_entry(store / "joined", **{**JOINED, **config})


@pytest.mark.parametrize("name", ["colour", "mobilenet", "mobilenet-colour"])
def test_built_in_encoders_make_unit_vectors_of_their_dimension(cache: Path, name: str) -> None:
    encoder = encoders.load(encoders.builtin()[name], cache=cache)
    vectors = encoder.encode_images(make_images(3, 100))
    assert (vectors.shape, vectors.dtype) == ((3, encoder.dim), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_default_is_built_in_and_described(default_encoder: Encoder) -> None:
    assert (default_encoder.name, default_encoder.dim, default_encoder.size) == ("mobilenet-colour", 256, 128)
    assert (default_encoder.has_text, default_encoder.licence) == (False, "BSD-3-Clause")


def test_the_default_spreads_its_scores_more_than_the_network_alone(
    default_encoder: Encoder, mobilenet: Encoder
) -> None:
    images = make_images(40, 128)
    spread, crowded = (encoder.encode_images(images) for encoder in (default_encoder, mobilenet))
    assert np.std(spread @ spread.T) > np.std(crowded @ crowded.T)


def test_vectors_do_not_depend_on_what_else_is_in_the_batch(default_encoder: Encoder) -> None:
    images = make_images(40, 128)
    alone = np.concatenate([default_encoder.encode_images(images[i : i + 7]) for i in range(0, 40, 7)])
    np.testing.assert_array_equal(default_encoder.encode_images(images).astype(np.float16), alone.astype(np.float16))


@pytest.mark.parametrize("name", ["colour", "mobilenet-colour"])
@pytest.mark.parametrize("value", [0, 255])
def test_a_constant_tile_has_a_direction(cache: Path, name: str, value: int) -> None:
    vectors = encoders.load(encoders.builtin()[name], cache=cache).encode_images(
        np.full((1, 64, 64, 3), value, np.uint8)
    )
    assert np.linalg.norm(vectors) == pytest.approx(1)


def test_no_images_make_no_vectors(default_encoder: Encoder) -> None:
    assert default_encoder.encode_images(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, 256)


@pytest.mark.parametrize(
    "images", [np.zeros((1, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((1, 8, 8, 4), np.uint8)]
)
def test_what_is_no_batch_of_rgb_bytes_is_refused(default_encoder: Encoder, images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        default_encoder.encode_images(images)


def test_text_needs_a_text_tower(default_encoder: Encoder) -> None:
    with pytest.raises(NoTextTower, match="understands images only"):
        default_encoder.encode_text(["an atoll"])


def test_a_histogram_counts_each_pixel_once_around_its_colour() -> None:
    found = histogram(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).reshape(8, 8, 8)
    assert (found[0, 0, 0], found[7, 7, 7], found.sum()) == (0.5, 0.5, 1)


def test_a_colour_between_two_bins_counts_in_both() -> None:
    place = 7 * (100 / 255) ** 0.5  # 4.38
    found = histogram(np.array([[[100, 0, 0]]], np.uint8)).reshape(8, 8, 8)
    assert found[4:6, 0, 0] == pytest.approx([5 - place, place - 4])


def test_colour_ignores_arrangement() -> None:
    image = make_images(1, 64)
    colour = encoders.load(encoders.builtin()["colour"])
    np.testing.assert_allclose(colour.encode_images(image), colour.encode_images(image[:, ::-1]), atol=1e-6)


def test_joined_is_the_weighted_parts_side_by_side(tmp_path: Path) -> None:
    images = make_images(4, 64)
    part = encoders.load(encoders.builtin()["colour"]).encode_images(images)
    joined = encoders.load(join(tmp_path)).encode_images(images)
    np.testing.assert_allclose(joined, np.concatenate([0.6 * part, 0.8 * part], axis=1), atol=1e-6)


def test_a_part_may_be_layers_of_a_network_that_runs_once(tmp_path: Path, cache: Path, mobilenet: Encoder) -> None:
    images, layers = make_images(2, 128), ["features.6", "features.3"]
    parts = [{"entry": "mobilenet", "weight": 0.6, "layers": layers}, {"entry": "mobilenet", "weight": 0.8}]
    joined = encoders.load(join(tmp_path, parts=parts), cache=cache)
    blocks = mobilenet.blocks(images)
    side_by_side = direction(np.concatenate([blocks[name] for name in layers], axis=1))
    expected = np.concatenate([0.6 * side_by_side, 0.8 * blocks[""]], axis=1)
    np.testing.assert_allclose(joined.encode_images(images), expected, atol=1e-5)
    assert joined.dim == 32 + 24 + 1280


def test_a_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="a has no layer 'features'"):
        encoders.load(join(tmp_path, parts=[{"entry": "a", "weight": 1, "layers": ["features"]}]))


def test_a_projection_centres_and_shortens(tmp_path: Path) -> None:
    images, random = make_images(4, 64), np.random.default_rng(0)
    mean, matrix = random.random(512).astype(np.float32), random.random((512, 5)).astype(np.float32)
    folder = join(tmp_path)
    save_file({"0.mean": mean, "0.matrix": matrix}, folder / "projection.safetensors")
    part = encoders.load(encoders.builtin()["colour"]).encode_images(images)
    expected = np.concatenate([0.6 * direction((part - mean) @ matrix), 0.8 * part], axis=1)
    np.testing.assert_allclose(encoders.load(folder).encode_images(images), expected, atol=1e-5)


def test_a_projection_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = join(tmp_path)
    save_file({"1.mean": np.zeros(7, np.float32)}, folder / "projection.safetensors")
    with pytest.raises(BadEncoder, match="projection does not fit"):
        encoders.load(folder)


def test_a_damaged_projection_is_refused(tmp_path: Path) -> None:
    folder = join(tmp_path)
    (folder / "projection.safetensors").write_bytes(b"rubbish")
    with pytest.raises(BadEncoder, match="not a whole safetensors file"):
        encoders.load(folder)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "joins nothing"),
        ("a", "joins nothing"),
        ([{"entry": "a"}], "joins nothing"),
        ([{"entry": "a", "weight": 1, "layers": []}], "joins nothing"),
        ([{"entry": "a", "weight": 1, "layers": "one"}], "joins nothing"),
        ([{"entry": "../secret", "weight": 1}], "name of a store entry"),
        ([{"entry": "nobody", "weight": 1}], "not a model store entry"),
        ([{"entry": "mobilenet-colour", "weight": 1}], "joined itself"),
    ],
)
def test_parts_that_cannot_be_joined_are_refused(tmp_path: Path, parts: object, message: str) -> None:
    with pytest.raises(BadEncoder, match=message):
        encoders.load(join(tmp_path, parts=parts))


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="unknown kind 'magic'"):
        encoders.load(make_entry(tmp_path / "e", kind="magic"))


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match=r"no encoder\.json"):
        encoders.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"name": "x"}', '{"name": 3}'])
def test_settings_that_are_not_settings_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "encoder.json").write_text(text)
    with pytest.raises(BadEncoder, match=r"encoder\.json"):
        encoders.load(tmp_path)


def test_the_fingerprint_follows_settings_and_files(tmp_path: Path) -> None:
    folder = join(tmp_path)
    prints = [encoders.load(folder).fingerprint, encoders.load(folder).fingerprint]
    save_file({"0.mean": np.zeros(512, np.float32)}, folder / "projection.safetensors")
    prints.append(encoders.load(folder).fingerprint)
    (tmp_path / "a" / "encoder.json").write_text((tmp_path / "b" / "encoder.json").read_text())
    prints.append(encoders.load(folder).fingerprint)
    assert len(set(prints)) == 3
    assert all(len(one) == 16 for one in prints)
