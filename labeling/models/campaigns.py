"""Campaigns: a question about tiles, the answers one may give, and examples of them."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from labeling import locks
from labeling.errors import NoSuchCampaign
from search import keys
from search.models import Dataset

MOST_VOTES = 25  # on one tile


class CampaignQuerySet(models.QuerySet):
    def hosted_by(self, user: User | AnonymousUser) -> Self:
        """Staff see all; others those that they own or help with."""
        if not user.is_authenticated:
            return self.none()
        helped = Campaign.hosts.through.objects.filter(user=user).values("campaign")
        return self if user.is_staff else self.filter(Q(owner=user) | Q(pk__in=helped))


class Campaign(models.Model):
    """votes_wanted: on each tile; votes_most: on one whose votes disagree."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        PAUSED = "paused", "paused"
        CLOSED = "closed", "closed"

    class Consensus(models.TextChoices):
        MAJORITY = "majority", "most votes"
        SKILL = "skill", "votes weighted by people's skill (Dawid-Skene)"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="campaigns")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    hosts = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="campaigns")
    question = models.CharField(max_length=200)
    explanation = models.TextField(blank=True, max_length=2000, help_text="shown before the first card")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    votes_wanted = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_VOTES)]
    )
    votes_most = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1), MaxValueValidator(MOST_VOTES)],
        help_text="on a tile whose votes disagree",
    )  # fmt: skip
    beyond_settled = models.BooleanField(default=False, help_text="go on asking about tiles that have their votes")
    consensus = models.CharField(max_length=8, choices=Consensus, default=Consensus.MAJORITY)
    show_date = models.BooleanField(default=True)
    show_place = models.BooleanField(default=False)
    show_map = models.BooleanField(default=False, help_text="a small map of where the tile is")
    show_neighbours = models.BooleanField(default=False, help_text="the tiles around it")
    show_other_date = models.BooleanField(default=False, help_text="the same place on another date")
    leaderboard = models.BooleanField(default=True)
    gold_feedback = models.BooleanField(default=True, help_text="say at once whether an answer on a gold tile is right")
    kappa = models.FloatField(null=True, blank=True, editable=False, help_text="Fleiss' kappa of the campaign")
    reckoned_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="skills and agreement")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(votes_wanted__gte=1, votes_wanted__lte=models.F("votes_most"), votes_most__lte=MOST_VOTES),
                name="votes_in_reach",
            )
        ]

    def __str__(self) -> str:
        return self.question

    @classmethod
    def hosted(cls, user: User | AnonymousUser, number: int) -> "Campaign":
        """NoSuchCampaign, whether there is none or it is not theirs."""
        found = cls.objects.hosted_by(user).select_related("dataset").filter(pk=number).first()
        if found is None:
            raise NoSuchCampaign(f"There is no campaign {number} that you host.")
        return found

    @classmethod
    def locked(cls, number: int) -> "Campaign":
        """Nobody else deals, votes or reckons in it until the transaction around this ends (labeling/locks.py)."""
        locks.alone(number)
        return cls.objects.get(pk=number)

    @property
    def learns(self) -> bool:
        """Whether rounds begin by themselves; a hidden query unless `learner` was selected with it."""
        learner = getattr(self, "learner", None)
        return learner is not None and learner.on

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class Answer(models.Model):
    """One of a campaign's answers. The first four are swiped right, left, down and up."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="answers")
    code = models.SlugField(max_length=30, help_text="in exports")
    word = models.CharField(max_length=40, help_text="on the button")
    icon = models.CharField(max_length=20, blank=True, help_text="its name in templates/_icon.html")
    colour = models.CharField(max_length=7, default="#5b6770", validators=[RegexValidator(r"^#[0-9a-f]{6}$")])
    position = models.PositiveSmallIntegerField(default=0)
    top = models.SlugField(
        max_length=30, blank=True, help_text="what it is a kind of: answers of one kind agree (blank: itself)"
    )

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "code"], name="one_answer_a_code")]

    def __str__(self) -> str:
        return self.word

    @property
    def kind(self) -> str:
        """What agreement is reckoned over: its top-level answer."""
        return self.top or self.code


class Example(models.Model):
    """A tile shown in the tutorial, with what one should answer."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="examples")
    key = models.BigIntegerField(help_text="the tile's")
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE)
    caption = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "key"], name="one_example_a_tile")]

    def __str__(self) -> str:
        return f"{self.key}: {self.answer}"

    @property
    def address(self) -> keys.TileAddress:
        return keys.unpack(self.key)
