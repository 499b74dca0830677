"""Datasets made and changed by people: what they may choose, and what follows from it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from ml.encoders import DEFAULT, builtin
from search import encoders, grid, modelstore
from search.errors import BadQuery
from search.models import Dataset, Encoder

CHANGEABLE = ("name", "description", "credit", "is_public")
WORDS = {  # of the encoders that come with Lookalike, for people who choose one
    "mobilenet-colour": "shapes and colours (recommended)",
    "earth-colour": "shapes and colours, learnt from the Earth at 5 km a pixel",
    "mobilenet": "shapes, by a network trained on photographs",
    "colour": "colours only: the fastest, for a first look",
}
RESERVED = {"new", "models"}  # /datasets/new/ is the form, /datasets/models/ the encoders
SIZES = range(3, 11)  # levels that a form offers; the API takes any that the grid has


def create(owner: User, chosen: Mapping[str, Any]) -> Dataset:
    """An empty dataset of a person's. BadQuery when the short name is taken or a level is not on the grid."""
    values = dict(chosen)
    slug = values.pop("slug", "") or short_name(values["name"])
    pyramid = grid.GRIDS[values.get("tms", grid.GEOGRAPHIC.id)]
    for level in values.get("levels_wanted", []):
        if not 0 <= level <= pyramid.deepest:
            raise BadQuery(f"{pyramid.title} has no level {level}: choose from 0 to {pyramid.deepest}.")
    if slug in RESERVED or Dataset.objects.filter(slug=slug).exists():
        raise BadQuery(taken(slug))
    encoder = encoder_named(values.pop("encoder", DEFAULT))
    try:
        with transaction.atomic():
            number = Dataset.next_number()
            return Dataset.objects.create(number=number, slug=slug, owner=owner, encoder=encoder, **values)
    except IntegrityError as error:
        raise BadQuery(taken(slug)) from error


def taken(slug: str) -> str:
    return f"There is a dataset with the short name {slug} already, perhaps one that you may not see. Choose another."


def short_name(name: str) -> str:
    """As addresses write it; BadQuery for a name without a single letter or digit."""
    slug = slugify(name)[:60].strip("-")
    if not slug:
        raise BadQuery("Give the dataset a short name of letters, digits and hyphens: its name has none.")
    return slug


def encoder_named(name: str) -> Encoder:
    """Of the model store, or one registered here, by name or fingerprint."""
    try:
        return encoders.named(name)
    except BadQuery as error:
        if "bands" in str(error):
            raise
        offered = ", ".join(name for name, _ in encoder_choices())
        raise BadQuery(f"There is no encoder {name!r} on this site: use {offered}.") from error


def encoder_choices() -> list[tuple[str, str]]:
    """(name, what it looks at), the recommended one first, then the model store's own, then folders elsewhere."""
    ours = sorted(builtin(), key=lambda name: (name != DEFAULT, name not in WORDS, name))
    stored = modelstore.offered()
    known = {*ours, *(one.name for one in stored)}
    rows = Encoder.objects.exclude(folder__in=["", *encoders.MODELLESS]).exclude(folder__startswith=modelstore.FOLDER)
    brought = rows.exclude(name__in=known).order_by("name").values_list("name", flat=True).distinct()
    return [
        *((name, WORDS.get(name, "")) for name in ours),
        *((one.name, modelstore.in_words(one)) for one in stored),
        *((name, "brought to this site") for name in brought),
    ]


def size_choices(pyramid: grid.Grid) -> list[tuple[int, int]]:
    """(level, kilometres across a tile), the largest first."""
    return [(level, pyramid.kilometres(level)) for level in SIZES if level <= pyramid.deepest]


def change(dataset: Dataset, chosen: Mapping[str, Any]) -> Dataset:
    """Rename, describe, open or close it, choose its members. BadQuery when a member is nobody here."""
    people = members_named(chosen["members"]) if "members" in chosen else None
    for name in CHANGEABLE:
        if name in chosen:
            setattr(dataset, name, chosen[name])
    with transaction.atomic():
        dataset.save(update_fields=CHANGEABLE)
        if people is not None:
            dataset.members.set(people)
    return dataset


def members_named(names: list[str]) -> list[User]:
    found = {user.username: user for user in User.objects.filter(username__in=names)}
    missing = [name for name in names if name not in found]
    if missing:
        raise BadQuery(f"Nobody here is called {', '.join(missing)}: write user names, as people sign in with.")
    return list(found.values())
