"""Search by words, with an open_clip encoder that has a text tower: small, with random weights."""

import json
from pathlib import Path

import pytest

from search.models import Dataset
from tests.factories import build_all, make_map
from tests.ml.making import tiny_clip

pytestmark = pytest.mark.django_db
URL = "/api/v1/datasets/worded/search"


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip(tmp_path_factory.mktemp("clip") / "entry")


@pytest.fixture
def worded(entry: Path) -> Dataset:
    return build_all(make_map("worded", levels=(3,), encoder=str(entry)))


def ask(client, **body):
    return client.post(URL, json.dumps(body), content_type="application/json")


def test_the_page_is_told_that_words_are_understood(client, worded):
    assert client.get("/api/v1/datasets/worded/").json()["encoder"]["text"] is True


def test_words_find_tiles(client, worded):
    body = ask(client, text="an island", k=5).json()
    assert len(body["results"]) == 5


def test_other_words_find_them_in_another_order(client, worded):
    island, desert = (
        ask(client, text=text, k=50).json()["results"] for text in ("an island", "sand dunes in a desert")
    )
    assert [r["score"] for r in island] != [r["score"] for r in desert]


def test_words_and_a_tile_together_make_one_query(client, worded):
    first = ask(client, text="an island", k=1).json()["results"][0]["tile"]["key"]
    body = ask(client, text="an island", positives=[first], k=5, exclude_query=False).json()
    assert body["results"][0]["tile"]["key"] == first
