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
