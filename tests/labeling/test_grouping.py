"""Group commit: many votes become few transactions, and nobody pays for another's."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from django.db import OperationalError

from labeling.grouping import Grouped, groups
from labeling.recording import Outcome, Said

BAD = 13  # a person whose votes the database refuses


class Book:
    """Stands for the database: what it was asked to write together."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def record(self, batch: Sequence[Said]) -> list[Outcome]:
        self.batches.append(len(batch))
        await asyncio.sleep(0.01)
        if any(said.person_id == BAD for said in batch):
            raise OperationalError("refused")
        return [Outcome(said.id) for said in batch]


def recording_in(book: Book) -> Grouped[Said, Outcome]:
    return Grouped(book.record, pause=0.01)


def says(person: int = 1) -> Said:
    return Said(uuid4(), person, 1)


async def test_many_votes_become_few_transactions() -> None:
    book = Book()
    ours, votes = recording_in(book), [says(20 + i) for i in range(100)]
    outcomes = await asyncio.gather(*map(ours.put, votes))
    assert [outcome.id for outcome in outcomes] == [said.id for said in votes]
    assert book.batches == [100]


async def test_what_comes_during_a_write_is_in_the_next() -> None:
    book = Book()
    ours = recording_in(book)
    first = asyncio.create_task(ours.put(says()))
    while not book.batches:
        await asyncio.sleep(0.001)
    await asyncio.gather(first, ours.put(says()), ours.put(says()))
    assert book.batches == [1, 2]


async def test_one_bad_vote_harms_nobody() -> None:
    ours = recording_in(Book())
    done = await asyncio.gather(*(ours.put(says(who)) for who in (1, BAD, 2)), return_exceptions=True)
    assert [type(one) for one in done] == [Outcome, OperationalError, Outcome]


async def test_after_an_error_votes_are_taken_again() -> None:
    ours = recording_in(Book())
    with pytest.raises(OperationalError):
        await ours.put(says(BAD))
    assert (await ours.put(says())).ok


async def test_whoever_has_gone_harms_nobody() -> None:
    ours = recording_in(Book())
    gone, here = (asyncio.create_task(ours.put(says())) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await here).ok
    assert gone.cancelled()


async def test_an_event_loop_has_one_of_each() -> None:
    assert groups() is groups()
