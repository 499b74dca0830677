"""What phones and the site say to each other over /ws/label/<token>/: JSON objects in text frames, each with a `type`.

A phone says
    vote  {id, card, answer, took?, at?}   id: a UUID made by the phone; took: milliseconds; at: ISO time
    undo  {id, vote, at?}                  takes one of its own votes back
    more  {count, have}                    so many cards it wants to hold, and the ids of those that it holds
    ping  {}                               it is still there: every 25 s
and may say a vote or an undo again until it is acknowledged; the same id is stored once.

The site says
    hello     {me: {nickname, votes}, team, state}            first
    cards     {cards: [{id, image, date?, place?, map?, around?, other?}]}   in answer to `more`; none: nothing to do
    ack       {id, card, mine, settled, gold, right}          stored; gold: whether right, where its answer is known
    refused   {id?, code, message}                            not stored, and will not be
    drop      {cards}                                         these need no answer any more
    more      {}                                              there are new cards: ask
    progress  {team}                                          now and then: {votes, people, tiles, settled, leaders}
    state     {state}                                         open, paused, closed, excluded

It closes with one of the codes below, or 1013 when the database cannot be reached: come again, nothing is lost.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from labeling.errors import BadMessage

NO_SUCH_LINK = 4404  # unknown, revoked, expired: nobody can tell which
NOT_JOINED = 4401  # load the page again and join
FLOOD = 4408
ABUSE = 4400  # too many frames that are none of the above
TOO_LARGE = 1009
TRY_AGAIN = 1013

MOST_BYTES = 16_384  # of one frame
MOST_HELD = 40


@dataclass(frozen=True)
class Vote:
    id: UUID
    card: int
    answer: str
    took: int | None
    at: datetime | None


@dataclass(frozen=True)
class Undo:
    id: UUID
    vote: UUID


@dataclass(frozen=True)
class More:
    count: int
    have: frozenset[int]


@dataclass(frozen=True)
class Ping:
    pass


Message = Vote | Undo | More | Ping


def read(text: str) -> Message:
    """BadMessage for whatever is not a phone's message."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("This is not JSON. Load the page again.") from error
    kind = said.get("type") if isinstance(said, dict) else None
    if not isinstance(kind, str) or kind not in READERS:
        raise BadMessage("This is none of the messages that a phone sends. Load the page again.")
    return READERS[kind](said)


def vote(said: dict[str, Any]) -> Vote:
    answer = said.get("answer")
    if not isinstance(answer, str) or len(answer) > 30:
        raise BadMessage("A vote says which answer it gives.")
    took = said.get("took")
    if took is not None and not is_whole(took):
        raise BadMessage("A vote says in whole milliseconds how long it took.")
    return Vote(uuid_of(said, "id"), whole(said, "card"), answer, took, time_of(said.get("at")))


def undo(said: dict[str, Any]) -> Undo:
    return Undo(uuid_of(said, "id"), uuid_of(said, "vote"))


def more(said: dict[str, Any]) -> More:
    have = said.get("have", [])
    if not isinstance(have, list) or len(have) > 1000 or not all(is_whole(card) for card in have):
        raise BadMessage("The cards that a phone holds are a list of their ids.")
    return More(min(whole(said, "count"), MOST_HELD), frozenset(have))


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def whole(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    if not is_whole(value):
        raise BadMessage(f"{name} is not a whole number.")
    return int(value)  # type: ignore[arg-type]


def uuid_of(said: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(said.get(name))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadMessage(f"{name} is not a UUID.") from error


def time_of(value: object) -> datetime | None:
    """By the phone's clock; None for what says no time zone, or no time: a clock that is wrong costs no vote."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo else None


READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "vote": vote,
    "undo": undo,
    "more": more,
    "ping": lambda said: Ping(),
}
