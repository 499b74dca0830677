"""The database setting: SQLite in WAL mode in the data folder, or whatever DATABASE_URL names."""

from pathlib import Path
from typing import Any

import environ

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",  # writers queue instead of failing half-way
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def default(url: str, data: Path, *, pool: int) -> dict[str, Any]:
    """The `default` entry of DATABASES; `pool`: the most PostgreSQL connections of one process, 0 for no pool."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": data / "lookalike.sqlite3", "OPTIONS": SQLITE_OPTIONS}
    found: dict[str, Any] = environ.Env.db_url_config(url)
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {**SQLITE_OPTIONS, **found.get("OPTIONS", {})}
    elif found["ENGINE"].endswith("postgresql"):
        # Each request has a thread of its own under ASGI: connections that last must come from a pool (ticket 33497).
        found["CONN_HEALTH_CHECKS"] = True
        if pool:
            found["OPTIONS"] = {"pool": {"min_size": 1, "max_size": pool, "timeout": 10}, **found.get("OPTIONS", {})}
    return found
