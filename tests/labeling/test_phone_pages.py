"""/l/<token>/: who was sent the link joins by nickname and sees that campaign's tiles; nobody sees anything else."""

import io

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from labeling import campaigns, links
from labeling.models import Campaign, Person, ShareLink
from labeling.phone import guard
from search.models import Scene
from tests.campaigns import make_campaign, make_link
from tests.factories import make_gallery, make_map

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_has_guessed() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    scene = Scene.objects.select_related("product__dataset").get(product__dataset=make_map(public=False))
    return make_campaign(scene.product.dataset, [scene.address(4, 3, col).pack() for col in range(6)])


@pytest.fixture
def link(campaign: Campaign) -> tuple[ShareLink, str]:
    return make_link(campaign)


@pytest.fixture
def guest(link: tuple[ShareLink, str]) -> Client:
    client = Client()
    assert client.post(f"/l/{link[1]}/", {"nickname": "Ada"}).status_code == 302
    return client


def first_card(campaign: Campaign) -> int:
    return campaign.cards.earliest("position").pk


def size_of(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size


def test_the_link_asks_for_a_nickname_and_then_shows_the_cards(client: Client, link: tuple[ShareLink, str]) -> None:
    asked = client.get(f"/l/{link[1]}/")
    assert "Is there an island?" in asked.text
    assert 'name="nickname"' in asked.text
    assert client.post(f"/l/{link[1]}/", {"nickname": "  Ada  L "})["Location"] == f"/l/{link[1]}/"
    shown = client.get(f"/l/{link[1]}/")
    assert 'data-answer="yes"' in shown.text
    assert Person.objects.get().nickname == "Ada L"


def test_without_the_slash_it_opens_too(client: Client, link: tuple[ShareLink, str]) -> None:
    assert client.get(f"/l/{link[1]}")["Location"] == f"/l/{link[1]}/"


def test_the_cookie_is_out_of_scripts_reach_and_the_secret_is_not_stored(
    client: Client, link: tuple[ShareLink, str]
) -> None:
    cookie = client.post(f"/l/{link[1]}/", {"nickname": "Ada"}).cookies[link[0].cookie]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie.value not in str(Person.objects.values().get())


def test_over_https_the_cookie_stays_there(client: Client, link: tuple[ShareLink, str]) -> None:
    assert client.post(f"/l/{link[1]}/", {"nickname": "Ada"}, secure=True).cookies[link[0].cookie]["secure"]


def test_the_page_is_kept_from_search_engines_and_its_address_from_others(
    client: Client, link: tuple[ShareLink, str]
) -> None:
    page = client.get(f"/l/{link[1]}/")
    assert page["Referrer-Policy"] == "same-origin"
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("nickname", ["", "   ", "x" * 41, "<b>Ada</b>", "a&b", "\u202eAda", "!!!"])
def test_a_nickname_with_markup_or_without_letters_is_refused(
    client: Client, link: tuple[ShareLink, str], nickname: str
) -> None:
    refused = client.post(f"/l/{link[1]}/", {"nickname": nickname})
    assert refused.status_code == 400
    assert "Choose a nickname" in refused.text
    assert "<b>Ada" not in refused.text
    assert not Person.objects.exists()


def test_a_passphrase_is_asked_for_and_must_be_right(client: Client, campaign: Campaign) -> None:
    _link, token = make_link(campaign, passphrase="open sesame")
    assert 'name="passphrase"' in client.get(f"/l/{token}/").text
    wrong = client.post(f"/l/{token}/", {"nickname": "Ada", "passphrase": "sesame"})
    assert (wrong.status_code, 'value="Ada"' in wrong.text, "not the passphrase" in wrong.text) == (403, True, True)
    assert client.post(f"/l/{token}/", {"nickname": "Ada", "passphrase": "open sesame"}).status_code == 302


def test_passphrases_cannot_be_guessed_for_long(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "WRONG_PASSPHRASES", 2)
    _link, token = make_link(campaign, passphrase="open sesame")
    statuses = [client.post(f"/l/{token}/", {"nickname": "A", "passphrase": "x"}).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]
    assert client.post(f"/l/{token}/", {"nickname": "A", "passphrase": "open sesame"}).status_code == 429


def test_a_full_link_says_so(client: Client, campaign: Campaign) -> None:
    _link, token = make_link(campaign, most_people=1)
    assert client.post(f"/l/{token}/", {"nickname": "Ada"}).status_code == 302
    full = Client().post(f"/l/{token}/", {"nickname": "Bea"})
    assert (full.status_code, "As many people" in full.text) == (409, True)


def test_a_wrong_link_and_a_revoked_one_look_the_same(
    client: Client, link: tuple[ShareLink, str], guest: Client
) -> None:
    links.revoke(link[0])
    answers = [client.get(f"/l/{token}/") for token in (link[1], "x" * 24, "x", "x" * 300)] + [
        guest.get(f"/l/{link[1]}/")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "Is there an island?" not in answers[0].text


def test_who_guesses_links_has_to_wait(
    client: Client, link: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "WRONG_LINKS", 3)
    assert [client.get(f"/l/{'x' * 24}/").status_code for _ in range(4)] == [404, 404, 404, 429]
    assert client.get(f"/l/{link[1]}/").status_code == 429
    assert client.get(f"/l/{link[1]}/", REMOTE_ADDR="10.1.1.1").status_code == 200


def test_tiles_of_the_campaign_are_shown_at_their_native_size(
    campaign: Campaign, link: tuple[ShareLink, str], guest: Client
) -> None:
    picture = guest.get(f"/l/{link[1]}/cards/{first_card(campaign)}.webp")
    assert (picture["Content-Type"], size_of(picture.content)) == ("image/webp", (512, 512))
    assert picture["Cache-Control"].startswith("private")
    again = guest.get(f"/l/{link[1]}/cards/{first_card(campaign)}.webp", headers={"If-None-Match": picture["ETag"]})
    assert again.status_code == 304
    assert guest.get(f"/l/{link[1]}/cards/{first_card(campaign)}.webp?size=513").status_code == 404


def test_a_guest_reaches_nothing_by_guessing_numbers(
    campaign: Campaign, link: tuple[ShareLink, str], guest: Client
) -> None:
    other = make_campaign(make_map("other"), keys=1)
    foreign = f"/l/{link[1]}/cards/{other.cards.get().pk}.webp"
    assert guest.get(foreign).status_code == 404
    assert guest.get(f"/l/{link[1]}/examples/1.webp").status_code == 404
    scene = Scene.objects.get(product__dataset=campaign.dataset)
    assert guest.get(f"/tiles/small/true-colour/{scene.written_day}/4/3/0.webp").status_code == 404
    assert guest.get("/datasets/small/").status_code == 404
    assert guest.get("/api/v1/datasets/small/").status_code in (401, 404)
    assert guest.get(f"/campaigns/{campaign.pk}/").status_code in (302, 404)


def test_pictures_are_for_those_who_joined_by_that_link(
    campaign: Campaign, link: tuple[ShareLink, str], guest: Client
) -> None:
    _other, token = make_link(campaign)
    card = first_card(campaign)
    assert Client().get(f"/l/{link[1]}/cards/{card}.webp").status_code == 404
    assert guest.get(f"/l/{token}/cards/{card}.webp").status_code == 404
    links.revoke(link[0])
    assert guest.get(f"/l/{link[1]}/cards/{card}.webp").status_code == 404


@pytest.mark.parametrize(
    ("field", "kind"), [("show_map", "map"), ("show_neighbours", "around"), ("show_other_date", "other")]
)
def test_context_is_shown_only_where_the_host_wants_it(
    campaign: Campaign, link: tuple[ShareLink, str], guest: Client, field: str, kind: str
) -> None:
    from tests.factories import MARCH  # a second date of the same product

    make_map(paths=[MARCH], public=False)
    address = f"/l/{link[1]}/cards/{first_card(campaign)}/{kind}.webp"
    assert guest.get(address).status_code == 404
    campaigns.change(campaign, {field: True})
    shown = guest.get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert min(size_of(shown.content)) >= 256


def test_examples_are_in_the_tutorial(campaign: Campaign, link: tuple[ShareLink, str], guest: Client) -> None:
    example = campaigns.add_example(campaign, campaign.cards.earliest("position").key, "no", "Only clouds")
    assert "Only clouds" in guest.get(f"/l/{link[1]}/").text
    assert guest.get(f"/l/{link[1]}/examples/{example.pk}.webp?size=256").status_code == 200


def test_pictures_of_a_gallery_are_shown(tmp_path, client: Client) -> None:
    gallery = campaigns.create(None, make_gallery(tmp_path / "p", public=False), "Is it sharp?")
    campaigns.add_pictures(gallery)
    _link, token = make_link(gallery)
    client.post(f"/l/{token}/", {"nickname": "Ada"})
    assert client.get(f"/l/{token}/cards/{first_card(gallery)}.webp?size=256").status_code == 200
    assert client.get(f"/l/{token}/cards/{first_card(gallery)}/around.webp").status_code == 404


def test_a_closed_campaign_asks_nobody_to_join(client: Client, campaign: Campaign, link: tuple[ShareLink, str]) -> None:
    campaigns.set_state(campaign, "closed")
    assert 'name="nickname"' not in client.get(f"/l/{link[1]}/").text


@pytest.mark.parametrize(("language", "word"), [("en", "Not sure"), ("es", "No estoy seguro"), ("fr", "Pas sûr")])
def test_the_page_speaks_its_visitors_language(
    link: tuple[ShareLink, str], guest: Client, language: str, word: str
) -> None:
    page = guest.get(f"/l/{link[1]}/", headers={"Accept-Language": language})
    assert page["Content-Language"] == language
    assert f'lang="{language}"' in page.text
    assert word in page.text


def test_a_language_that_was_chosen_stays(link: tuple[ShareLink, str], guest: Client) -> None:
    guest.get(f"/l/{link[1]}/?lang=fr")
    assert guest.get(f"/l/{link[1]}/")["Content-Language"] == "fr"
    assert guest.get(f"/l/{link[1]}/?lang=xx")["Content-Language"] == "fr"


def test_a_hosts_own_words_are_not_translated(campaign: Campaign, link: tuple[ShareLink, str], guest: Client) -> None:
    campaign.answers.filter(code="yes").update(word="Yes, ice")
    page = guest.get(f"/l/{link[1]}/", headers={"Accept-Language": "fr"}).text
    assert "Yes, ice" in page
    assert "Non" in page
