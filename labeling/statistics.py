"""What PostgreSQL knows of labelling's tables.

It chooses how to look for rows by counts that it renews by itself once a minute at most. A campaign fills its tables in
seconds: until then every batch of votes would read all votes, every phone's question sort all cards.
"""

from django.db import connection

TABLES = ("labeling_card", "labeling_vote", "labeling_lease", "labeling_person")
GROWN = """
    SELECT relname FROM pg_stat_user_tables
    WHERE relname = ANY(%s) AND n_mod_since_analyze > 200 AND n_mod_since_analyze > n_live_tup / 3
"""


def renew(tables: tuple[str, ...] = ("labeling_card",)) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")


def renew_grown() -> list[str]:
    """Of the tables that have changed much since; which those were."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(GROWN, [list(TABLES)])
        grown = [name for (name,) in cursor.fetchall()]
    renew(tuple(grown))
    return grown
