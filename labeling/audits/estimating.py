"""What the labels of an audit say of all tiles that nobody looked at (ml.audit)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.audits.drawing import above, positives
from labeling.errors import NoSuchSweep
from labeling.models import Audit, Learner
from labeling.sweeps import scores
from ml.audit import METHOD, Estimate, Stratum, advise, estimate, share

ALSO = (
    " Tiles that were labelled before are counted, not estimated; what has been found since below the threshold is"
    " taken off what is missing. Answers that are neither yes nor no say nothing: such tiles count as not audited"
    " within their band. Tiles of places that were labelled before are strata of their own."
)


@dataclass(frozen=True)
class Answers:
    """Of the audit's tiles, (n,) each.  settled: nothing more is asked; usable: the answer means yes or no."""

    scores: np.ndarray
    strata: np.ndarray
    settled: np.ndarray
    usable: np.ndarray
    positive: np.ndarray


def answers(audit: Audit) -> Answers:
    learner = Learner.of(audit.sweep.campaign)
    yes, no = set(learner.positive), set(learner.negative)
    rows = list(audit.tiles.order_by("position").values_list("score", "stratum", "card__settled", "card__label__code"))
    codes = [code if settled else None for _, _, settled, code in rows]
    return Answers(
        np.array([row[0] for row in rows], np.float64), np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], bool), np.array([code in yes | no for code in codes], bool),
        np.array([code in yes for code in codes], bool),
    )  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Of the tiles that were not drawn.  keys, scores, positive: (m,) of those with a label; seen: (k,) scores,
    ascending, of the unlabelled ones whose places were labelled before."""

    keys: np.ndarray
    scores: np.ndarray
    positive: np.ndarray
    seen: np.ndarray


def known(audit: Audit) -> Known:
    try:
        with np.load(audit.known_path, allow_pickle=False) as file:
            return Known(*(file[name] for name in ("keys", "scores", "positive", "seen")))
    except FileNotFoundError as error:
        raise NoSuchSweep("The files of this audit are gone: start a new sweep, and draw another one.") from error


def describe(audit: Audit, threshold: float | None = None) -> dict[str, Any]:
    """In numbers and words, for the collection of all positives that are known and all tiles from the threshold on."""
    if threshold is None:
        threshold = 0.5 if audit.sweep.threshold is None else audit.sweep.threshold
    said = answers(audit)
    there = known(audit)
    strata = strata_of(audit, said, there, threshold)
    told = {
        "status": "complete" if said.settled.all() else "labelling", "who": audit.who, "tiles": len(said.settled),
        "labelled": int(said.settled.sum()), "unsure": int((said.settled & ~said.usable).sum()),
        "threshold": threshold, "method": METHOD + ALSO, "made_at": audit.made_at,
        "bands": [band(stratum, about["seen"]) for stratum, about in zip(strata, audit.strata, strict=True)],
    }  # fmt: skip
    if not said.usable.any():
        return {**told, **dict.fromkeys(("total", "precision", "recall", "missing", "unseen")), "advice": NOTHING_YET}
    found = with_later(
        estimate(strata, threshold=threshold, known=int(there.positive.sum())), later(audit, there, threshold)
    )
    return {
        **told, "total": list(found.total), "precision": list(found.precision), "recall": list(found.recall),
        "missing": list(found.missing), "unseen": unseen(strata, audit.strata, said, threshold),
        "advice": advice(strata, found, complete=bool(said.settled.all())),
    }  # fmt: skip


def later(audit: Audit, there: Known, threshold: float) -> int:
    """Positives below the threshold that have got their label since the draw, those of the audit left out."""
    now = np.setdiff1d(positives(audit.sweep), there.keys, assume_unique=True)
    fresh = np.setdiff1d(now, np.fromiter(audit.tiles.values_list("key", flat=True), np.int64), assume_unique=True)
    found = 0
    for part in scores.ready(audit.sweep):
        one = scores.opened(part)
        rows = one.rows_of(fresh)
        found += int((one.values[np.intersect1d(rows, one.order)] < threshold).sum())
    return found


def with_later(found: Estimate, more: int) -> Estimate:
    """What was found since is not missing any more; how many there are in all was estimated for all of them.

    The ends of recall take the ends of the total that lead to less, and more.
    """
    if not more:
        return found
    recall, missing, total = found.recall, found.missing, found.total

    def grown(share: float, whole: float) -> float:
        return min(1.0, share + more / max(whole, 1.0))

    def left(side: float) -> float:
        return max(0.0, side - more)

    return found._replace(
        recall=(grown(recall[0], total[0]), grown(recall[1], total[2]), grown(recall[2], total[1])),
        missing=(left(missing[0]), left(missing[1]), left(missing[2])),
    )


NOTHING_YET = {"code": "label", "text": "Label the tiles of the audit first: they say how many are still missing."}


def band(stratum: Stratum, seen: bool) -> dict[str, Any]:
    return {
        "low": stratum.low, "high": stratum.high, "seen": seen, "tiles": stratum.tiles, "audited": stratum.audited,
        "positives": stratum.positives,
    }  # fmt: skip


def strata_of(audit: Audit, said: Answers, there: Known, threshold: float) -> list[Stratum]:
    """As ml.audit takes them; which of their tiles lie above the threshold is counted, not estimated."""
    seen_above = int(len(there.seen) - np.searchsorted(there.seen, threshold))
    labelled_above = int((there.scores >= threshold).sum())
    unseen_above = above(audit.sweep, threshold) - labelled_above - seen_above
    left = {False: unseen_above, True: seen_above}
    found = []
    for number, about in reversed(list(enumerate(audit.strata))):  # the highest of each kind first
        up = min(left[about["seen"]], about["tiles"]) if about["high"] > threshold else 0
        left[about["seen"]] -= up
        mine = said.usable & (said.strata == number)
        over = mine & (said.scores >= threshold)
        found.append(
            Stratum(
                about["tiles"], int(mine.sum()), int((mine & said.positive).sum()), about["low"], about["high"],
                about["expected"], (up, int(over.sum()), int((over & said.positive).sum())),
            )
        )  # fmt: skip
    return found[::-1]


def unseen(
    strata: Sequence[Stratum], about: Sequence[dict[str, Any]], said: Answers, threshold: float
) -> dict[str, Any] | None:
    """Precision and recall of the classifier alone, from the threshold on, where no labelled tile shows the ground."""
    mine = [stratum for stratum, one in zip(strata, about, strict=True) if not one["seen"]]
    over, under = ([side(stratum, up=up) for stratum in mine] for up in (True, False))
    if not any(stratum.audited for stratum in over) or not any(stratum.audited for stratum in under):
        return None
    hits, missed = (estimate(some, threshold=0.0).total for some in (over, under))
    tiles = sum(stratum.tiles for stratum in over)
    return {
        "precision": [value / max(tiles, 1) for value in hits], "recall": list(share(hits, missed, nothing=1.0)),
        "tiles": sum(stratum.audited for stratum in mine),
    }  # fmt: skip


def side(stratum: Stratum, *, up: bool) -> Stratum:
    """The tiles above, or below, the threshold as a stratum of their own."""
    tiles, audited, positives = stratum.above or (0, 0, 0)
    if not up:
        tiles, audited = stratum.tiles - tiles, stratum.audited - audited
        positives = stratum.positives - positives
    return Stratum(tiles, audited, positives, stratum.low, stratum.high, stratum.expected)


def advice(strata: Sequence[Stratum], found: Estimate, *, complete: bool) -> dict[str, str]:
    """Whether to stop, in words."""
    said = advise(strata, found)
    recall = f"About {percent(found.recall[0])} are found ({percent(found.recall[1])} to {percent(found.recall[2])})"
    missing = f"{found.missing[0]:,.0f} may be missing ({found.missing[1]:,.0f} to {found.missing[2]:,.0f})"
    next_ = NEXT[said.code]
    cost = (
        f" Below the threshold, one in about {said.labels_per_find[0]:,.0f} tiles is a further find."
        if said.labels_per_find
        else " The audit found none below the threshold."
    )
    begun = "" if complete else "So far, with part of the audit labelled: "
    return {"code": said.code.replace(" ", "-"), "text": f"{begun}{recall}; {missing}. {next_}{cost}"}


NEXT = {
    "enough": "You can stop.",
    "audit more": "It may be enough, but the audit is too small to be sure: audit more tiles.",
    "go on": "It is worth going on: review the tiles below the threshold, or let another round learn.",
}


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"
