"""What a dataset's page says of its tiles' columns: what is measured, what was imported, what people brought."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from ml.metrics import METRICS
from search import measuring, tables
from search.columns import IMPORT
from search.models import Dataset, Table

KINDS = {"number": "numbers", "text": "texts", "date": "dates"}


def told(dataset: Dataset, user: User | AnonymousUser) -> dict[str, Any]:
    """behind: finished shards that lack metrics; at_work: those that are being measured."""
    return {
        "metrics": METRICS, "behind": len(measuring.behind(dataset)), "at_work": measuring.at_work(dataset),
        "imported": [{"title": one.title, "kind": KINDS[one.kind]} for one in tables.columns_of(dataset)
                     if one.source == IMPORT],
        "tables": [row(table, user) for table in dataset.tables.select_related("owner", "dataset")],
        "limit": settings.UPLOAD_LIMIT,
    }  # fmt: skip


def row(table: Table, user: User | AnonymousUser) -> dict[str, Any]:
    mine = user.is_authenticated and table.owner_id == user.pk and table.dataset.may_import(user)
    brought = [{"title": one["title"], "kind": KINDS[one["kind"]]} for one in table.columns]
    return {"table": table, "columns": brought, "may_remove": mine or table.dataset.may_manage(user)}
