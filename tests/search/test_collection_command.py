"""manage.py collection, and --filter of manage.py similar"""

import csv
import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from search import collecting, frames

pytestmark = pytest.mark.django_db
BRIGHT = '{"metrics": {"luminance": [100, null]}, "levels": [4]}'


def call(*args):
    out = io.StringIO()
    call_command(*map(str, args), stdout=out)
    return out.getvalue()


def keys_of(world, name):
    return collecting.keys_of(collecting.named(world, name))


def test_one_is_made_of_what_a_filter_keeps_listed_and_deleted(world):
    made = json.loads(call("collection", "world", "bright", "--filter", BRIGHT, "--json"))
    frame = frames.opened(world)
    bright = (frame.column("luminance") >= 100) & np.isin(frame.keys, keys_of(world, "bright"))
    assert made[0]["count"] == bright.sum() > 0
    assert "bright" in call("collection", "world")
    call("collection", "world", "bright", "--delete")
    assert json.loads(call("collection", "world", "--json")) == []


def test_a_filter_may_lie_in_a_file(world, tmp_path):
    (tmp_path / "filter.json").write_text(BRIGHT)
    call("collection", "world", "bright", "--filter", tmp_path / "filter.json")
    assert len(keys_of(world, "bright")) > 0


def test_keys_are_put_in_and_taken_out(world, tmp_path):
    keys = frames.opened(world).keys
    (tmp_path / "some.txt").write_text("\n".join(map(str, keys[:5])) + "\n\n")
    call("collection", "world", "some", "--keys", tmp_path / "some.txt")
    (tmp_path / "some.txt").write_text(str(keys[7]))
    call("collection", "world", "some", "--keys", tmp_path / "some.txt", "--add")
    assert np.array_equal(keys_of(world, "some"), keys[[0, 1, 2, 3, 4, 7]])
    call("collection", "world", "some", "--keys", tmp_path / "some.txt", "--remove")
    assert np.array_equal(keys_of(world, "some"), keys[:5])


def test_it_is_saved_as_a_file(world, tmp_path):
    call("collection", "world", "bright", "--filter", BRIGHT, "--export", tmp_path / "bright.csv")
    rows = list(csv.DictReader((tmp_path / "bright.csv").open()))
    assert [int(row["key"]) for row in rows] == keys_of(world, "bright").tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["bright.csv"]


REFUSED = [
    (["bright", "--filter", "{bright}"], "The filter is not JSON"),
    (["bright", "--filter", "nowhere.json"], "nowhere.json"),
    (["bright", "--filter", '{"metrics": {"luminance": [NaN, null]}}'], "'nan' is not a number"),
    (["bright", "--filter", '{"metrics": {"luminance": [254.9, null]}}'], "leaves no tile"),
    (["bright"], "has no collection 'bright'. There are: none yet"),
    (["bright", "--add"], "Say which tiles"),
    (["bright", "--filter", BRIGHT, "--export", "bright.doc"], "one of .csv, .geojson, .parquet, .zip"),
    (["--filter", BRIGHT], "Give the collection's name"),
]


@pytest.mark.parametrize(("args", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_is_refused(world, args, said):
    with pytest.raises(CommandError, match=said):
        call("collection", "world", *args)
    assert not world.collections.exists()


def test_a_file_of_other_things_than_keys_is_refused(world, tmp_path):
    (tmp_path / "some.txt").write_text("12\nislands")
    with pytest.raises(CommandError, match="'islands', which is no tile's key"):
        call("collection", "world", "some", "--keys", tmp_path / "some.txt")


def test_a_search_takes_a_filter(world):
    at = ("similar", "world", "--at", 15, 23, "--level", 4, "--json", "-k", 50)
    everything = json.loads(call(*at))["results"]
    some = json.loads(call(*at, "--filter", BRIGHT))["results"]
    bright = {str(key) for key in frames.opened(world).keys[frames.opened(world).column("luminance") >= 100]}
    assert {hit["tile"]["key"] for hit in some} <= bright
    assert not {hit["tile"]["key"] for hit in everything} <= bright
