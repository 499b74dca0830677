"""What must hold in production, said by `manage.py check --deploy` and refused at start."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

WEAK = ("only-for-development", "django-insecure", "change-me", "changeme", "secret")


@register(Tags.security)
def secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Outside DEBUG a key that is short, repetitive or well known is an error, so `serve` and `migrate` refuse it."""
    key = settings.SECRET_KEY
    weak = len(key) < 50 or len(set(key)) < 5 or key.lower().startswith(WEAK)
    if settings.DEBUG or not weak:
        return []
    hint = "Empty its line in .env and run `make setup`, which writes a random one."
    return [checks.Error("SECRET_KEY is too weak for production.", hint=hint, id="webapp.E001")]


@register(Tags.security, deploy=True)
def hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Name the site's own hosts: pages and websockets trust the Host header."
    return [checks.Warning("ALLOWED_HOSTS accepts any host.", hint=hint, id="webapp.W001")]


@register(Tags.security)
def connections(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each thread of a web process may hold a PostgreSQL connection; beyond the pool it waits, then fails."""
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool") or {}
    threads = sum(threads for threads, _ in settings.LANES.values())
    if not pool or pool["max_size"] > threads:
        return []
    hint = f"Set DATABASE_POOL to {threads + 2} or more: one for each thread, and some for websockets."
    return [checks.Error(f"DATABASE_POOL is less than the {threads} threads need.", hint=hint, id="webapp.E002")]
