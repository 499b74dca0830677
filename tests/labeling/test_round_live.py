"""A round's tiles reach the phones that are open, and its host's page hears of it, without a reload."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.cache import cache

from labeling.models import Campaign, Card, Round, ShareLink
from search.models import Dataset
from tests.campaigns import make_link
from tests.factories import build_all, make_map
from tests.labeling.phones import Phone, joined
from tests.labeling.test_host_pages import heard, hung_up, opened
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db(transaction=True)
WANTED = 24  # as many as a phone holds


@pytest.fixture(autouse=True)
def nobody_has_guessed() -> None:
    cache.clear()


@pytest.fixture
def known(django_db_setup: None) -> dict[int, bool]:
    return truth(build_all(make_map("swiped", levels=(5,))))


@pytest.fixture
def campaign(known: dict[int, bool]) -> Campaign:
    """With twenty labels, and nothing left to answer."""
    campaign = make_learning(Dataset.objects.get(slug="swiped"), some(known, 10, 10))
    answer(campaign, known)
    return campaign


@pytest.fixture
def link(campaign: Campaign) -> tuple[ShareLink, str]:
    return make_link(campaign)


async def cards_of(phone: Phone, have: list[int] | None = None) -> list[int]:
    await phone.say(type="more", count=WANTED, have=have or [])
    return [card["id"] for card in (await phone.hear("cards"))["cards"]]


async def asked(one: Round) -> set[int]:
    return {pk async for pk in Card.objects.filter(round=one).values_list("pk", flat=True)}


async def test_a_phone_that_has_nothing_to_do_gets_the_batch(campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    phone = await joined(*link)
    assert await cards_of(phone) == []
    one = await sync_to_async(make_round)(campaign)
    await phone.hear("more")
    assert set(await cards_of(phone)) == await asked(one)
    await phone.hang_up()


async def test_a_phone_with_its_hands_full_makes_room_for_the_batch(
    campaign: Campaign, link: tuple[ShareLink, str], known: dict[int, bool]
) -> None:
    taken = {key async for key in campaign.cards.values_list("key", flat=True)}
    old = [key for key in known if key not in taken][:WANTED]
    await Card.objects.abulk_create([Card(campaign=campaign, key=key, target=1, position=100) for key in old])
    phone = await joined(*link)
    held = await cards_of(phone)
    assert len(held) == WANTED
    one = await sync_to_async(make_round)(campaign)
    dropped = (await phone.hear("drop"))["cards"]
    await phone.hear("more")
    fresh = await cards_of(phone, [card for card in held if card not in dropped])
    batch = await asked(one)
    assert len(batch) == 10
    assert batch <= set(fresh) | (set(held) - set(dropped))  # some may have been in its hand before
    await phone.vote(held[0])  # also one that was dropped counts, when it was in sight
    assert (await phone.hear("ack"))["card"] == held[0]
    await phone.hang_up()


async def test_the_host_hears_of_a_round(campaign: Campaign) -> None:
    ann = await sync_to_async(User.objects.create_user)("ann")
    await Campaign.objects.filter(pk=campaign.pk).aupdate(owner=ann)
    socket = await opened(campaign, ann)
    await heard(socket, "progress")
    await sync_to_async(make_round)(campaign)
    assert await heard(socket, "learning") == {"type": "learning"}
    await hung_up(socket)
