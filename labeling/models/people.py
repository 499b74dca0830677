"""Share links, and the people who came by them."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.errors import NoSuchLink
from labeling.models.campaigns import Campaign

TOKEN_BYTES = 18  # 144 random bits, 24 characters
TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")


def digest_of(token: str) -> str:
    """What is stored instead of a token: SHA-256, hexadecimal; tokens are random, so no salt and no stretching."""
    return hashlib.sha256(token.encode()).hexdigest()


class ShareLinkQuerySet(models.QuerySet):
    def usable(self) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ShareLink(models.Model):
    """An address that lets anyone label one campaign. The token itself is told once, to whoever makes the link."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="links")
    name = models.CharField(max_length=60, blank=True, help_text="whom it is for")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    passphrase = models.CharField(max_length=128, blank=True, editable=False, help_text="hashed; blank: none is asked")
    most_people = models.PositiveIntegerField(null=True, blank=True, help_text="blank: as many as come")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name or f"Link {self.pk}"

    @classmethod
    def make(
        cls, campaign: Campaign, *, name: str = "", passphrase: str = "", most_people: int | None = None,
        expires_at: datetime | None = None, made_by: User | None = None,
    ) -> tuple["ShareLink", str]:  # fmt: skip
        """The link and its token, which is not kept and cannot be told again."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        hashed = make_password(passphrase) if passphrase else ""
        link = cls.objects.create(
            campaign=campaign, name=name, digest=digest_of(token), passphrase=hashed, most_people=most_people,
            expires_at=expires_at, made_by=made_by,
        )  # fmt: skip
        return link, token

    @classmethod
    def of_token(cls, token: str) -> "ShareLink":
        """NoSuchLink for whatever does not work, without saying why."""
        found = None
        if TOKEN.fullmatch(token):
            found = cls.objects.usable().select_related("campaign").filter(digest=digest_of(token)).first()
        if found is None:
            raise NoSuchLink
        return found

    @property
    def cookie(self) -> str:
        """The name of the cookie by which a guest of this link is known again."""
        return f"lookalike_{self.digest[:12]}"

    @property
    def works(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    def opens_with(self, passphrase: str) -> bool:
        return not self.passphrase or check_password(passphrase, self.passphrase)


class Person(models.Model):
    """Somebody who labels in one campaign: a guest with a nickname, known again by a cookie, or a host's account.

    votes: that stand (not withdrawn).  agreement: with the others, leaving themselves out.  skill: share of right
    answers by Dawid-Skene.  flags: codes of what looks wrong about them (labeling/flags.py); nothing is deleted for it.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="people")
    link = models.ForeignKey(ShareLink, null=True, blank=True, on_delete=models.SET_NULL, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    nickname = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, blank=True, editable=False, help_text="of the cookie's secret")
    joined_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    excluded_at = models.DateTimeField(null=True, blank=True, help_text="their votes stay, but do not count")
    votes = models.PositiveIntegerField(default=0)
    gold_seen = models.PositiveIntegerField(default=0)
    gold_right = models.PositiveIntegerField(default=0)
    agreement = models.FloatField(null=True, blank=True)
    skill = models.FloatField(null=True, blank=True)
    flags = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="one_person_an_account"),
            models.UniqueConstraint(fields=["digest"], name="one_person_a_secret", condition=~Q(digest="")),
        ]

    def __str__(self) -> str:
        return self.nickname
