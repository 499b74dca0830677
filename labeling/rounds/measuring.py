"""How good a round's classifier is, with 95 % intervals, and what that was measured on.

On an audit's tiles where one is complete: drawn at random, labelled blind, and neither they nor anything that shows
their ground has trained the classifier. Else by cross-validation on the labels, which rounds chose and not chance.
"""

from typing import Any, NamedTuple

import numpy as np

from labeling.models import Audit, Learner
from labeling.rounds.archive import SiteArchive
from labeling.rounds.labels import answers
from ml.audit import Interval, Stratum, estimate, share
from ml.classify import Classifier

SAID = ("f1", "precision", "recall", "average_precision", "measured_on", "tiles", "positives")
THRESHOLD = 0.5


class Audited(NamedTuple):
    """Of an audit's usable tiles (n,): keys, whether each is one, and its stratum.  tiles: (H,) of the population."""

    keys: np.ndarray
    positive: np.ndarray
    strata: np.ndarray
    tiles: list[int]


def measured(learner: Learner, classifier: Classifier, archive: SiteArchive) -> dict[str, Any]:
    validated = {name: classifier.metrics[name] for name in SAID if name in classifier.metrics}
    audit = newest_audit(learner)
    found = audited(learner, audit) if audit else None
    if audit is None or found is None or not archive.has(found.keys).all():
        return validated
    said = classifier.predict(archive.features(found.keys)) >= THRESHOLD
    words = (
        f"{len(found.keys):,} tiles drawn at random from the archive for the audit of sweep {audit.sweep.number}, "
        "weighted by how they were drawn; nothing that shows their ground trained it"
    )
    counts = {"measured_on": words, "tiles": len(found.keys), "positives": int(found.positive.sum())}
    return {**judged(found, said), **counts, "cross_validated": validated}


def newest_audit(learner: Learner) -> Audit | None:
    """The last one whose tiles all have their answers."""
    audits = Audit.objects.filter(sweep__campaign=learner.campaign_id).select_related("sweep").order_by("-made_at")
    return audits.exclude(tiles__card__settled=False).first()


def audited(learner: Learner, audit: Audit) -> Audited | None:
    """None when no tile of a stratum has an answer that means yes or no, or no tile at all is one."""
    yes, no = answers(learner)
    rows = list(
        audit.tiles.filter(card__label__in=yes | no).order_by("position").values_list("key", "card__label", "stratum")
    )
    tiles = [int(about["tiles"]) for about in audit.strata]
    strata = np.array([stratum for *_, stratum in rows], np.int64)
    positive = np.array([label in yes for _, label, _ in rows], bool)
    counts = np.bincount(strata, minlength=len(tiles))
    if not positive.any() or any(size and not count for size, count in zip(tiles, counts, strict=True)):
        return None
    return Audited(np.array([key for key, *_ in rows], np.int64), positive, strata, tiles)


def judged(found: Audited, said: np.ndarray) -> dict[str, list[float] | None]:
    """f1, precision and recall over the audit's population.

    How many tiles there are of each kind, rightly found, wrongly found and missed, is estimated as the audit's totals
    are (ml.audit.estimate); each end of a share takes the ends of its parts that move it furthest, so that it holds
    the truth with at least 95 %.
    """
    hits, false, missed = (
        total(found, mine) for mine in (found.positive & said, ~found.positive & said, found.positive & ~said)
    )
    return {
        "f1": rounded(hits, mean(false, missed)),
        "precision": rounded(hits, false) if said.any() else None,
        "recall": rounded(hits, missed),
    }


def total(found: Audited, mine: np.ndarray) -> Interval:
    """Of the population, how many tiles are of the kind that some of the audited (n,) are."""
    counts = (np.bincount(found.strata[some], minlength=len(found.tiles)) for some in (slice(None), mine))
    strata = [Stratum(size, int(n), int(x)) for size, n, x in zip(found.tiles, *counts, strict=True)]
    return estimate(strata, threshold=0.0).total


def mean(a: Interval, b: Interval) -> Interval:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2


def rounded(part: Interval, rest: Interval) -> list[float]:
    """part / (part + rest)."""
    return [round(value, 4) for value in share(part, rest, nothing=0.0)]
