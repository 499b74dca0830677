from labeling.models.campaigns import Answer, Campaign, Example
from labeling.models.cards import Card, Decision, Lease
from labeling.models.people import Person, ShareLink
from labeling.models.votes import Vote

__all__ = ["Answer", "Campaign", "Card", "Decision", "Example", "Lease", "Person", "ShareLink", "Vote"]
