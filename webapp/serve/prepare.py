"""What must be done before the first request: database tables, static files, counters that begin at nothing."""

import hashlib
import shutil
from collections.abc import Callable

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError


def everything(say: Callable[[str], None]) -> None:
    shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)
    settings.METRICS_DIR.mkdir(parents=True)
    migrate(say)
    if not settings.DEBUG:  # under DEBUG WhiteNoise serves the sources
        collect(say)


def migrate(say: Callable[[str], None]) -> None:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise CommandError(f"The database does not answer: {error}".strip()) from error
    if waiting:
        say(f"Bringing the database up to date: {len(waiting)} migrations.")
        call_command("migrate", interactive=False, verbosity=0)
    connection.close()


def collect(say: Callable[[str], None]) -> None:
    """collectstatic, when any source has changed since the last time."""
    if not (settings.BASE_DIR / "node_modules" / "ol").is_dir():
        raise CommandError("The browser libraries are missing. Run: make setup")
    stamp, sources = settings.STATIC_ROOT / ".sources", fingerprint()
    if stamp.is_file() and stamp.read_text() == sources:
        return
    say("Collecting the static files.")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(sources)


def fingerprint() -> str:
    """How static files are stored, and name, size and time of each, hashed."""
    found = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list(["CVS", ".*", "*~"]):
            found.update(f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}\n".encode())
    return found.hexdigest()
