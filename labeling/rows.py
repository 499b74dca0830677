"""Many rows changed, each to values of its own, by one prepared statement.

Django's bulk_update writes a CASE of all rows for each field: building and planning it took most of the time of a
batch of votes (docs/decisions/017).
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connections, models, router


def update_rows(rows: Collection[models.Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model as they are now; as with bulk_update, no save() is called."""
    if not rows:
        return
    model = type(next(iter(rows)))
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    key: Any = model._meta.pk
    quoted = connection.ops.quote_name
    changes = ", ".join(f"{quoted(field.column)} = %s" for field in fields)
    sql = f"UPDATE {quoted(model._meta.db_table)} SET {changes} WHERE {quoted(key.column)} = %s"  # noqa: S608 (names of ours)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in (*fields, key)] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)
