"""One tile fetched for a click."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import gibs, keys, tiles
from search.errors import Unreachable
from search.models import Scene

PLACE = {"product": "true-colour", "date": "2004-01-01", "level": 4, "row": 2, "col": 3}


@pytest.fixture
def asked(monkeypatch):
    """What fetch_one was asked for; it answers that the tile is here."""
    calls = []
    monkeypatch.setattr(gibs, "fetch_one", lambda product, *place: calls.append((product.name, *place)) or True)
    return calls


def post(client, place=PLACE, slug="world"):
    return client.post(f"/api/v1/datasets/{slug}/fetch", place, content_type="application/json")


@pytest.mark.django_db
def test_whoever_may_import_gets_the_tile(admin_client, world, asked):
    response = post(admin_client)
    assert response.status_code == 200
    assert (response.json()["level"], response.json()["row"], response.json()["col"]) == (4, 2, 3)
    assert asked == [("true-colour", keys.read_day("2004-01-01"), 4, 2, 3)]


@pytest.mark.django_db
def test_a_guest_may_not(client, world, asked):
    assert post(client).status_code in (401, 403)
    assert asked == []


@pytest.mark.django_db
def test_an_outsider_may_not(client, world, asked):
    client.force_login(User.objects.create_user("visitor"))
    assert post(client).status_code == 403
    assert asked == []


@pytest.mark.django_db
def test_a_tile_that_the_server_lacks_is_not_found(admin_client, world, monkeypatch):
    monkeypatch.setattr(gibs, "fetch_one", lambda *place: False)
    response = post(admin_client)
    assert response.status_code == 404
    assert "no tile of this place and date" in response.json()["error"]["message"]


@pytest.mark.django_db
def test_a_server_that_cannot_be_reached_is_said(admin_client, world, monkeypatch):
    def refuse(*place):
        raise Unreachable("The imagery server did not answer.")

    monkeypatch.setattr(gibs, "fetch_one", refuse)
    assert post(admin_client).status_code >= 500


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"product": "nothing"}, {"date": "someday"}, {"level": -1}, {"row": "x"}])
def test_bad_places_are_refused(admin_client, world, asked, wrong):
    assert post(admin_client, PLACE | wrong).status_code == 400
    assert asked == []


@pytest.mark.django_db
def test_an_unknown_dataset_is_not_found(admin_client, world):
    assert post(admin_client, slug="atlantis").status_code == 404


@pytest.mark.django_db
def test_a_product_from_elsewhere_has_nothing_to_fetch(admin_client, world):
    assert post(admin_client).status_code == 400


@pytest.mark.django_db
def test_the_image_of_an_absent_tile_of_a_download_is_never_kept(client, world, monkeypatch):
    Scene.objects.filter(product__dataset=world).update(folder="gibs/somewhere")
    blank = lambda *args: tiles.encode(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), bool), "webp")  # noqa: E731
    monkeypatch.setattr(tiles, "render", blank)
    response = client.get("/tiles/world/true-colour/2004-01-01/4/2/3.webp?size=64")
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response
    assert len(tiles.cache) == 0
