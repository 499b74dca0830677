"""/ws/label/<token>/: what phones say is stored once and answered; what they may not say is refused."""

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import OperationalError

from labeling import campaigns, links, live, protocol
from labeling.consumers import label
from labeling.grouping import groups
from labeling.models import Campaign, Card, Lease, Person, ShareLink, Vote
from labeling.people import exclude
from labeling.phone import guard
from search.models import Scene
from tests.campaigns import make_campaign, make_link
from tests.factories import make_map
from tests.labeling.phones import Phone, joined

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_has_guessed() -> None:
    cache.clear()


@pytest.fixture
def campaign(django_db_setup: None) -> Campaign:
    scene = Scene.objects.select_related("product__dataset").get(product__dataset=make_map("watched"))
    keys = [scene.address(4, 3, col).pack() for col in range(12)]
    return make_campaign(scene.product.dataset, keys, gold_feedback=True)


@pytest.fixture
def link(campaign: Campaign) -> tuple[ShareLink, str]:
    return make_link(campaign)


async def cards_of(phone: Phone, count: int = 8, have: tuple[int, ...] = ()) -> list[dict]:
    await phone.say(type="more", count=count, have=list(have))
    return (await phone.hear("cards"))["cards"]


async def count_of(**wanted: object) -> int:
    return await Vote.objects.filter(**wanted).acount()


