"""The database setting: SQLite in WAL mode in the data folder, or whatever DATABASE_URL names."""

from pathlib import Path
from typing import Any

import environ

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",  # writers queue instead of failing half-way
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


KEPT = 600  # seconds; opening a file anew for each request costs 2 ms, and there are no more than web threads


def default(url: str, data: Path, *, pool: int) -> dict[str, Any]:
    """The `default` entry of DATABASES; `pool`: the most PostgreSQL connections of one process, 0 for no pool."""
    if not url:
        file = {"ENGINE": "django.db.backends.sqlite3", "NAME": data / "lookalike.sqlite3"}
        return {**file, "OPTIONS": SQLITE_OPTIONS, "CONN_MAX_AGE": KEPT}
    found: dict[str, Any] = environ.Env.db_url_config(url)
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {**SQLITE_OPTIONS, **found.get("OPTIONS", {})}
        found.setdefault("CONN_MAX_AGE", KEPT)
    elif found["ENGINE"].endswith("postgresql"):
        # Also of threads that are not the lanes' (websockets): they share a pool (ticket 33497).
        found["CONN_HEALTH_CHECKS"] = True
        if pool:
            found["OPTIONS"] = {"pool": {"min_size": 1, "max_size": pool, "timeout": 10}, **found.get("OPTIONS", {})}
    return found
