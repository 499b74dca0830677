"""Campaigns made and changed: their questions and answers, the tiles that come into them, gold and examples.

Tiles come in from a list of keys, a search, a filter, a collection, an area of one scene at one level, or all pictures
of a gallery.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from labeling import live, nudging, settling, statistics
from labeling.errors import BadCampaign, NoSuchCard, UnknownAnswer
from labeling.models import Answer, Campaign, Card, Example, Learner
from labeling.settling import portions
from search import collecting, filters, keys, library, similarity
from search.filters import Filter, Person
from search.imagery.gallery import listed
from search.models import Collection, Dataset, Scene
from search.query import Query

MOST_CARDS = 100_000  # of one campaign
MOST_ANSWERS = 20
MANY = 1000  # new cards that change how a database looks for them
COLOURS = ("#0072b2", "#d55e00", "#7a7f85", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#8c6d1f")  # Okabe and Ito
ICONS = ("yes", "no", "unsure", "bad", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DEFAULT_ANSWERS: tuple[dict[str, str], ...] = (
    {"code": "yes", "word": "Yes", "icon": "yes", "colour": "#0072b2"},
    {"code": "no", "word": "No", "icon": "no", "colour": "#d55e00"},
    {"code": "unsure", "word": "Not sure", "icon": "unsure", "colour": "#7a7f85"},
    {"code": "bad", "word": "Bad imagery", "icon": "bad", "colour": "#cc79a7"},
)
CHANGEABLE = (
    "question", "explanation", "votes_wanted", "votes_most", "beyond_settled", "consensus", "show_date", "show_place",
    "show_map", "show_neighbours", "show_other_date", "leaderboard", "gold_feedback",
)  # fmt: skip
HEX = re.compile(r"#[0-9a-f]{6}")


def create(
    owner: User | None, dataset: Dataset, question: str, answers: Sequence[Mapping[str, str]] | None = None,
    **options: Any,
) -> Campaign:  # fmt: skip
    """answers: word, and code, icon, colour, top where they matter; by default yes, no, not sure, bad imagery."""
    campaign = checked(Campaign(dataset=dataset, owner=owner, question=question.strip(), **options))
    complete = answers_of(DEFAULT_ANSWERS if answers is None else answers)
    with transaction.atomic():
        campaign.save()
        for position, answer in enumerate(complete):
            Answer.objects.create(campaign=campaign, position=position, **answer)
    return campaign


def checked(campaign: Campaign) -> Campaign:
    campaign.votes_most = max(campaign.votes_most or 0, campaign.votes_wanted or 0)
    try:
        campaign.full_clean(exclude=["owner"])
    except ValidationError as error:
        raise BadCampaign(first_of(error)) from error
    return campaign


def first_of(error: ValidationError) -> str:
    name, problems = next(iter(error.message_dict.items()))
    return f"{name.replace('_', ' ').strip().capitalize()}: {problems[0]}"


def answers_of(given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """With codes, icons and colours for those that have none."""
    if not 2 <= len(given) <= MOST_ANSWERS:
        raise BadCampaign(f"A question needs 2 to {MOST_ANSWERS} answers to choose from; there are {len(given)}.")
    complete = [answer_of(answer, number) for number, answer in enumerate(given)]
    for name in ("code", "word"):
        seen = [answer[name].casefold() for answer in complete]
        twice = next((one for one in seen if seen.count(one) > 1), None)
        if twice is not None:
            raise BadCampaign(f"Two answers are called {twice!r}: give each a name of its own.")
    return complete


def answer_of(given: Mapping[str, str], number: int) -> dict[str, str]:
    word = " ".join(str(given.get("word", "")).split())
    code = str(given.get("code") or slugify(word)[:30].strip("-") or f"answer-{number + 1}")
    colour = str(given.get("colour") or COLOURS[number % len(COLOURS)]).lower()
    if not 1 <= len(word) <= 40:
        raise BadCampaign("Every answer needs a word of 1 to 40 characters for its button.")
    if not re.fullmatch(r"[a-z0-9_-]{1,30}", code):
        raise BadCampaign(f"{code[:40]!r} cannot be an answer's short name: use a to z, 0 to 9, - and _.")
    if not HEX.fullmatch(colour):
        raise BadCampaign(f"{colour[:20]!r} is not a colour: write it as #0072b2.")
    icon = str(given.get("icon") or ICONS[number % len(ICONS)])
    return {"code": code, "word": word, "icon": icon, "colour": colour, "top": str(given.get("top") or "")}


def answer_named(campaign: Campaign, code: str) -> Answer:
    found = campaign.answers.filter(code=code).first()
    if found is None:
        known = ", ".join(campaign.answers.values_list("code", flat=True))
        raise UnknownAnswer(f"{code[:40]!r} is not an answer of this campaign. Its answers: {known}.")
    return found


def add_keys(campaign: Campaign, wanted: Sequence[int], *, why: str = "", priority: int = 0) -> int:
    """How many cards are new: tiles that are in the campaign already are left as they are.

    NoSuchCard for keys that are no tiles of the campaign's dataset; BadCampaign for more than MOST_CARDS in all.
    """
    given = np.array(list(dict.fromkeys(wanted)), dtype=np.int64)
    if len(given):
        check_tiles(campaign.dataset, given)
    with transaction.atomic():
        locked = Campaign.locked(campaign.pk)
        fresh = unknown(locked, given)
        have = locked.cards.count()
        if have + len(fresh) > MOST_CARDS:
            raise BadCampaign(
                f"A campaign holds {MOST_CARDS:,} tiles at most. It has {have:,}, and {len(fresh):,} would be added: "
                "choose fewer, or make a second campaign."
            )
        first = (locked.cards.aggregate(last=Max("position"))["last"] or 0) + 1
        shared = {"campaign": locked, "why": why[:60], "priority": priority, "target": locked.votes_wanted}
        rows = [Card(key=key, position=first + i, **shared) for i, key in enumerate(fresh)]
        Card.objects.bulk_create(rows, batch_size=1000)
        if len(rows) > MANY:
            statistics.renew()
        if rows:
            transaction.on_commit(lambda: live.new_cards(campaign.pk))
            transaction.on_commit(lambda: live.changed([campaign.pk]))
    return len(rows)


def remember_examples(campaign: Campaign, examples: Sequence[int]) -> None:
    """Tiles that look like what is looked for; NoSuchCard for keys that are no tiles of the campaign's dataset."""
    check_tiles(campaign.dataset, np.array(examples, dtype=np.int64))
    Learner.of(campaign).remember(examples)


