"""POST /api/v1/datasets/<slug>/facets: how tiles spread over columns."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import columns, facets, filters, frames
from search.models import Shard
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db
FACETS = "/api/v1/datasets/world/facets"


def ask(client, address=FACETS, **body):
    return client.post(address, {"columns": ["luminance"], **body}, content_type="application/json")


def luminance(world):
    return columns.numbers(frames.opened(world), "luminance")


def test_the_tiles_of_each_bin_are_counted(client, world):
    told = ask(client, bins=8).json()
    spread, values = told["columns"]["luminance"], luminance(world)
    inner = np.searchsorted(np.array(spread["edges"])[1:-1], values, side="right")
    assert spread["all"] == spread["kept"] == np.bincount(inner, minlength=8).tolist()
    assert (told["tiles"], told["kept"], spread["unknown"]) == (2000, 2000, 0)
    assert (spread["low"], spread["high"]) == pytest.approx((values.min(), values.max()))


def test_a_columns_own_range_does_not_narrow_it_but_others_do(client, world):
    asked = {"metrics": {"luminance": [40, 90]}}
    told = ask(client, columns=["luminance", "mean_red"], filter=asked).json()
    both = (luminance(world) >= 40) & (luminance(world) <= 90)
    assert told["kept"] == both.sum()
    assert sum(told["columns"]["luminance"]["kept"]) == 2000
    assert sum(told["columns"]["mean_red"]["kept"]) == both.sum()
    assert sum(told["columns"]["mean_red"]["all"]) == 2000


def test_products_levels_and_dates_narrow_every_column(client, world):
    told = ask(client, filter={"levels": [4], "from": "2004-02-01"}).json()
    assert told["kept"] == sum(told["columns"]["luminance"]["kept"]) == 200


def test_a_filter_that_leaves_nothing_counts_nothing(client, world):
    told = ask(client, filter={"metrics": {"mean_red": [254.9, None]}}).json()
    assert told["kept"] == 0
    assert set(told["columns"]["luminance"]["kept"]) == {0}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"columns": ["beauty"]}, "There is no column 'beauty': use mean_red"),
        ({"filter": {"metrics": {"beauty": [1, 2]}}}, "There is no metric 'beauty'"),
        ({"filter": {"metrics": {"luminance": [9, 2]}}}, "The range of luminance is empty"),
        ({"filter": {"sharpness": 1}}, "A filter has no sharpness"),
        ({"filter": "all"}, "A filter is a JSON object"),
        ({"filter": {"collections": ["nowhere"]}}, "has no collection 'nowhere'"),
        ({"bins": 0}, "bins"),
        ({"bins": 10_000}, "bins"),
        ({"columns": "luminance"}, "columns"),
        ({"columns": ["luminance"] * 100}, "columns"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_counted_is_refused(client, world, body, said):
    answer = ask(client, **body)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["error"]["message"]


def test_a_dataset_without_shards_says_to_wait(client, db):
    make_map("empty")
    answer = ask(client, "/api/v1/datasets/empty/facets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_indexed")


def test_strangers_are_told_that_there_is_no_such_dataset(client, db):
    make_map("hidden", public=False)
    client.force_login(User.objects.create_user("stranger"))
    assert ask(client, "/api/v1/datasets/hidden/facets").status_code == 404


def test_texts_are_counted_the_most_frequent_first():
    held = facets.Texts(np.array([1, 1, 0, -1, 1, 0], np.int32), ("rare", "often"))
    told = facets.of_texts(held, np.array([True, False, True, True, True, False]))
    assert told == {
        "values": [{"value": "often", "all": 3, "kept": 2}, {"value": "rare", "all": 2, "kept": 1}], "others": 0,
        "unknown": 1,
    }  # fmt: skip


def test_unknown_numbers_are_in_no_bin():
    held = facets.binned(np.array([1, np.nan, 3, np.inf], np.float32), 4)
    assert held.counts()[:4].tolist() == [1, 0, 0, 1]
    assert held.counts()[facets.UNKNOWN] == 2
    assert (held.low, held.high) == (1, 3)


@pytest.mark.parametrize("values", [[], [np.nan], [7, 7, 7], [0, 1e-30], [3e38, -3e38]])
def test_any_numbers_have_bins_that_ascend(values):
    held = facets.binned(np.array(values, np.float32), 5)
    assert (np.diff(held.edges) > 0).all()
    assert held.counts()[:5].sum() == np.isfinite(np.array(values, np.float32)).sum()


def test_a_few_tiles_far_out_do_not_squeeze_the_others_into_one_bin():
    values = np.concatenate([np.linspace(0, 100, 10_000), [1e6]]).astype(np.float32)
    held = facets.binned(values, 10)
    assert held.edges[-1] < 101
    assert held.counts()[:10].max() < 1200
    assert held.high == 1e6


def test_what_is_the_same_for_every_filter_is_made_once(world, monkeypatch):
    made, fresh = [], facets.fresh_spread
    monkeypatch.setattr(facets, "memory", facets.Memory(10_000))
    monkeypatch.setattr(facets, "fresh_spread", lambda *given: made.append(given) or fresh(*given))
    for low in (10, 20):
        facets.facets(world, filters.read({"metrics": {"mean_red": [low, None]}}), ["luminance"], 32, None)
    assert len(made) == 1


def test_no_more_is_remembered_than_fits():
    memory, spread = facets.Memory(25), facets.binned(np.arange(10, dtype=np.float32), 4)  # 10 bytes
    for key in "abca":
        memory.get(key, lambda: spread)
    assert list(memory._held) == ["c", "a"]


@pytest.mark.parametrize("names", [["luminance"], []])
def test_a_dataset_of_one_tile_has_facets_too(tmp_path, db, names):
    dataset = build_all(make_gallery(tmp_path / "one", count=1))
    told = facets.facets(dataset, filters.read({"metrics": {"luminance": [0, 255]}}), names, 32, None)
    assert (told["tiles"], told["kept"], list(told["columns"])) == (1, 1, names)


def test_a_damaged_shard_is_left_out_and_the_others_are_counted(client, db, fresh_library):
    dataset = build_all(make_map("damaged", levels=(3, 4)))
    whole = ask(client, "/api/v1/datasets/damaged/facets").json()["tiles"]
    folder = Shard.objects.of(dataset).get(level=4).path()
    (folder / "tiles.parquet").write_bytes(b"")
    told = ask(client, "/api/v1/datasets/damaged/facets").json()
    assert told["tiles"] == sum(told["columns"]["luminance"]["all"]) == whole - 200
