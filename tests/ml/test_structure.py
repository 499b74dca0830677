from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy import ndimage

from ml import encoders
from ml.encoders import measures, ranked
from ml.encoders.structure import MEASURES, SIDE
from ml.errors import BadEncoder
from tests.ml.making import make_entry, make_images

CROSS = ndimage.generate_binary_structure(2, 1)


def plane(*spots: tuple[slice, slice], side: int = 24) -> NDArray[np.float32]:
    """Black, with white rectangles: (side, side, 1)."""
    x = np.zeros((side, side, 1), np.float32)
    for spot in spots:
        x[spot] = 1
    return x


def smooth(side: int = 20, seed: int = 0) -> NDArray[np.float32]:
    x = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(side, side, 2)), (2, 2, 0))
    return np.ascontiguousarray(x, np.float32)


def test_what_lies_wholly_inside_stands_out_and_what_reaches_the_rim_does_not() -> None:
    island, cape = np.s_[8:12, 9:14], np.s_[:5, 3:9]
    found = measures.enclosed(plane(island, cape))
    assert (found[island] == 1).all()
    assert (found[cape] == 0).all()


def test_a_hole_is_what_lies_inside_of_the_negative() -> None:
    x = np.ones((20, 20, 1), np.float32)
    x[5:9, 5:9] = 0
    assert measures.enclosed(-x).sum() == 16


def test_an_opening_leaves_what_is_larger_than_its_square_as_it_was() -> None:
    small, large = np.s_[2:4, 2:4], np.s_[10:20, 8:18]
    left = measures.opened(plane(small, large), 5)
    assert (left[small] == 0).all()
    assert (left[large] == 1).all()


def test_reconstruction_is_repeated_dilation_below_the_mask() -> None:
    mask = smooth()
    marker = mask - np.float32(0.2)
    expected = marker.copy()
    for _ in range(500):
        grown = [ndimage.grey_dilation(expected[..., k], footprint=CROSS) for k in range(2)]
        expected = np.minimum(np.stack(grown, axis=2), mask)
    assert measures.reconstructed(marker, mask) == pytest.approx(expected, abs=0.02)
    assert (measures.reconstructed(marker, mask) <= mask).all()


def test_measures_do_not_depend_on_what_else_is_in_the_batch() -> None:
    images = make_images(5, SIDE)
    assert measures.measure(images)[3] == pytest.approx(measures.measure(images[3:4])[0], abs=1e-4)


def test_measuring_leaves_the_pictures_as_they_were() -> None:
    images = make_images(3, SIDE)
    before = images.copy()
    measures.measure(images)
    assert (images == before).all()


def test_the_first_measures_are_the_lights_mean_deviation_and_quantiles() -> None:
    images = make_images(3, SIDE)
    light = np.sqrt(images / 255).mean(axis=3).reshape(3, -1)
    found = measures.measure(images)
    assert found[:, 0] == pytest.approx(light.mean(axis=1), abs=1e-4)
    assert found[:, 1] == pytest.approx(light.std(axis=1), abs=1e-3)
    assert found[:, 2] == pytest.approx(light.min(axis=1), abs=1e-4)
    assert found[:, 10] == pytest.approx(light.max(axis=1), abs=1e-4)


def test_ranks_go_from_minus_one_to_one_whatever_the_scale() -> None:
    values = np.exp(np.random.default_rng(0).normal(size=(2000, 1)) * 4)
    found = ranked.ranked(values, ranked.knots(values))
    assert found.min() == pytest.approx(-1, abs=0.01)
    assert found.max() == pytest.approx(1, abs=0.01)
    assert (np.diff(found[np.argsort(values[:, 0]), 0]) >= 0).all()
    assert np.histogram(found, 4)[0] == pytest.approx(np.full(4, 500), abs=20)


def test_lifting_keeps_ranks_as_they_are_and_makes_unit_vectors() -> None:
    ranks = np.random.default_rng(0).uniform(-1, 1, (5, 9)).astype(np.float32)
    found = ranked.lifted(ranks)
    assert found[:, :9] * 3 == pytest.approx(ranks, abs=1e-6)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_a_value_that_many_share_gets_the_middle_of_their_ranks() -> None:
    values = np.concatenate([np.zeros(600), np.linspace(1, 2, 400)])[:, None]
    found = ranked.ranked(np.array([[0.0], [9.0], [-9.0]]), ranked.knots(values))
    assert found[:, 0] == pytest.approx([-0.4, 1, -1], abs=0.05)


@pytest.mark.parametrize("name", ["structure", "mobilenet-layers", "structure-layers"])
def test_the_stores_entries_make_unit_vectors_that_tell_tiles_apart(name: str, cache: Path) -> None:
    encoder = encoders.load(encoders.builtin()[name], threads=2, cache=cache)
    vectors = encoder.encode_images(make_images(6, 80))
    assert vectors.shape == (6, encoder.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert (vectors @ vectors.T - np.eye(6)).max() < 0.99


def test_layer_statistics_are_those_of_the_networks_layer(cache: Path) -> None:
    import torch

    from ml.encoders.statistics import LayerStatistics

    encoder = encoders.load(encoders.builtin()["mobilenet-layers"], threads=2, cache=cache)
    assert isinstance(encoder, LayerStatistics)
    images = make_images(2, encoder.size)
    module, pixels = encoder._network._build()
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    x = (x - torch.tensor(pixels.mean).view(1, 3, 1, 1)) / torch.tensor(pixels.std).view(1, 3, 1, 1)
    with torch.inference_mode():
        first = module.eval().features[:2](x).flatten(2).numpy()  # (2, 16, places)
    expected = np.concatenate([first.mean(2), first.max(2), first.std(2), first.min(2)], axis=1)
    assert encoder.measure(images)[:, :64] == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("knots", [None, np.zeros((5, 3), np.float32), np.zeros((1, MEASURES), np.float32)])
def test_an_entry_without_its_knots_is_refused(tmp_path: Path, knots: NDArray[np.float32] | None) -> None:
    folder = make_entry(tmp_path / "broken", kind="structure")
    if knots is not None:
        save_file({"knots": knots}, folder / "projection.safetensors")
    with pytest.raises(BadEncoder, match=r"missing|knots"):
        encoders.load(folder)


def test_layers_of_what_is_no_network_are_refused(tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "wrong", kind="statistics", network="colour", layers={"features.1": 16})
    with pytest.raises(BadEncoder, match="not a network"):
        encoders.load(folder)
