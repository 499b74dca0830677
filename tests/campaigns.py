"""Factories of what labelling is about."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from labeling.models import Answer, Campaign, Card, Person, ShareLink
from labeling.people import join
from labeling.recording import Outcome, Said, record
from search.models import Dataset
from tests.factories import make_map

ANSWERS = [("yes", "Yes"), ("no", "No"), ("unsure", "Not sure"), ("bad", "Bad imagery")]


def make_campaign(dataset: Dataset | None = None, keys: int | Sequence[int] = 10, **fields: Any) -> Campaign:
    """`keys`: how many cards (of made-up tiles), or the tiles' keys."""
    fields = {"question": "Is there an island?", "votes_wanted": 3, "votes_most": 7} | fields
    campaign = Campaign.objects.create(dataset=dataset or make_map(), **fields)
    for position, (code, word) in enumerate(ANSWERS):
        Answer.objects.create(campaign=campaign, code=code, word=word, position=position)
    wanted = range(1, keys + 1) if isinstance(keys, int) else keys
    Card.objects.bulk_create(
        [Card(campaign=campaign, key=key, position=i, target=campaign.votes_wanted) for i, key in enumerate(wanted)]
    )
    return campaign


def make_link(campaign: Campaign, **fields: Any) -> tuple[ShareLink, str]:
    return ShareLink.make(campaign, **fields)


def make_person(link: ShareLink, nickname: str = "Ada") -> Person:
    return join(link, nickname)[0]


def make_people(campaign: Campaign, number: int) -> list[Person]:
    link, _ = make_link(campaign)
    return [make_person(link, f"Person {i}") for i in range(number)]


def said(person: Person, card: Card, answer: str = "yes", **fields: Any) -> Said:
    return Said(
        **(
            {
                "id": uuid4(),
                "person_id": person.pk,
                "campaign_id": person.campaign_id,
                "card_id": card.pk,
                "answer": answer,
            }
            | fields
        )
    )


def vote(person: Person, card: Card, answer: str = "yes", **fields: Any) -> Outcome:
    return record([said(person, card, answer, **fields)])[0]
