from labeling.models.campaigns import Answer, Campaign, Example
from labeling.models.cards import Card, Decision, Lease
from labeling.models.people import Person, ShareLink
from labeling.models.rounds import Chosen, Learner, Round
from labeling.models.sweeps import Audit, AuditTile, Sweep, SweepPart
from labeling.models.votes import Vote

__all__ = [
    "Answer",
    "Audit",
    "AuditTile",
    "Campaign",
    "Card",
    "Chosen",
    "Decision",
    "Example",
    "Learner",
    "Lease",
    "Person",
    "Round",
    "ShareLink",
    "Sweep",
    "SweepPart",
    "Vote",
]
