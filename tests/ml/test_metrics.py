import numpy as np
import pytest

from ml.metrics import METRICS, compute
from tests.ml.making import make_images


def everywhere(tiles: np.ndarray) -> np.ndarray:
    return np.ones(tiles.shape[:3], bool)


def test_bands_agree_with_numpy() -> None:
    tiles = make_images(3)
    found = compute(tiles, everywhere(tiles))
    np.testing.assert_allclose(found["mean_green"], tiles[..., 1].mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(found["std_blue"], tiles[..., 2].std(axis=(1, 2)), rtol=1e-4)


def test_luminance_weighs_the_bands_by_rec_709() -> None:
    tiles = np.broadcast_to(np.array([10, 100, 200], np.uint8), (1, 4, 4, 3))
    assert compute(tiles, everywhere(tiles))["luminance"] == pytest.approx(0.2126 * 10 + 0.7152 * 100 + 0.0722 * 200)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    grey = np.zeros((1, 5, 5), np.float64)
    grey[0, 2, 2] = 100
    laplacian = np.array([[0, 100, 0], [100, -400, 100], [0, 100, 0]])
    tiles = np.repeat(grey[..., None], 3, axis=3).astype(np.uint8)
    assert compute(tiles, everywhere(tiles))["sharpness"] == pytest.approx(laplacian.var(), rel=1e-5)


def test_only_valid_pixels_count() -> None:
    tiles = make_images(1)
    valid = everywhere(tiles)
    valid[:, :, 16:] = False
    left, found = compute(tiles[:, :, :16], valid[:, :, :16]), compute(tiles, valid)
    assert found["nodata_share"] == 0.5
    assert all(found[name] == pytest.approx(left[name], rel=1e-5) for name in left if name != "nodata_share")


def test_a_tile_without_data_has_no_numbers() -> None:
    tiles = make_images(2)
    valid = everywhere(tiles)
    valid[1] = False
    found = compute(tiles, valid)
    assert found["nodata_share"].tolist() == [0, 1]
    assert all(np.isnan(found[m.name][1]) and np.isfinite(found[m.name][0]) for m in METRICS[:-1])


@pytest.mark.parametrize("n", [0, 1, 130])
def test_every_metric_has_one_float32_per_tile(n: int) -> None:
    tiles = np.zeros((n, 2, 2, 3), np.uint8)
    found = compute(tiles, everywhere(tiles))
    assert list(found) == [metric.name for metric in METRICS]
    assert all((column.shape, column.dtype) == ((n,), np.float32) for column in found.values())


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        compute(np.zeros((2, 4, 4, 3), np.uint8), np.ones((2, 4, 5), bool))
