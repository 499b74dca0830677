"""Tiles that an address hands over to the form of a new campaign: a collection, or all that a filter keeps."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.contrib.auth.models import AnonymousUser, User

from labeling.campaigns import kept
from search import collecting, filters
from search.describing import Describer
from search.errors import BadQuery, NoSuchCollection, SearchError
from search.models import Collection, Dataset
from search.similarity import Hit

SHOWN = 8  # pictures


def handed(user: User | AnonymousUser, asked: Mapping[str, str]) -> dict[str, Any]:
    """`handed`: {dataset, tiles as the API takes them, words, count, pictures}, or `problem`: why there is nothing."""
    try:
        if asked.get("collection"):
            return {"handed": from_collection(user, asked["collection"])}
        if asked.get("filter"):
            return {"handed": from_filter(Dataset.visible(user, asked.get("dataset", "")), asked["filter"], user)}
    except SearchError as error:
        return {"problem": str(error)}
    return {}


def from_collection(user: User | AnonymousUser, number: str) -> dict[str, Any]:
    visible = Dataset.objects.visible_to(user)
    mine = Collection.objects.filter(dataset__in=visible).select_related("dataset__encoder")
    found = mine.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None
    if found is None:
        raise NoSuchCollection(f"There is no collection {number[:20]} that you may see: it may have been deleted.")
    words = f"collection {found.name}"
    return described(found.dataset, {"collection": found.pk}, words, [collecting.keys_of(found)])


def from_filter(dataset: Dataset, text: str, user: User | AnonymousUser) -> dict[str, Any]:
    try:
        asked = filters.read(json.loads(text))
    except json.JSONDecodeError as error:
        raise BadQuery("The filter in the address is cut short: go back, and press the button again.") from error
    return described(dataset, {"filter": filters.as_json(asked)}, "your filter", kept(dataset, asked, user))


def described(dataset: Dataset, tiles: dict[str, Any], words: str, found: Sequence[np.ndarray]) -> dict[str, Any]:
    """found: keys.  BadQuery when there are none."""
    count = sum(map(len, found))
    if not count:
        raise BadQuery(f"There is no tile to label in {words}: loosen the filter, or choose others.")
    shown = np.concatenate([some[:SHOWN] for some in found])[:SHOWN].tolist()
    results = Describer(dataset).results(Hit(key, 0.0) for key in shown)
    pictures = [result["tile"]["thumbnail"] for result in results]  # type: ignore[index]
    return {
        "dataset": dataset.slug, "tiles": tiles, "words": words, "count": count, "pictures": pictures
    }  # fmt: skip
