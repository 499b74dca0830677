"""Looks at tiles: every change is drawn anew for each image and look, and can be turned off."""

import dataclasses

import pytest
import torch

from ml.errors import BadTraining
from ml.train import Views
from ml.train.views import augment, blurred, draw

OFF = Views(rotation=0, flips=False, crop=(1, 1), brightness=0, contrast=0, colour=0, blur=0, noise=0)
EACH = {
    "rotation": 180.0, "flips": True, "crop": (0.3, 0.9), "brightness": 0.3, "contrast": 0.3, "colour": 0.3,
    "blur": 2.0, "noise": 0.1,
}  # fmt: skip
FIELDS = {
    "rotation": ["angle"], "flips": ["mirror"], "crop": ["side", "shift"], "brightness": ["brightness"],
    "contrast": ["contrast"], "colour": ["colour"], "blur": ["blur"], "noise": ["noise"],
}  # fmt: skip


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def tiles() -> torch.Tensor:
    """(16, 5, 32, 32): five bands, no symmetry."""
    return torch.randint(0, 256, (16, 5, 32, 32), generator=random(7), dtype=torch.uint8)


def only(name: str) -> Views:
    return dataclasses.replace(OFF, **{name: EACH[name]})


def test_with_everything_off_a_look_is_the_tile(tiles: torch.Tensor) -> None:
    torch.testing.assert_close(augment(tiles, OFF, random()), tiles / 255, atol=2e-5, rtol=0)


@pytest.mark.parametrize("name", EACH)
def test_two_views_differ_in_every_transform(tiles: torch.Tensor, name: str) -> None:
    """What is drawn differs for every image between two looks, and so do the looks."""
    generator = random()
    first, second = (draw(16, 5, only(name), generator) for _ in range(2))
    for field in FIELDS[name]:
        same = (getattr(first, field) == getattr(second, field)).view(16, -1).all(dim=1)
        assert not same.all() if name == "flips" else not same.any()
    looks = [augment(tiles, only(name), generator) for _ in range(2)]
    differ = (looks[0] - looks[1]).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert differ.any() if name == "flips" else differ.all()


@pytest.mark.parametrize("name", EACH)
def test_a_change_leaves_the_others_alone(name: str) -> None:
    drawn, still = draw(16, 5, only(name), random()), draw(16, 5, OFF, random(1))
    for other in set(EACH) - {name}:
        for field in FIELDS[other]:
            if field != "shift":  # which means nothing to a window of the whole tile
                torch.testing.assert_close(getattr(drawn, field), getattr(still, field))


def test_images_of_a_batch_are_changed_otherwise(tiles: torch.Tensor) -> None:
    one = tiles[:1].expand(16, -1, -1, -1)
    looks = augment(one, Views(), random())
    assert all((looks[i] - looks[j]).abs().max() > 0.01 for i in range(16) for j in range(i))


def test_a_seed_draws_the_same(tiles: torch.Tensor) -> None:
    torch.testing.assert_close(augment(tiles, Views(), random(3)), augment(tiles, Views(), random(3)), atol=0, rtol=0)


def test_parts_of_a_batch_see_what_the_whole_does(tiles: torch.Tensor) -> None:
    views = dataclasses.replace(Views(), noise=0)
    parts = [augment(tiles[8 * i : 8 * i + 8], views, random(3), (i, 2)) for i in range(2)]
    torch.testing.assert_close(torch.cat(parts), augment(tiles, views, random(3)))


def test_values_stay_between_0_and_1(tiles: torch.Tensor) -> None:
    look = augment(tiles, Views(brightness=1, contrast=1, colour=1, noise=0.5), random())
    assert look.min() >= 0
    assert look.max() <= 1
    assert look.isfinite().all()


def test_a_quarter_turn_is_a_quarter_turn(tiles: torch.Tensor) -> None:
    from ml.train.views import Changes, window

    ones, zeros = torch.ones(16), torch.zeros(16)
    turn = Changes(ones * torch.pi / 2, ones, ones, zeros[:, None].expand(-1, 2), *[ones] * 5)
    turned = window(tiles / 255, turn)
    torch.testing.assert_close(turned, torch.rot90(tiles / 255, 1, (2, 3)), atol=1e-4, rtol=0)


def test_a_crop_shows_a_part_enlarged() -> None:
    ramp = torch.arange(32, dtype=torch.float32).mul(8).to(torch.uint8).expand(64, 1, 32, 32)
    looks = augment(ramp, dataclasses.replace(OFF, crop=(0.25, 0.25)), random())
    shown = looks.amax(dim=(1, 2, 3)) - looks.amin(dim=(1, 2, 3))
    assert ((shown > 0.4) & (shown < 0.52)).all()  # half of the ramp's width, wherever the window lies


def test_blur_keeps_the_mean_and_takes_the_detail() -> None:
    x = torch.rand(4, 3, 32, 32, generator=random())
    soft = blurred(x, 2.0)
    torch.testing.assert_close(soft.mean(dim=(2, 3)), x.mean(dim=(2, 3)), atol=0.02, rtol=0)
    assert soft.std() < x.std() / 3


def test_colours_keep_their_proportions_when_only_brightness_changes(tiles: torch.Tensor) -> None:
    look = augment(tiles // 4, only("brightness"), random())
    factor = look.mean(dim=(2, 3)) / (tiles // 4 / 255).mean(dim=(2, 3))  # (16, 5)
    torch.testing.assert_close(factor, factor[:, :1].expand_as(factor), atol=1e-3, rtol=0)


@pytest.mark.parametrize("wrong", [
    {"crop": (0.9, 0.3)}, {"crop": (0, 1)}, {"crop": (0.5, 1.5)}, {"rotation": 200}, {"rotation": -1}, {"blur": 9},
    {"noise": 1}, {"brightness": 2}, {"colour": -0.1},
])  # fmt: skip
def test_impossible_changes_are_refused(wrong: dict) -> None:
    with pytest.raises(BadTraining, match=f"{next(iter(wrong))} must"):
        Views(**wrong)