async def test_cards_come_and_a_vote_is_stored_and_acknowledged(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    cards = await cards_of(phone)
    assert [set(card) for card in cards] == [{"id", "image", "date"}] * 8
    number = await phone.vote(cards[0]["id"], took=1234, at="2026-11-24T10:00:00+00:00")
    ack = await phone.hear("ack")
    assert (ack["id"], ack["card"], ack["mine"], ack["settled"], ack["gold"]) == (
        number,
        cards[0]["id"],
        1,
        False,
        None,
    )
    vote = await Vote.objects.select_related("answer").aget()
    assert (str(vote.pk), vote.answer.code, vote.took) == (number, "yes", 1234)
    await phone.hang_up()


async def test_what_a_phone_holds_is_not_sent_again(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    first = [card["id"] for card in await cards_of(phone, 4)]
    second = [card["id"] for card in await cards_of(phone, 8, tuple(first))]
    assert len(second) == 4
    assert not set(first) & set(second)
    await phone.hang_up()


async def test_a_vote_sent_again_after_a_lost_connection_counts_once(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    [card] = await cards_of(phone, 1)
    number = await phone.vote(card["id"])
    await phone.hear("ack")
    await phone.vote(card["id"], id=number)
    assert (await phone.hear("ack"))["mine"] == 1
    assert await count_of() == 1
    await phone.hang_up()


async def test_an_undo_takes_the_vote_back(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    [card] = await cards_of(phone, 1)
    number = await phone.vote(card["id"])
    await phone.say(type="undo", id=str(uuid4()), vote=number)
    assert (await phone.hear("ack"))["id"] == number
    assert (await phone.hear("ack"))["mine"] == 0
    assert await count_of(withdrawn_at=None) == 0
    await phone.hang_up()


async def test_votes_of_one_burst_are_all_acknowledged_in_order(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    numbers = [await phone.vote(card["id"]) for card in await cards_of(phone, 12)]
    assert [(await phone.hear("ack"))["id"] for _ in numbers] == numbers
    await phone.hang_up()


async def test_gold_says_whether_the_answer_was_right(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    key = (await campaign.cards.afirst()).key
    await sync_to_async(campaigns.set_gold)(campaign, [key], "yes")
    phone = await joined(*link)
    await phone.vote((await Card.objects.aget(key=key)).pk, "no")
    ack = await phone.hear("ack")
    assert (ack["gold"], ack["right"]) == (False, "yes")
    await phone.hang_up()


async def test_a_tile_of_another_campaign_is_refused(link: tuple[ShareLink, str]) -> None:
    other = await sync_to_async(make_campaign)(await sync_to_async(make_map)("other"))
    foreign = await other.cards.afirst()
    phone = await joined(*link)
    for card in (foreign.pk, 10**12):
        number = await phone.vote(card)
        refused = await phone.hear("refused")
        assert (refused["id"], refused["code"]) == (number, "no_such_card")
    assert await count_of() == 0
    await phone.hang_up()


async def test_an_unknown_answer_is_refused(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    [card] = await cards_of(phone, 1)
    await phone.vote(card["id"], "perhaps")
    assert (await phone.hear("refused"))["code"] == "unknown_answer"
    assert await count_of() == 0
    await phone.hang_up()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '"vote"', '{"type": []}', '{"type": "delete"}', '{"type": "vote"}', "[" * 5000,
        '{"type": "vote", "id": "1", "card": 1, "answer": "yes"}',
        '{"type": "vote", "id": "6e3b4a5e-7b8f-4a0e-9d0a-1f2e3d4c5b6a", "card": "1", "answer": "yes"}',
        '{"type": "vote", "id": "6e3b4a5e-7b8f-4a0e-9d0a-1f2e3d4c5b6a", "card": true, "answer": "yes"}',
        '{"type": "vote", "id": "6e3b4a5e-7b8f-4a0e-9d0a-1f2e3d4c5b6a", "card": 1, "answer": 1}',
        '{"type": "vote", "id": "6e3b4a5e-7b8f-4a0e-9d0a-1f2e3d4c5b6a", "card": 1, "answer": "yes", "took": -1}',
        '{"type": "undo", "id": "6e3b4a5e-7b8f-4a0e-9d0a-1f2e3d4c5b6a"}',
        '{"type": "more", "count": 1e400}', '{"type": "more", "count": 4, "have": ["x"]}',
    ],
)  # fmt: skip
async def test_a_malformed_frame_is_refused_and_the_phone_goes_on(link: tuple[ShareLink, str], text: str) -> None:
    phone = await joined(*link)
    await phone.send(text)
    assert (await phone.hear("refused"))["code"] == "bad_message"
    assert len(await cards_of(phone, 1)) == 1
    assert await count_of() == 0
    await phone.hang_up()


async def test_many_malformed_frames_close_the_socket(link: tuple[ShareLink, str]) -> None:
    phone, other = await joined(*link), await joined(*link, nickname="Bea")
    for _ in range(label.MOST_BAD):
        await phone.send("{")
    assert await phone.closed() == protocol.ABUSE
    assert len(await cards_of(other, 1)) == 1
    await other.hang_up()


async def test_bytes_are_not_understood(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    await phone.socket.send_input({"type": "websocket.receive", "bytes": b"\x00"})
    assert (await phone.hear("refused"))["code"] == "bad_message"
    await phone.hang_up()


async def test_a_frame_that_is_too_large_closes_the_socket(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    await phone.send(" " * (protocol.MOST_BYTES + 1))
    assert await phone.closed() == protocol.TOO_LARGE


async def test_a_flood_closes_the_socket_and_disturbs_nobody(
    link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await joined(*link, nickname="Bea")
    monkeypatch.setattr(label, "BURST", 20)
    phone = await joined(*link)
    for _ in range(40):
        await phone.say(type="ping")
    assert await phone.closed() == protocol.FLOOD
    assert len(await cards_of(other, 1)) == 1
    await other.hang_up()


@pytest.mark.parametrize("token", ["x", "x" * 23, "x" * 24, "x" * 500, "%2e%2e"])
async def test_a_wrong_token_is_closed_like_a_revoked_one(link: tuple[ShareLink, str], token: str) -> None:
    assert await (await Phone(token).open()).closed() == protocol.NO_SUCH_LINK
    await sync_to_async(links.revoke)(link[0])
    assert await (await Phone(link[1]).open()).closed() == protocol.NO_SUCH_LINK


async def test_who_has_not_joined_is_told_to(link: tuple[ShareLink, str]) -> None:
    for cookie in ("", f"{link[0].cookie}=", f"{link[0].cookie}=guess"):
        assert await (await Phone(link[1], cookie).open()).closed() == protocol.NOT_JOINED


async def test_a_cookie_of_another_link_opens_nothing(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    other, token = await sync_to_async(make_link)(campaign)
    phone = await joined(*link)
    cookie = dict(phone.socket.scope["headers"])[b"cookie"].decode().replace(link[0].cookie, other.cookie)
    assert await (await Phone(token, cookie).open()).closed() == protocol.NOT_JOINED
    await phone.hang_up()


async def test_who_guesses_links_is_shut_out_for_a_while(
    link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "WRONG_LINKS", 3)
    for _ in range(3):
        await (await Phone("x" * 24, address="10.9.9.9").open()).closed()
    assert await (await Phone(link[1], address="10.9.9.9").open()).closed() == protocol.NO_SUCH_LINK
    assert await (await Phone(link[1], address="10.9.9.8").open()).closed() == protocol.NOT_JOINED


async def test_revoking_closes_every_phone_of_the_link_at_once(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    elsewhere = await sync_to_async(make_link)(campaign)
    phones = [await joined(*link, nickname=name) for name in ("Ada", "Bea")]
    other = await joined(*elsewhere, nickname="Cleo")
    await sync_to_async(links.revoke)(link[0])
    assert [await phone.closed() for phone in phones] == [protocol.NO_SUCH_LINK] * 2
    assert len(await cards_of(other, 1)) == 1
    await other.hang_up()


async def test_a_link_that_expires_closes(link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label, "TICK", 0.05)
    monkeypatch.setattr(ShareLink, "works", False)
    phone = await joined(*link)
    assert await phone.closed() == protocol.NO_SUCH_LINK


async def test_pause_and_new_cards_reach_the_phone(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    await sync_to_async(campaigns.set_state)(campaign, "paused")
    assert (await phone.hear("state"))["state"] == "paused"
    assert await cards_of(phone) == []
    await sync_to_async(live.new_cards)(campaign.pk)
    await phone.hear("more")
    await phone.hang_up()


async def test_somebody_excluded_is_told_and_dealt_nothing(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    await sync_to_async(exclude)(await Person.objects.aget())
    assert (await phone.hear("state"))["state"] == "excluded"
    assert await cards_of(phone) == []
    await phone.hang_up()


async def test_a_card_that_others_have_settled_is_dropped(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    await sync_to_async(campaigns.change)(campaign, {"votes_wanted": 2, "votes_most": 2})
    phones = [await joined(*link, nickname=name) for name in ("Ada", "Bea", "Cleo")]
    card = (await cards_of(phones[2], 12))[0]["id"]
    for phone in phones[:2]:
        await phone.vote(card)
        await phone.hear("ack")
    assert (await phones[2].hear("drop"))["cards"] == [card]
    for phone in phones:
        await phone.hang_up()


async def test_the_teams_progress_comes_by_itself(link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label, "TICK", 0.05)
    monkeypatch.setattr("labeling.phone.scoreboard.FRESH", 0)
    phone = await joined(*link)
    [card] = await cards_of(phone, 1)
    await phone.vote(card["id"])
    team = (await phone.hear("progress"))["team"]
    while team["votes"] == 0:
        team = (await phone.hear("progress"))["team"]
    assert (team["tiles"], team["people"], team["leaders"][0]["nickname"]) == (12, 1, "Ada")
    await phone.hang_up()


async def test_without_a_database_the_phone_is_told_to_come_again(
    link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(said: object) -> None:
        raise OperationalError("gone")

    phone = await joined(*link)
    monkeypatch.setattr(groups().votes, "put", broken)
    await phone.vote(1)
    assert await phone.closed() == protocol.TRY_AGAIN


async def test_what_a_phone_held_when_it_left_stays_its_own_for_a_while(link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    await cards_of(phone, 5)
    await phone.hang_up()
    assert await Lease.objects.acount() == 5
