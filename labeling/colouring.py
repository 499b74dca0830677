"""What tiles may be coloured, weighed and balanced by that campaigns know: labels, scores, and how unsure a score is.

`@label:<campaign>`, `@score:<campaign>/<sweep>` and `@uncertainty:<campaign>/<sweep>` of search/selecting/columns.py.
Only campaigns on the same dataset that the person hosts; a score that an audit must not give away is unknown.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from labeling.filtering import campaign_of, hosted
from labeling.models import Campaign, Sweep
from labeling.models.sweeps import UNFINISHED
from labeling.sweeps import found, scores
from search.columns import Column
from search.errors import BadQuery
from search.filters import Person
from search.frames import Frame
from search.models import Dataset
from search.selecting import columns
from search.selecting.columns import Source, Texts

LABEL, SCORE, UNCERTAINTY = "label", "score", "uncertainty"


def register() -> None:
    columns.register(LABEL, Source(labels_listed, labels))
    columns.register(SCORE, Source(partial(sweeps_listed, SCORE), scored))
    columns.register(UNCERTAINTY, Source(partial(sweeps_listed, UNCERTAINTY), uncertain))


def mine(dataset: Dataset, user: Person) -> list[Campaign]:
    rows = Campaign.objects.filter(dataset=dataset) if user is None else hosted(dataset, user)
    return list(rows.prefetch_related("sweeps").order_by("-created_at", "-pk"))


def labels_listed(dataset: Dataset, user: Person) -> list[Column]:
    return [
        Column(str(one.pk), f"Label: {one.question}", "", "text", None, None, LABEL,
               tuple(one.answers.values_list("word", flat=True)))
        for one in mine(dataset, user)
    ]  # fmt: skip


def sweeps_listed(kind: str, dataset: Dataset, user: Person) -> list[Column]:
    words = {SCORE: "Score", UNCERTAINTY: "How unsure the score is"}[kind]
    done = [(one, sweep) for one in mine(dataset, user) for sweep in one.sweeps.all() if sweep.status not in UNFINISHED]
    return [
        Column(f"{one.pk}/{sweep.number}", f"{words}: {one.question} {sweep.number}", "", "number", 0.0, 1.0, SCORE)
        for one, sweep in done
    ]


def labels(frame: Frame, which: str, user: Person) -> Texts:
    """The consensus of each tile: (n,) codes, -1 for none, and the words of the answers."""
    campaign = campaign_of(frame.dataset, number(which), user)
    answers = list(campaign.answers.all())
    at = {answer.pk: place for place, answer in enumerate(answers)}
    rows = campaign.cards.filter(label__isnull=False).order_by("key").values_list("key", "label_id")
    pairs = np.array([(key, at[label]) for key, label in rows], np.int64).reshape(-1, 2)
    codes = np.full(frame.count, -1, np.int32)
    fill(frame, codes, pairs[:, 0], lambda places: pairs[places, 1])
    return codes, [answer.word for answer in answers]


def scored(frame: Frame, which: str, user: Person) -> np.ndarray:
    """(n,) float32 probabilities, NaN outside of the sweep's scope."""
    sweep = sweep_of(frame.dataset, which, user)
    values = np.full(frame.count, np.nan, np.float32)
    for part in scores.ready(sweep):
        one = scores.opened(part)
        fill(frame, values, np.asarray(one.keys), lambda places, one=one: one.values[places])  # type: ignore[misc]
    values[frame.rows_of(found.blind(sweep.campaign))] = np.nan
    return values


def uncertain(frame: Frame, which: str, user: Person) -> np.ndarray:
    """(n,) float32: 1 where the classifier cannot decide, 0 where it is sure."""
    values: np.ndarray = 1 - np.abs(2 * scored(frame, which, user) - 1)
    return values


def fill(frame: Frame, into: np.ndarray, keys: np.ndarray, told: Callable[[np.ndarray], np.ndarray]) -> None:
    """keys: ascending.  told: of places among them what each is."""
    rows = frame.rows_of(keys)
    into[rows] = told(np.searchsorted(keys, frame.keys[rows]))


def sweep_of(dataset: Dataset, which: str, user: Person) -> Sweep:
    first, _, second = which.partition("/")
    campaign = campaign_of(dataset, number(first), user)
    sweep = campaign.sweeps.filter(number=number(second)).first()
    if sweep is None or sweep.status in UNFINISHED:
        raise BadQuery(f"Campaign {campaign.pk} has no finished sweep {second[:20]}: choose another column.")
    sweep.campaign = campaign
    return sweep


def number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadQuery(f"{text[:20]!r} is not the number of a campaign or sweep: choose a column of the list.")
    return int(text)