def unknown(campaign: Campaign, given: np.ndarray) -> list[int]:
    known: set[int] = set()
    for some in portions(given.tolist()):
        known.update(campaign.cards.filter(key__in=some).values_list("key", flat=True))
    return [key for key in given.tolist() if key not in known]


def check_tiles(dataset: Dataset, given: np.ndarray) -> None:
    """NoSuchCard unless all are tiles of the dataset."""
    bad = given[(given <= 0) | (keys.part_of_many(given, "dataset") != dataset.number)]
    if len(bad):
        raise NoSuchCard(f"{bad[0]} is not a tile of {dataset.name}.")
    scenes = {(s.product.number, s.day): s for s in Scene.objects.filter(product__dataset=dataset)
              .select_related("product__dataset")}  # fmt: skip
    of_scene = keys.part_of_many(given, "product") << 16 | keys.part_of_many(given, "day")
    for one in np.unique(of_scene):
        scene = scenes.get((int(one) >> 16, int(one) & 0xFFFF))
        mine = given[of_scene == one]
        if scene is None:
            raise NoSuchCard(f"{dataset.name} has no imagery of the product and date of tile {mine[0]}.")
        check_places(scene, mine)


def check_places(scene: Scene, given: np.ndarray) -> None:
    dataset = scene.product.dataset
    if dataset.kind == Dataset.Kind.GALLERY:
        have = set(listed(scene)["number"].to_pylist())
        missing = [key for key in given.tolist() if keys.unpack(key).number not in have]
        if missing:
            raise NoSuchCard(f"{dataset.name} has no picture {missing[0]}.")
        return
    for key in given.tolist():
        address = keys.unpack(key)
        dataset.grid.check(address.level, address.row, address.col, address.offset)


