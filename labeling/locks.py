"""Who waits for whom in a campaign, on PostgreSQL; SQLite has one writer at a time anyhow (BEGIN IMMEDIATE).

Votes and dealing go on side by side: they hold the campaign together and then lock the rows of their cards, always in
the order of their ids and all at once, so that no two ever wait for each other; people's rows come after the cards',
in order too. What touches all cards, or the settings by which votes become labels, holds the campaign alone. Advisory
locks (PostgreSQL's documentation, 13.3.5) queue fairly, which locks on the campaign's row do not when they are shared;
they end with the transaction.
"""

from collections.abc import Collection

from django.db import connection

CAMPAIGN, DEALING = 1 << 40, 2 << 40  # what a lock's number begins with; the campaign's id follows


def alone(campaign: int) -> None:
    take("SELECT pg_advisory_xact_lock(%s)", [[CAMPAIGN + campaign]])


def together(campaigns: Collection[int]) -> None:
    take("SELECT pg_advisory_xact_lock_shared(%s)", [[CAMPAIGN + number] for number in sorted(campaigns)])


def dealing(campaign: int) -> None:
    """With votes, and one after the other with whoever else deals."""
    both = [CAMPAIGN + campaign, DEALING + campaign]
    take("SELECT pg_advisory_xact_lock_shared(%s), pg_advisory_xact_lock(%s)", [both])


def take(sql: str, keys: list[list[int]]) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(sql, key)
