"""/healthz: the process lives. /readyz: it can do its work, or why not."""

import os
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webapp import redis


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every check passes, else 503; `checks` says "ok" or what is wrong, without addresses or names."""
    checks = {name: check() for name, check in CHECKS.items()}
    ready = all(found == "ok" for found in checks.values())
    return JsonResponse({"status": "ok" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown: the database does not answer"
    return f"{len(missing)} not applied; run manage.py migrate" if missing else "ok"


def queue() -> str:
    return "ok" if redis.answers(settings.REDIS_URL) else "does not answer"


def data_folder() -> str:
    return "ok" if os.access(settings.DATA_DIR, os.W_OK | os.X_OK) else "not writable"


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "migrations": migrations,
    "redis": queue,
    "data": data_folder,
}
