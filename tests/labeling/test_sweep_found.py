"""What a sweep found: pages, heat and the review queue."""

from pathlib import Path

import numpy as np
import pytest

from labeling import audits, settling
from labeling.models import Campaign, Sweep
from labeling.sweeps import answering, describing, found
from labeling.sweeps.found import Asked
from search import keys
from search.models import Dataset
from tests.campaigns import make_campaign
from tests.factories import build_all, make_gallery
from tests.sweeping import make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, 0)


def hashed(packed: np.ndarray) -> np.ndarray:
    """Scores without any order."""
    return ((packed * 2654435761) % 9973 / 9973).astype(np.float32)


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    return make_sweep(campaign, hashed)


def everything(sweep: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """Keys and scores of all 2,000 tiles, the best first."""
    page = found.best(sweep, Asked(), limit=5000)
    return page.keys, page.scores


def test_the_best_come_first_whatever_part_they_are_of(sweep: Sweep) -> None:
    packed, values = everything(sweep)
    assert len(packed) == len(set(packed.tolist())) == 2000
    assert (np.diff(values) <= 0).all()
    np.testing.assert_array_equal(values, hashed(packed))


def test_pages_follow_each_other(sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    pages = [found.best(sweep, Asked(), limit=300, offset=offset) for offset in range(0, 2000, 300)]
    np.testing.assert_array_equal(np.concatenate([page.keys for page in pages]), packed)
    assert {page.count for page in pages} == {2000}


def test_scores_levels_and_dates_choose(sweep: Sweep) -> None:
    packed, values = everything(sweep)
    levels, days = (keys.part_of_many(packed, part) for part in ("level", "day"))
    asked = Asked(least=0.25, most=0.75, levels=(4,), day=int(days.max()))
    page = found.best(sweep, asked, limit=5000)
    mine = packed[(values >= 0.25) & (values <= 0.75) & (levels == 4) & (days == days.max())]
    np.testing.assert_array_equal(page.keys, mine)
    assert page.count == len(mine) > 50
    assert found.best(sweep, Asked(products=("nothing",)), limit=5).count == 0


@pytest.mark.parametrize("area", [(10.0, -30.0, 80.0, 40.0), (150.0, -30.0, -150.0, 40.0)])
def test_an_area_holds_the_middles_of_its_tiles(sweep: Sweep, world: Dataset, area) -> None:
    packed, _ = everything(sweep)
    west, south, east, north = area
    lon, lat = found.middles(packed, world.grid)
    across = (lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east)
    page = found.best(sweep, Asked(area=area), limit=5000, without=packed[:700:7])
    inside = packed[across & (lat >= south) & (lat <= north)]
    assert 0 < len(inside) < 2000
    np.testing.assert_array_equal(page.keys, inside[~np.isin(inside, packed[:700:7])])
    assert page.count == len(page.keys)


def test_those_left_out_cost_no_place_on_the_page(sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    without = np.sort(packed[[0, 1, 5, 1999]])
    page = found.best(sweep, Asked(), limit=4, without=without)
    np.testing.assert_array_equal(page.keys, packed[[2, 3, 4, 6]])
    assert page.count == 1996


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_the_queue_at_the_threshold_begins_with_the_nearest(sweep: Sweep, threshold: float) -> None:
    packed, values = everything(sweep)
    without = np.sort(packed[::3])
    left = ~np.isin(packed, without)
    away = np.abs(values[left] - threshold)
    order = np.lexsort((packed[left], away))
    page = found.nearest(sweep, Asked(), threshold, limit=50, offset=20, without=without)
    np.testing.assert_array_equal(page.keys, packed[left][order][20:70])
    assert page.count == left.sum()


def test_equal_scores_at_the_threshold_come_once(campaign: Campaign) -> None:
    sweep = make_sweep(campaign, lambda packed: np.full(len(packed), 0.5, np.float32))
    page = found.nearest(sweep, Asked(), 0.5, limit=5000, without=np.empty(0, np.int64))
    assert page.count == len(set(page.keys.tolist())) == 2000


def test_the_review_queue_has_no_labelled_tile(campaign: Campaign, sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    assert answering.label(campaign, packed[:3].tolist(), "yes", None) == 3
    page = answering.queue(sweep, "top", 0.5, limit=2)
    np.testing.assert_array_equal(page.keys, packed[3:5])
    assert page.count == 1997


def test_the_hosts_word_makes_cards_and_takes_them_back(campaign: Campaign, sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    answering.label(campaign, packed[:2].tolist(), "no", None)
    card = campaign.cards.get(key=packed[0])
    assert (card.label.code, card.label_from, card.settled, card.why) == ("no", "host", True, "sweep")
    assert answering.label(campaign, packed[:4].tolist(), None, None) == 2
    assert campaign.cards.filter(label=None).count() == 2


def test_the_phones_are_asked_before_all_else(campaign: Campaign, sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    answering.ask(campaign, packed[10:12].tolist())
    answering.label(campaign, packed[:1].tolist(), "yes", None)
    assert answering.ask(campaign, packed[[0, 10, 20]].tolist()) == 2
    wanted = list(campaign.cards.wanted().values_list("key", flat=True))
    assert set(wanted[:2]) == {packed[10], packed[20]}
    assert wanted[2] == packed[11]


def test_heat_counts_every_tile_once_and_keeps_the_best(sweep: Sweep) -> None:
    packed, values = everything(sweep)
    heat = found.heat(sweep, Asked(least=0.5, levels=(4,)))
    mine = (values >= 0.5) & (keys.part_of_many(packed, "level") == 4)
    assert heat.cells[:, 2].sum() == mine.sum()
    assert heat.cells[:, 3].max() == pytest.approx(values[mine].max())
    best = heat.cells[heat.cells[:, 3].argmax()]
    lon, lat = found.middles(packed[mine][:1], sweep.campaign.dataset.grid)
    assert abs(best[0] - lon[0]) <= heat.cell / 2 + 1e-9
    assert abs(best[1] - lat[0]) <= heat.cell / 2 + 1e-9


def test_heat_has_few_cells_however_many_tiles() -> None:
    heat = found.coarsened(np.ones((360, 720), np.int64), np.full((360, 720), 0.5, np.float32), 0.5)
    assert len(heat.cells) <= found.CELLS
    assert heat.cells[:, 2].sum() == 360 * 720
    assert np.abs(heat.cells[:, 0]).max() < 180
    assert heat.cell == 4


def test_settled_cards_are_not_asked_again(campaign: Campaign, sweep: Sweep) -> None:
    packed, _ = everything(sweep)
    answering.ask(campaign, packed[:1].tolist())
    card = campaign.cards.get()
    settling.decide([card.pk], campaign.answers.get(code="no"), None)
    assert answering.ask(campaign, packed[:1].tolist()) == 0


def test_pictures_of_a_gallery_have_no_place(tmp_path: Path) -> None:
    gallery = build_all(make_gallery(tmp_path / "p"))
    sweep = make_sweep(make_campaign(gallery, 0))
    page = found.best(sweep, Asked(least=0.5), limit=10)
    assert (page.count, [tile["bbox"] for tile in describing.tiles(sweep.campaign, page)]) == (3, [None] * 3)
    assert describing.heat(found.heat(sweep, Asked())) == {"cell": 0.0, "cells": []}
    audit, _ = audits.draw(sweep, 20, "host")
    settling.decide([card.pk for card in audits.cards(audit)], sweep.campaign.answers.get(code="yes"), None)
    assert audits.describe(audit)["total"] == [5, 5, 5]
