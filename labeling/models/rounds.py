"""Learning: how a campaign learns, its rounds, and what each round chose to ask about.

A round trains a classifier on the labels so far and chooses the next tiles. Its row is its own job record, and at most
one of a campaign waits or runs: of two triggers the second finds the first one's round.
"""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.campaigns import Campaign
from labeling.models.cards import Card
from ml.active.settings import MIX, MOST_NEIGHBOURS
from search.errors import Cancelled
from search.models import Buildable

MOST_POOL = 100_000  # tiles: what a round may score at most
YES, NO = "yes", "no"  # codes of the usual answers


def usual_mix() -> dict[str, float]:
    return dict(MIX)


class Learner(models.Model):
    """A campaign's learning. every: new labels that begin a round.  batch: tiles that a round asks about; more than
    that, so that nobody waits while the next one trains.

    positive, negative: codes of the answers that count as yes and as no; others teach nothing.
    sources: what a tile is described by besides its own vector: "parent", "children", where those levels are indexed.
    scope: a filter (search/filters) without labels and scores, what of the dataset it looks at; what is not said is not
    bounded, but the levels, which are those of the campaign's tiles then.
    examples: keys of tiles that the campaign was made from, positives that it may begin with.
    """

    class Head(models.TextChoices):
        LOGISTIC = "logistic", "logistic regression"
        MLP = "mlp", "a small network"
        TREES = "trees", "logistic regression and random trees"

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="learner")
    on = models.BooleanField(default=False, help_text="rounds begin by themselves")
    every = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(10_000)])
    batch = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1), MaxValueValidator(1000)])
    positive = models.JSONField(default=list)
    negative = models.JSONField(default=list)
    mix = models.JSONField(default=usual_mix)
    head = models.CharField(max_length=10, choices=Head, default=Head.LOGISTIC)
    pool = models.PositiveIntegerField(
        default=MOST_POOL, validators=[MinValueValidator(100), MaxValueValidator(MOST_POOL)],
        help_text="tiles that a round scores at most",
    )  # fmt: skip
    neighbours = models.PositiveSmallIntegerField(
        default=MOST_NEIGHBOURS, validators=[MaxValueValidator(MOST_NEIGHBOURS)], help_text="that one tile brings in"
    )
    sources = models.JSONField(default=list, blank=True)
    scope = models.JSONField(default=dict, blank=True)
    examples = models.JSONField(default=list, blank=True)
    pool_tiles = models.PositiveIntegerField(default=0, editable=False, help_text="of the pool when last looked at")
    archive_tiles = models.PositiveBigIntegerField(default=0, editable=False, help_text="of all it may ask about")

    def __str__(self) -> str:
        return f"Learning of campaign {self.campaign_id}"

    @classmethod
    def of(cls, campaign: Campaign) -> "Learner":
        """The campaign's, made when first asked for: "yes" is what is looked for and "no" is not, where there are such
        answers; else the first two."""
        found = cls.objects.filter(campaign=campaign).first()
        if found is None:
            codes = list(campaign.answers.values_list("code", flat=True))
            yes = YES if YES in codes else codes[0]
            others = [code for code in codes if code != yes]
            chosen = {"positive": [yes], "negative": [NO if NO in others else others[0]]}
            found, _ = cls.objects.get_or_create(campaign=campaign, defaults=chosen)
        found.campaign = campaign
        return found

    def remember(self, examples: Iterable[int]) -> None:
        """Tiles that the campaign was made from: learning may begin with these."""
        self.examples = list(dict.fromkeys([*self.examples, *examples]))
        self.save(update_fields=["examples"])

    @property
    def folder(self) -> Path:
        """Its pool and what its rounds keep; may be deleted when nothing runs."""
        return Path(settings.DATA_DIR) / "campaigns" / str(self.campaign_id)

    @property
    def classifiers(self) -> Path:
        """One folder for each round, as the model store lays them out."""
        return Path(settings.DATA_DIR) / "models" / f"campaign-{self.campaign_id}"


class Round(Buildable):
    """Trains on the labels so far and chooses the next tiles.

    labels, positives, negatives: that it trained on; digest: of them.  found: positives labelled when it began.
    metrics: {"f1": [value, low, high], …, "measured_on": words, "tiles": n}.  cost: what it scored, and what scoring
    the archive would have cost.  folder: the classifier's, below the data folder; blank as long as there is none.
    """

    class Trigger(models.TextChoices):
        START = "start", "learning was turned on"
        LABELS = "labels", "there were new labels"
        HOST = "host", "a host asked for it"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    trigger = models.CharField(max_length=8, choices=Trigger)
    started_at = models.DateTimeField(null=True, blank=True)
    labels = models.PositiveIntegerField(default=0)
    positives = models.PositiveIntegerField(default=0)
    negatives = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0, help_text="labels that there were in all when it began")
    found = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=16, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    cost = models.JSONField(default=dict, blank=True)
    advice = models.JSONField(default=dict, blank=True)
    folder = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["campaign"], name="one_round_at_a_time", condition=Q(status__in=["waiting", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"Round {self.number} of campaign {self.campaign_id}"

    def report(self, done: int, total: int) -> None:
        """As Buildable's, but no attempt is forgiven: a round that a worker dies of begins anew each time."""
        if not self._mine().update(done=done, total=total, heartbeat_at=timezone.now()):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        self.done, self.total = done, total

    def path(self) -> Path | None:
        """The classifier's folder; None when the round made none."""
        return Path(settings.DATA_DIR) / self.folder if self.folder else None


class Chosen(models.Model):
    """A tile that a round chose to ask about, and why.  probability: by its classifier; None where there was none."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="choices")
    card = models.ForeignKey(Card, null=True, on_delete=models.SET_NULL, related_name="choices")
    key = models.BigIntegerField(help_text="the tile's")
    why = models.CharField(max_length=20)
    probability = models.FloatField(null=True, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["round", "position"]
        constraints = [models.UniqueConstraint(fields=["round", "key"], name="chosen_once")]

    def __str__(self) -> str:
        return f"{self.key}, {self.why}"
