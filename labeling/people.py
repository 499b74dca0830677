"""Who labels: guests by nickname, known again by a cookie; hosts by their account."""

import secrets
import unicodedata
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from labeling import live, settling
from labeling.errors import BadNickname, LinkFull, NoSuchLink, WrongPassphrase
from labeling.leases import give_back
from labeling.models import Campaign, Person, ShareLink, Vote
from labeling.models.people import digest_of

LONGEST = 40  # characters of a nickname
HERE = timedelta(seconds=45)  # since somebody's phone was last heard of


def nickname_of(text: str) -> str:
    """BadNickname for what is not a name."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= LONGEST:
        raise BadNickname(f"Choose a nickname of 1 to {LONGEST} characters.")
    if any(character in "<>&" or unicodedata.category(character).startswith("C") for character in name):
        raise BadNickname("A nickname has letters, digits and spaces, but no <, > or &, and nothing invisible.")
    if not any(unicodedata.category(character)[0] in "LNS" for character in name):
        raise BadNickname("A nickname has at least one letter or digit.")
    return name


def join(link: ShareLink, nickname: str, passphrase: str = "") -> tuple[Person, str]:
    """The new person, and the secret by which their phone is known again: it is not kept."""
    name = nickname_of(nickname)
    if not link.opens_with(passphrase):
        raise WrongPassphrase("This is not the passphrase. Ask whoever sent you the link.")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        fresh = ShareLink.objects.select_for_update().usable().filter(pk=link.pk).first()
        if fresh is None:
            raise NoSuchLink
        if fresh.most_people is not None and fresh.people.count() >= fresh.most_people:
            raise LinkFull("As many people as were invited are here already. Ask whoever sent you the link.")
        person = Person.objects.create(
            campaign_id=fresh.campaign_id, link=fresh, nickname=name, digest=digest_of(secret)
        )
    live.changed([person.campaign_id])
    return person, secret


def known(link: ShareLink, secret: str) -> Person | None:
    """Who has this secret, among those who came by the link."""
    found = link.people.select_related("campaign", "link").filter(digest=digest_of(secret)) if secret else None
    return found.first() if found is not None else None


def host_person(campaign: Campaign, user: User) -> Person:
    name = (user.get_full_name() or user.get_username())[:LONGEST]
    return Person.objects.get_or_create(campaign=campaign, user=user, defaults={"nickname": name})[0]


def here(campaign: Campaign) -> QuerySet[Person]:
    return campaign.people.filter(seen_at__gt=timezone.now() - HERE)


def exclude(person: Person) -> None:
    """Their votes stay, but count no longer."""
    give_back(person)
    count(person, excluded_at=timezone.now())
    live.excluded(person.pk)


def include(person: Person) -> None:
    count(person, excluded_at=None)


def count(person: Person, *, excluded_at: object) -> None:
    """Labels of what they answered are made again."""
    with transaction.atomic():
        campaign = Campaign.locked(person.campaign_id)
        Person.objects.filter(pk=person.pk).update(excluded_at=excluded_at)
        cards = Vote.objects.standing().filter(person=person).values_list("card", flat=True)
        settling.settle(campaign, list(cards))
    person.refresh_from_db()
    live.changed([person.campaign_id])
