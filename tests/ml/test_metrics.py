import colorsys
import math

import numpy as np
import pytest

from ml.metrics import METRICS, PIXELS, QUANTISED, compute
from tests.ml.making import make_images


def everywhere(tiles: np.ndarray) -> np.ndarray:
    return np.ones(tiles.shape[:3], bool)


def of(tile: np.ndarray) -> dict[str, float]:
    """(h, w) grey or (h, w, 3), all valid."""
    tiles = np.asarray(tile, np.uint8)
    tiles = np.repeat(tiles[..., None], 3, axis=-1) if tiles.ndim == 2 else tiles
    return {
        name: float(column[0]) for name, column in compute(tiles[None], np.ones((1, *tiles.shape[:2]), bool)).items()
    }


def luminance(tiles: np.ndarray) -> np.ndarray:
    found: np.ndarray = tiles.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    return found


def test_bands_agree_with_numpy() -> None:
    tiles = make_images(3)
    found = compute(tiles, everywhere(tiles))
    np.testing.assert_allclose(found["mean_green"], tiles[..., 1].mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(found["std_blue"], tiles[..., 2].std(axis=(1, 2)), rtol=1e-4)


def test_luminance_weighs_the_bands_by_rec_709() -> None:
    tiles = np.broadcast_to(np.array([10, 100, 200], np.uint8), (1, 4, 4, 3))
    assert compute(tiles, everywhere(tiles))["luminance"] == pytest.approx(0.2126 * 10 + 0.7152 * 100 + 0.0722 * 200)


def test_contrast_is_the_deviation_of_luminance() -> None:
    tiles = make_images(2)
    np.testing.assert_allclose(
        compute(tiles, everywhere(tiles))["contrast"], luminance(tiles).std(axis=(1, 2)), rtol=1e-5
    )


def test_a_faint_contrast_on_a_bright_tile_is_not_lost() -> None:
    tile = np.full((512, 512), 250)
    tile[::2] = 251
    assert of(tile)["contrast"] == pytest.approx(0.5, rel=1e-4)


def test_saturation_is_the_mean_of_hsvs_s() -> None:
    tile = make_images(1)[0]
    wanted = np.mean([colorsys.rgb_to_hsv(*(pixel / 255))[1] for pixel in tile.reshape(-1, 3)])
    assert of(tile)["saturation"] == pytest.approx(wanted, rel=1e-5)


def test_black_has_no_saturation_and_pure_red_all() -> None:
    assert of(np.zeros((4, 4)))["saturation"] == 0
    assert of(np.broadcast_to([255, 0, 0], (4, 4, 3)))["saturation"] == 1


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    grey = np.zeros((1, 5, 5), np.float64)
    grey[0, 2, 2] = 100
    laplacian = np.array([[0, 100, 0], [100, -400, 100], [0, 100, 0]])
    tiles = np.repeat(grey[..., None], 3, axis=3).astype(np.uint8)
    assert compute(tiles, everywhere(tiles))["sharpness"] == pytest.approx(laplacian.var(), rel=1e-5)


def test_snr_is_the_mean_over_immerkaers_noise_in_decibels() -> None:
    tile = np.full((5, 5), 50)
    tile[2, 2] = 150
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    noise = math.sqrt(math.pi / 2) / (6 * 3 * 3) * np.abs(100 * mask).sum()
    assert of(tile)["snr"] == pytest.approx(20 * math.log10(54 / noise), rel=1e-5)


@pytest.mark.parametrize("deviation", [2, 5, 15])
def test_noise_that_was_added_is_found_on_a_slope(deviation: float) -> None:
    slope = np.add.outer(np.arange(200) * 0.2, np.arange(200) * 0.3) + 80
    noisy = np.random.default_rng(0).normal(slope, deviation)
    assert of(noisy.round())["snr"] == pytest.approx(20 * math.log10(slope.mean() / deviation), abs=0.4)


def test_snr_stays_within_what_eight_bits_can_say() -> None:
    assert of(np.full((4, 4), 255))["snr"] == pytest.approx(20 * math.log10(255 / QUANTISED), abs=1e-3)
    assert of(np.zeros((4, 4)))["snr"] == 0


def test_entropy_is_that_of_the_histogram() -> None:
    assert of(np.repeat([10, 20, 30, 30], 4).reshape(4, 4))["entropy"] == pytest.approx(1.5)
    assert of(np.arange(256).reshape(16, 16))["entropy"] == pytest.approx(8)
    assert of(np.full((8, 8), 77))["entropy"] == 0


@pytest.mark.parametrize(
    ("colour", "share"),
    [
        ((255, 255, 255), 1), ((160, 160, 160), 1), ((159, 160, 160), 0), ((200, 200, 160), 1), ((201, 200, 160), 0),
        ((20, 40, 90), 0), ((210, 180, 130), 0),
    ],
)  # fmt: skip
def test_cloud_is_what_is_bright_and_hardly_coloured(colour: tuple[int, int, int], share: float) -> None:
    tile = np.zeros((4, 4, 3))
    tile[:2] = colour
    assert of(tile)["cloud_share"] == share / 2


def test_only_valid_pixels_count() -> None:
    tiles = make_images(1)
    valid = everywhere(tiles)
    valid[:, :, 16:] = False
    left, found = compute(tiles[:, :, :16], valid[:, :, :16]), compute(tiles, valid)
    assert found["nodata_share"] == 0.5
    assert all(found[name] == pytest.approx(left[name], rel=1e-5) for name in left if name != "nodata_share")


def test_what_lies_where_no_data_is_changes_nothing() -> None:
    tiles = make_images(1)
    valid = np.random.default_rng(0).random(tiles.shape[:3]) < 0.7
    valid[0, 3:9, 3:9] = True
    other = np.where(valid[..., None], tiles, 255 - tiles)
    found, same = compute(tiles, valid), compute(other, valid)
    assert all(found[name] == pytest.approx(same[name], rel=1e-6) for name in found)


def test_a_mask_without_a_whole_neighbourhood_has_no_detail() -> None:
    tiles = make_images(1)
    valid = np.zeros(tiles.shape[:3], bool)
    valid[0, ::2, ::2] = True
    found = compute(tiles, valid)
    assert (found["sharpness"][0], bool(np.isnan(found["snr"][0]))) == (0, True)
    assert found["contrast"] == pytest.approx(luminance(tiles)[valid].std(), rel=1e-5)


def test_a_tile_without_data_has_no_numbers() -> None:
    tiles = make_images(2)
    valid = everywhere(tiles)
    valid[1] = False
    found = compute(tiles, valid)
    assert found["nodata_share"].tolist() == [0, 1]
    others = [m.name for m in PIXELS if m.name != "nodata_share"]
    assert all(np.isnan(found[name][1]) and np.isfinite(found[name][0]) for name in others)


def test_a_single_pixel_is_measured() -> None:
    found = of(np.array([[[200, 100, 50]]]))
    assert (found["mean_red"], found["contrast"], found["entropy"], found["sharpness"]) == (200, 0, 0, 0)
    assert found["saturation"] == pytest.approx(0.75)
    assert math.isnan(found["snr"])


def test_turning_and_mirroring_change_nothing() -> None:
    tile = make_images(1)[0]
    found = of(tile)
    for turned in (tile[::-1], tile[:, ::-1], np.rot90(tile)):
        assert of(turned) == pytest.approx(found, rel=1e-5)


def test_a_constant_tile_has_no_deviation() -> None:
    found = of(np.full((32, 32), 201))
    zero = ("std_red", "std_green", "std_blue", "contrast", "sharpness", "entropy", "saturation")
    assert [found[name] for name in zero] == pytest.approx([0] * len(zero), abs=1e-3)


def test_every_metric_lies_where_its_slider_reaches() -> None:
    tiles = np.concatenate([make_images(4), np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)])
    found = compute(tiles, everywhere(tiles))
    inside = {m.name: ((found[m.name] >= m.low) & (found[m.name] <= m.high)).all() for m in PIXELS if m.unit}
    assert all(inside.values()), inside


@pytest.mark.parametrize("n", [0, 1, 130])
def test_every_metric_has_one_float32_per_tile(n: int) -> None:
    tiles = np.zeros((n, 2, 2, 3), np.uint8)
    found = compute(tiles, everywhere(tiles))
    assert list(found) == [metric.name for metric in PIXELS]
    assert all((column.shape, column.dtype) == ((n,), np.float32) for column in found.values())


def test_names_are_given_once_and_fit_addresses() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and metric.low < metric.high for name, metric in zip(names, METRICS, strict=True))


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        compute(np.zeros((2, 4, 4, 3), np.uint8), np.ones((2, 4, 5), bool))
