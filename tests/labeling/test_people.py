"""Who labels: joining by a link, being known again."""

import pytest

from labeling import people
from labeling.errors import BadNickname, LinkFull, NoSuchLink, WrongPassphrase
from labeling.models import Person
from tests.campaigns import make_campaign, make_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def link():
    return make_link(make_campaign(keys=1))[0]


def test_somebody_who_joined_is_known_again(link):
    person, secret = people.join(link, "  Ada   L. ")
    assert people.known(link, secret) == person
    assert person.nickname == "Ada L."


def test_the_secret_is_not_stored(link):
    person, secret = people.join(link, "Ada")
    assert secret not in str(Person.objects.values().get(pk=person.pk))


def test_a_secret_of_another_link_is_unknown(link):
    secret = people.join(link, "Ada")[1]
    assert people.known(make_link(link.campaign)[0], secret) is None
    assert people.known(link, "") is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "<b>Ada</b>", "a&b", "Ada\u202e", "\u200b", "..."])
def test_what_is_no_name_is_refused(link, name):
    with pytest.raises(BadNickname):
        people.join(link, name)
    assert not Person.objects.exists()


@pytest.mark.parametrize("name", ["Zoë", "李雷", "Ada 🦊", "O'Neil"])
def test_names_of_the_world_are_taken(link, name):
    assert people.join(link, name)[0].nickname == name


def test_a_full_link_is_closed_to_one_more():
    link = make_link(make_campaign(keys=1), most_people=1)[0]
    people.join(link, "Ada")
    with pytest.raises(LinkFull):
        people.join(link, "Bob")


def test_a_passphrase_must_be_right():
    link = make_link(make_campaign(keys=1), passphrase="tern")[0]
    with pytest.raises(WrongPassphrase):
        people.join(link, "Ada", "gull")
    assert people.join(link, "Ada", "tern")


def test_a_link_revoked_meanwhile_lets_nobody_in(link):
    type(link).objects.update(revoked_at="2026-01-01T00:00Z")
    with pytest.raises(NoSuchLink):
        people.join(link, "Ada")


def test_a_host_is_one_person(link, admin_user):
    assert people.host_person(link.campaign, admin_user) == people.host_person(link.campaign, admin_user)
