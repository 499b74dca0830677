"""How a campaign learns: its settings, and what it may look at."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from labeling import live
from labeling.campaigns import answer_named, check_area, first_of
from labeling.errors import BadCampaign
from labeling.models import Campaign, Learner
from labeling.rounds.triggers import consider
from ml.active.settings import MIX
from search import filters, keys, similarity
from search.filters import Filter
from search.query import Query

PLAIN = ("on", "every", "batch", "head", "pool", "neighbours", "sources")
SOURCES = ("parent", "children")
MOVING = ("labels", "scores")


def change(campaign: Campaign, given: Mapping[str, Any]) -> Learner:
    """Whatever of its settings is given; turned on with an example at hand, its first round begins.

    BadCampaign, UnknownAnswer, NotIndexed and BadQuery for what cannot be.
    """
    with transaction.atomic():
        Learner.of(campaign)
        learner = Learner.objects.select_for_update().get(campaign=campaign)
        learner.campaign = campaign
        for name in PLAIN:
            if name in given:
                setattr(learner, name, given[name])
        change_answers(learner, given)
        if "mix" in given:
            learner.mix = mix_of({**learner.mix, **given["mix"]})
        if "scope" in given:
            learner.scope = scope_of(campaign, given["scope"])
        check(learner)
        learner.save()
        transaction.on_commit(lambda: live.learning_changed(campaign.pk))
    consider(learner)
    return learner


def check(learner: Learner) -> None:
    try:
        learner.full_clean(exclude=["campaign", "positive", "negative", "scope", "mix", "sources", "examples"])
    except ValidationError as error:
        raise BadCampaign(first_of(error)) from error
    unknown = [name for name in learner.sources if name not in SOURCES]
    if unknown:
        raise BadCampaign(f"{str(unknown[0])[:40]!r} describes no tile: choose of {', '.join(SOURCES)}.")
    if learner.on:
        similarity.chosen_shards(learner.campaign.dataset, query_of(learner))


def change_answers(learner: Learner, given: Mapping[str, Any]) -> None:
    for name in ("positive", "negative"):
        if name in given:
            setattr(learner, name, [answer_named(learner.campaign, code).code for code in dict.fromkeys(given[name])])
    if not learner.positive or not learner.negative:
        raise BadCampaign("Choose at least one answer that means yes, and one that means no.")
    both = set(learner.positive) & set(learner.negative)
    if both:
        raise BadCampaign(f"The answer {min(both)!r} cannot mean yes and no: leave it out of one of them.")


def mix_of(given: Mapping[str, float]) -> dict[str, float]:
    """Shares of what a batch is made of, as they are given: only their proportions count."""
    mix = {name: float(given.get(name, 0.0)) for name in MIX}
    if any(not 0 <= share <= 1000 for share in mix.values()) or not sum(mix.values()):
        raise BadCampaign(f"Give each of {', '.join(MIX)} a share of 0 or more, and one of them more than 0.")
    return mix


def scope_of(campaign: Campaign, given: Mapping[str, Any]) -> dict[str, Any]:
    """As it is stored, the JSON of a filter (search/filters): dates as they are written, without what is not bounded.

    Labels and scores are refused: they follow from what is learnt, and an archive that grows and shrinks with its own
    answers can neither be sampled at random nor be said to be searched through.
    """
    scope = {name: value for name, value in given.items() if value not in (None, [], "", {})}
    moving = [name for name in MOVING if name in scope]
    if moving:
        raise BadCampaign(
            f"Learning cannot be bounded by {' and '.join(moving)}: they change with what is learnt. Make a collection "
            "of those tiles, and bound it by that."
        )
    known = set(campaign.dataset.products.values_list("name", flat=True))
    for name in scope.get("products", []):
        if name not in known:
            raise BadCampaign(f"{campaign.dataset.name} has no product {name!r}. It has: {', '.join(sorted(known))}.")
    for level in scope.get("levels", []):
        if level not in campaign.dataset.levels():
            raise BadCampaign(f"{campaign.dataset.name} has no tiles of level {level} to learn from.")
    for name in ("from", "to"):
        if isinstance(scope.get(name), date):
            scope[name] = scope[name].isoformat()
    if scope.get("bbox"):
        check_area(tuple(scope["bbox"]))
    if scope.get("from", "") > scope.get("to", "9999"):
        raise BadCampaign(f"The dates run backwards: from {scope['from']} to {scope['to']}.")
    filters.compiled(campaign.dataset, filters.read(scope), None)
    return scope


def levels_of(learner: Learner) -> list[int]:
    """Those of its scope, else those of the campaign's tiles; [] for all."""
    if learner.scope.get("levels"):
        return list(learner.scope["levels"])
    if learner.campaign.dataset.kind == learner.campaign.dataset.Kind.GALLERY:
        return []
    level = F("key").bitrightshift(keys.SHIFTS["level"]).bitand(keys.LIMITS["level"] - 1)
    cards = learner.campaign.cards.order_by().annotate(level=level).values_list("level", flat=True).distinct()
    return sorted({*cards, *(keys.unpack(key).level for key in learner.examples)})


def query_of(learner: Learner) -> Query:
    """Which shards and which tiles of them the campaign looks at, as a search would say it."""
    bounds = filters.read({**learner.scope, "levels": levels_of(learner)})
    return Query(**{one.name: getattr(bounds, one.name) for one in fields(Filter)})