def add_search(campaign: Campaign, query: Query, user: Person = None, *, priority: int = 0) -> int:
    """The results of a search, the most alike first; BadCampaign when it finds nothing.  user: as of add_filtered."""
    hits = similarity.search(campaign.dataset, query, user).hits
    if not hits:
        raise BadCampaign("The search finds no tiles to label: loosen its filters.")
    if query.positives:
        Learner.of(campaign).remember(query.positives)
    return add_keys(campaign, [hit.key for hit in hits], why="search", priority=priority)


def add_area(
    campaign: Campaign, scene: Scene, level: int, area: tuple[float, float, float, float], *, priority: int = 0
) -> int:
    """All tiles of a level that the box touches.  area: west, south, east, north in degrees."""
    pyramid = campaign.dataset.grid
    pyramid.check_level(level)
    check_area(area)
    west, south, east, north = area
    parts = [area] if west < east else [(west, south, 180.0, north), (-180.0, south, east, north)]
    blocks = [pyramid.covering(pyramid.from_geographic(part), level) for part in parts]
    if sum(block.count for block in blocks) > MOST_CARDS:
        raise BadCampaign(f"That is more than {MOST_CARDS:,} tiles: choose larger tiles, or a smaller area.")
    found: list[int] = []
    for block in blocks:
        rows, cols = block.addresses()
        found += keys.pack_many(scene.address(level, 0, 0), rows, cols).tolist()
    return add_keys(campaign, found, why="area", priority=priority)


def add_filtered(campaign: Campaign, asked: Filter, user: Person, *, priority: int = 0) -> int:
    """All indexed tiles that a filter keeps, in the order of their keys; its learning looks at these from then on.

    user: whose campaigns the filter's labels and scores may be of.  BadCampaign when it keeps none, or too many.
    """
    found = kept(campaign.dataset, asked, user)
    if not found:
        raise BadCampaign("The filter keeps no tile to label: loosen it.")
    count = sum(map(len, found))
    check_room(count, "filter", "Narrow it, or select some of them in the studio and label that collection.")
    learner = Learner.of(campaign)
    if not learner.scope and not campaign.cards.exists() and not (asked.labels or asked.scores):
        learner.scope = filters.as_json(asked)
        learner.save(update_fields=["scope"])
    return add_keys(campaign, np.concatenate(found).tolist(), why="filter", priority=priority)


def kept(dataset: Dataset, asked: Filter, user: Person) -> list[np.ndarray]:
    """The keys that a filter keeps, shard by shard."""
    rows, found = filters.compiled(dataset, asked, user), []
    for columns in library.opened_all(rows.shards()):
        if columns is not None and columns.count:
            mask = rows.mask(columns)
            some = columns.keys if mask is None else columns.keys[mask]
            found += [some] if len(some) else []
    return found


def add_collection(campaign: Campaign, collection: Collection, *, priority: int = 0) -> int:
    """All tiles of a collection of the campaign's dataset. BadCampaign when it has none, or too many."""
    if collection.dataset_id != campaign.dataset_id:
        raise BadCampaign(f"{collection.name} is a collection of another dataset: choose one of {campaign.dataset}.")
    found = collecting.keys_of(collection)
    if not len(found):
        raise BadCampaign(f"The collection {collection.name} has no tile to label: add some to it first.")
    check_room(len(found), f"collection {collection.name}", "Select some of them in the studio, and label those.")
    return add_keys(campaign, found.tolist(), why=f"collection {collection.name}", priority=priority)


