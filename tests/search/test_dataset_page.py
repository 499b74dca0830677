"""GET /datasets/<slug>/"""

import pytest
from django.contrib.auth.models import User

from search import summary
from search.models import Shard, Status
from tests.factories import build_all, make_gallery, make_map

URL = "/datasets/world/"


def page(client, address=URL):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_what_the_dataset_holds(client, world):
    text = page(client)
    assert "2, from 1 Jan 2004 to 1 Mar 2004" in text
    assert "2,000 searchable" in text
    assert "2,000 km" in text
    assert "1,000 km" in text


def test_shards_are_added_up_by_product_and_level(world):
    four, five = summary.groups(world)
    assert (four.level, four.shards, four.ready, four.tiles) == (4, 2, 2, 400)
    assert (five.level, five.shards, five.ready, five.tiles) == (5, 2, 2, 1600)
    assert four.bytes > 0


def test_recall_is_weighted_by_tiles(world):
    Shard.objects.of(world).filter(level=4).update(recall=0.5)
    Shard.objects.of(world).filter(level=5).update(recall=1.0)
    totals = summary.totals(summary.groups(world))
    assert totals.recall == pytest.approx((400 * 0.5 + 1600) / 2000)
    assert totals.worst == 0.5


def test_shards_whose_recall_is_unknown_do_not_count(world):
    Shard.objects.of(world).update(recall=None)
    Shard.objects.of(world).filter(level=5).update(recall=0.9)
    assert summary.totals(summary.groups(world)).recall == pytest.approx(0.9)


def test_recall_is_never_rounded_up(client, world):
    Shard.objects.of(world).update(recall=0.98765)
    assert "98.7 %" in page(client)


def test_without_a_measured_recall_the_page_says_so(client, world):
    Shard.objects.of(world).update(recall=None, engine="annoy")
    assert "has not been measured" in page(client)


def test_where_every_tile_is_compared_the_page_says_that_nothing_is_missed(client, world):
    assert "nothing is missed" in page(client)


def test_the_database_is_asked_as_often_for_few_shards_as_for_many(world, django_assert_num_queries):
    with django_assert_num_queries(2):
        summary.groups(world)


def test_a_group_lists_its_shards_by_date(client, world):
    text = page(client, URL + "?product=true-colour&level=5")
    assert text.index("1 Jan 2004</th>") < text.index("1 Mar 2004</th>")
    assert "800" in text


def test_many_shards_come_in_pages(client, world, monkeypatch):
    monkeypatch.setattr(summary, "PAGE", 1)
    text = page(client, URL + "?product=true-colour&level=5&page=2")
    assert "Page 2 of 2" in text
    assert "1 Jan 2004</th>" not in text


@pytest.mark.parametrize("query", ["product=infrared&level=5", "product=true-colour&level=9", "product=x&level=deep"])
def test_a_group_that_does_not_exist_is_a_404(client, world, query):
    assert client.get(f"{URL}?{query}").status_code == 404


def test_a_damaged_shard_is_counted_and_its_error_shown(client, world):
    Shard.objects.of(world).filter(level=5).update(status=Status.DAMAGED, folder="", error="vectors.npy is short")
    text = page(client, URL + "?product=true-colour&level=5")
    assert "2 failed or damaged" in text
    assert "vectors.npy is short" in text


@pytest.mark.django_db
def test_a_dataset_without_shards_says_how_to_make_them(client):
    dataset = make_map("bare")
    Shard.objects.of(dataset).delete()
    assert "manage.py embed bare" in page(client, "/datasets/bare/")


@pytest.mark.django_db
def test_a_gallery_has_a_page(client, tmp_path):
    build_all(make_gallery(tmp_path / "g"))
    text = page(client, "/datasets/pictures/")
    assert "5 searchable" in text
    assert "Back to the images" in text


@pytest.mark.django_db
def test_a_private_dataset_has_no_page_for_strangers(client, tmp_path):
    make_gallery(tmp_path / "g", "private", public=False)
    assert client.get("/datasets/private/").status_code == 404


@pytest.mark.django_db
def test_a_private_dataset_has_a_page_for_its_owner(client, tmp_path):
    owner = User.objects.create_user("owner")
    make_gallery(tmp_path / "g", "private", public=False, owner_id=owner.pk)
    client.force_login(owner)
    assert "What it holds" in page(client, "/datasets/private/")


def test_an_unknown_dataset_is_a_404(client, world):
    assert client.get("/datasets/atlantis/").status_code == 404
