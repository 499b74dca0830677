"""The host's pages and socket: theirs only, and live."""

import asyncio
import json
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from labeling import live
from labeling.consumers.host import NOT_HOST
from labeling.models import Campaign, Card
from labeling.recording import Said, record
from labeling.routing import websocket_urlpatterns
from search.models import Scene
from tests.campaigns import make_campaign, make_link, make_person
from tests.factories import make_gallery, make_map

ours = URLRouter(websocket_urlpatterns)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(django_db_setup: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def campaign(owner: User) -> Campaign:
    scene = Scene.objects.select_related("product__dataset").get(product__dataset=make_map())
    return make_campaign(scene.product.dataset, [scene.address(4, 3, c).pack() for c in range(3)], owner=owner)


@pytest.fixture
def host(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


async def opened(campaign: Campaign, user: User | AnonymousUser) -> ApplicationCommunicator:
    scope = {"type": "websocket", "path": f"/ws/campaigns/{campaign.pk}/", "user": user, "headers": []}
    socket = ApplicationCommunicator(ours, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return socket


async def hung_up(socket: ApplicationCommunicator) -> None:
    """As a server says once the connection has ended; else the consumer would wait on for its Redis."""
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)


async def heard(socket: ApplicationCommunicator, kind: str) -> dict:
    """The next message of its kind; TimeoutError when others only come for half a minute."""
    async with asyncio.timeout(30):
        while (message := json.loads((await socket.receive_output(10))["text"]))["type"] != kind:
            pass
    return message


def test_the_host_sees_the_campaign_and_others_do_not(host: Client, campaign: Campaign) -> None:
    page = host.get(f"/campaigns/{campaign.pk}/")
    assert page.status_code == 200
    assert "Is there an island?" in page.text
    assert f"/api/v1/campaigns/{campaign.pk}/votes.csv" in page.text
    other = Client()
    other.force_login(User.objects.create_user("bob"))
    assert other.get(f"/campaigns/{campaign.pk}/").status_code == 404
    assert "Is there an island?" not in other.get("/campaigns/").text
    assert Client().get(f"/campaigns/{campaign.pk}/")["Location"].startswith("/accounts/login/")


def test_the_list_shows_how_far_each_is(host: Client, campaign: Campaign) -> None:
    assert "0 of 3 tiles done" in host.get("/campaigns/").text


def test_a_new_campaign_is_offered_the_datasets_one_sees(host: Client, campaign: Campaign, tmp_path) -> None:
    make_gallery(tmp_path / "p", "secret", public=False)
    page = host.get("/campaigns/new/?dataset=small")
    assert 'value="small" selected' in page.text
    assert "secret" not in page.text
    assert Client().get("/campaigns/new/").status_code == 302


def test_the_qr_code_is_of_ones_own_link(host: Client, campaign: Campaign) -> None:
    _link, token = make_link(campaign)
    code = host.post(f"/campaigns/{campaign.pk}/qr", {"token": token})
    assert (code.status_code, code["Content-Type"], code.text[:4]) == (200, "image/svg+xml", "<svg")
    _other, foreign = make_link(make_campaign(make_map("other"), keys=1))
    for wrong in (foreign, "x" * 24, ""):
        assert host.post(f"/campaigns/{campaign.pk}/qr", {"token": wrong}).status_code == 404
    assert host.get(f"/campaigns/{campaign.pk}/qr").status_code == 405


def test_the_map_and_galleries_offer_to_label(host: Client, campaign: Campaign) -> None:
    assert "Label these" in host.get("/?dataset=small").text


async def test_a_vote_reaches_the_host_at_once(campaign: Campaign, owner: User) -> None:
    socket = await opened(campaign, owner)
    assert (await heard(socket, "progress"))["votes"] == 0
    person = await sync_to_async(make_person)((await sync_to_async(make_link)(campaign))[0])
    card = await Card.objects.afirst()
    await sync_to_async(record)([Said(uuid4(), person.pk, person.campaign_id, card.pk, "yes")])
    [changed] = (await heard(socket, "cards"))["results"]
    assert (changed["id"], changed["votes"], changed["label"]) == (card.pk, 1, "yes")
    progress = await heard(socket, "progress")
    assert (progress["votes"], progress["here"]) == (1, ["Ada"])
    await hung_up(socket)


async def test_the_host_hears_of_a_sweep(campaign: Campaign, owner: User) -> None:
    socket = await opened(campaign, owner)
    await heard(socket, "progress")
    await sync_to_async(live.sweep_changed)(campaign.pk, 3)
    assert await heard(socket, "sweep") == {"type": "sweep", "number": 3}
    await hung_up(socket)


@pytest.mark.parametrize("who", ["nobody", "other"])
async def test_who_does_not_host_hears_nothing(campaign: Campaign, who: str) -> None:
    other = AnonymousUser() if who == "nobody" else await sync_to_async(User.objects.create_user)("bob")
    socket = await opened(campaign, other)
    output = await socket.receive_output(5)
    assert (output["type"], output["code"]) == ("websocket.close", NOT_HOST)
    await hung_up(socket)


async def test_a_deleted_campaign_closes_its_hosts_page(campaign: Campaign, owner: User) -> None:
    socket = await opened(campaign, owner)
    await heard(socket, "progress")
    number = campaign.pk
    await campaign.adelete()
    await sync_to_async(live.state_changed)(number)
    output = await socket.receive_output(5)
    while output["type"] == "websocket.send":
        output = await socket.receive_output(5)
    assert output["code"] == NOT_HOST
    await hung_up(socket)