def check_room(count: int, what: str, advice: str) -> None:
    if count > MOST_CARDS:
        raise BadCampaign(f"The {what} has {count:,} tiles; a campaign holds {MOST_CARDS:,} at most. {advice}")


def check_area(area: tuple[float, float, float, float]) -> None:
    """west, south, east, north in degrees; west > east crosses the date line."""
    west, south, east, north = area
    if not (-180 <= west < 180 and -180 < east <= 180 and west != east and -90 <= south < north <= 90):
        raise BadCampaign("The area must be west, south, east, north in degrees, with south below north.")


def add_pictures(campaign: Campaign, *, priority: int = 0) -> int:
    """All pictures of a gallery, in the order in which they were imported."""
    if campaign.dataset.kind != Dataset.Kind.GALLERY:
        raise BadCampaign(f"{campaign.dataset.name} is a map: choose tiles of it by a search or an area.")
    found: list[int] = []
    for scene in Scene.objects.filter(product__dataset=campaign.dataset).select_related("product__dataset"):
        numbers = np.array(listed(scene)["number"].to_pylist(), dtype=np.int64)
        found += (
            keys.image_address(campaign.dataset.number, scene.product.number, scene.day, 0).pack() | numbers
        ).tolist()
    if not found:
        raise BadCampaign(f"{campaign.dataset.name} has no pictures yet: import some first.")
    return add_keys(campaign, found, why="all pictures", priority=priority)


def set_gold(campaign: Campaign, wanted: Sequence[int], code: str | None) -> int:
    """These tiles (keys) have a known answer: everyone gets some of them; None makes them plain tiles again."""
    answer = answer_named(campaign, code) if code else None
    add_keys(campaign, wanted, why="gold")
    with transaction.atomic():
        locked = Campaign.locked(campaign.pk)
        mine = list(locked.cards.filter(key__in=wanted).values_list("pk", flat=True))
        Card.objects.filter(pk__in=mine).update(gold=answer)
        settling.settle(locked, mine)
        transaction.on_commit(lambda: live.changed([campaign.pk]))
        transaction.on_commit(lambda: nudging.nudge([locked]))
    return len(mine)


def add_example(campaign: Campaign, key: int, code: str, caption: str = "") -> Example:
    """A tile that the tutorial shows, with what one should answer."""
    check_tiles(campaign.dataset, np.array([key], dtype=np.int64))
    place = campaign.examples.count()
    chosen = {"answer": answer_named(campaign, code), "caption": caption.strip()[:200]}
    return Example.objects.update_or_create(
        campaign=campaign, key=key, defaults=chosen, create_defaults={**chosen, "position": place}
    )[0]


def set_state(campaign: Campaign, state: str) -> Campaign:
    """open, paused (votes are taken, nothing is dealt) or closed."""
    if state not in Campaign.State.values:
        raise BadCampaign(f"{state[:20]!r} is not a state: choose open, paused or closed.")
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    campaign.state = state
    live.state_changed(campaign.pk)
    return campaign


def change(campaign: Campaign, chosen: Mapping[str, Any]) -> Campaign:
    """Of CHANGEABLE, whatever is given; labels are reckoned again when the votes wanted change."""
    with transaction.atomic():
        locked = Campaign.locked(campaign.pk)
        before = (locked.votes_wanted, locked.votes_most, locked.consensus)
        for name in CHANGEABLE:
            if name in chosen:
                setattr(locked, name, chosen[name])
        checked(locked).save(update_fields=CHANGEABLE)
        if before != (locked.votes_wanted, locked.votes_most, locked.consensus):
            settling.resettle(locked)
        transaction.on_commit(lambda: live.state_changed(campaign.pk))
    return locked
