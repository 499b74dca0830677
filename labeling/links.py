"""Share links made and revoked."""

from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from labeling import live
from labeling.errors import BadCampaign
from labeling.models import Campaign, ShareLink

MOST = 200  # of one campaign


def make(
    campaign: Campaign, *, name: str = "", passphrase: str = "", most_people: int | None = None,
    expires_at: datetime | None = None, made_by: User | None = None,
) -> tuple[ShareLink, str]:  # fmt: skip
    """The link and its token, told this once."""
    if len(name) > 60:
        raise BadCampaign("The link's name may have 60 characters at most.")
    if expires_at is not None and expires_at <= timezone.now():
        raise BadCampaign("The link would have ended before it began: choose a later time.")
    if most_people is not None and not 1 <= most_people <= 1_000_000:
        raise BadCampaign("A link is for at least one person; leave the number empty for as many as come.")
    if campaign.links.count() >= MOST:
        raise BadCampaign(
            f"A campaign has {MOST} links at most, and this one has had as many. One link serves a whole team."
        )
    return ShareLink.make(
        campaign, name=name.strip(), passphrase=passphrase, most_people=most_people, expires_at=expires_at,
        made_by=made_by,
    )  # fmt: skip


def revoke(link: ShareLink) -> None:
    """It works no more, for nobody; the phones that came by it are told at once. Their votes stay."""
    if link.revoked_at is None:
        ShareLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now())
        link.refresh_from_db()
    live.revoked(link.pk)


def address(token: str) -> str:
    """Below the site's own address."""
    return f"/l/{token}/"
