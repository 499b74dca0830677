"""Whether to go on: what the last tiles that rounds asked about have brought."""

from dataclasses import dataclass

from labeling.models import Audit, Chosen, Learner, Round
from labeling.rounds.labels import NEEDED, Counts, answers
from labeling.rounds.measuring import newest_audit
from ml.classify.measures import share
from search.models import Status

STRETCH = 60  # tiles that are looked at, the last to be answered
FEW = 20  # below this many nothing is said about their yield
DRY = 40  # answered tiles without a find, after which one may stop


@dataclass(frozen=True)
class Yield:
    """Of the last tiles that rounds chose and people answered: how many, and how many were found to be one."""

    asked: int
    found: int
    dry: int  # the last of them without a find

    @property
    def per_hundred(self) -> list[float] | None:
        """Finds expected of the next hundred labels, with a 95 % interval (Jeffreys'); None while too few are known."""
        shares = share(self.found, self.asked) if self.asked >= FEW else None
        return [round(100 * value, 1) for value in shares] if shares else None


def recent(learner: Learner) -> Yield:
    """In the order in which rounds asked. Tiles drawn at random tell about the archive, not about what rounds find."""
    yes, no = answers(learner)
    answered = Chosen.objects.filter(round__campaign=learner.campaign_id, card__label__in=yes | no)
    labels = list(
        answered.exclude(why="random").order_by("-round__number", "-position").values_list("card__label", flat=True)
        [:STRETCH]
    )  # fmt: skip
    hits = [label in yes for label in labels]
    return Yield(len(hits), sum(hits), hits.index(True) if True in hits else len(hits))


def advise(learner: Learner, now: Counts, last: Round | None) -> dict[str, object]:
    """{"code", "text", …}: start, label, begin, wait, go_on, dry, exhausted.  As long as no round came after a sweep
    whose audit is complete, what that audit says: stop, go_on."""
    audit = newest_audit(learner)
    if audit is not None and last is not None and audit.sweep.round_id == last.pk:
        return by_audit(audit)
    return by_rounds(learner, now, last)


def by_audit(audit: Audit) -> dict[str, object]:
    from labeling.audits import estimating  # which knows places from here

    found = estimating.describe(audit)["advice"]
    return said("stop" if found["code"] == "enough" else "go_on", found["text"], sweep=audit.sweep.number)


def by_rounds(learner: Learner, now: Counts, last: Round | None) -> dict[str, object]:
    if not now.positive and last is None:
        return said("start", "Learning needs an example: label one tile as yes, or begin from a search.")
    if last is not None and last.status == Status.READY and not last.choices.exists():
        return said("exhausted", "Rounds find no more tiles to ask about: all that they may look at have labels.")
    if not now.enough:
        text = f"A classifier is trained from {NEEDED} yes and {NEEDED} no labels; there are {now.positive} and "
        return said("label", f"{text}{now.negative}.")
    if last is None:
        return said("begin", "There are enough labels to learn from: turn learning on, or begin a round.")
    lately = recent(learner)
    if lately.per_hundred is None:
        return said("wait", "Too few of the tiles that rounds chose have labels to say what more of them would bring.")
    expected = {"asked": lately.asked, "found": lately.found, "per_hundred": lately.per_hundred}
    if lately.dry >= DRY:
        return said("dry", f"The last {lately.dry} tiles brought none. Sweep the archive and audit it: that tells how "
                    "many are missing, and whether to stop.", **expected)  # fmt: skip
    value, low, high = lately.per_hundred
    return said("go_on", f"{lately.found} of the last {lately.asked} tiles were found to be one: expect {value:.0f} "
                f"({low:.0f} to {high:.0f}) of the next 100 labels.", **expected)  # fmt: skip


def said(code: str, text: str, **more: object) -> dict[str, object]:
    return {"code": code, "text": text, **more}
