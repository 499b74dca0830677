"""Share links: made with sense, revoked for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import links, live
from labeling.errors import BadCampaign, NoSuchLink
from labeling.models import ShareLink
from tests.campaigns import make_campaign

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "options", [{"name": "x" * 61}, {"most_people": 0}, {"expires_at": timezone.now() - timedelta(seconds=1)}]
)
def test_a_link_without_sense_is_refused(options: dict) -> None:
    campaign = make_campaign()
    with pytest.raises(BadCampaign):
        links.make(campaign, **options)
    assert not campaign.links.exists()


def test_the_token_is_long_and_only_its_digest_is_kept() -> None:
    link, token = links.make(make_campaign(), name="Team A")
    assert len(token) == 24  # of 64 letters: 144 bits
    assert token not in str(ShareLink.objects.filter(pk=link.pk).values().get())


def test_a_revoked_link_does_not_open_and_its_phones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(live, "revoked", told.append)
    link, token = links.make(make_campaign())
    links.revoke(link)
    first = link.revoked_at
    links.revoke(link)
    assert told == [link.pk, link.pk]
    assert link.revoked_at == first
    with pytest.raises(NoSuchLink):
        ShareLink.of_token(token)


def test_there_are_not_endless_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 1)
    campaign = make_campaign()
    links.make(campaign)
    with pytest.raises(BadCampaign, match="at most"):
        links.make(campaign)
