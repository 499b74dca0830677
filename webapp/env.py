"""Typed readers of the environment: a malformed value stops the start with a sentence that names the variable."""

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """A variable that is set but empty, as most are in .env.example, means the default."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value in TRUE or value in FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    value = text(name, str(default))
    if value.isdecimal() and low <= int(value) <= high:
        return int(value)
    raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number from {low} to {high}.")


def rate(name: str, default: str) -> str | None:
    """So many a second, minute, hour or day, as "600/min"; None, written "off", for no limit."""
    value = text(name, default)
    if value == "off":
        return None
    if re.fullmatch(r"[1-9]\d*/[smhd][a-z]*", value):
        return value
    raise ImproperlyConfigured(f"{name} is {value!r}; write a rate such as 600/min, or off.")


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def create(folder: Path, name: str) -> None:
    """Make the folder that variable `name` gave, or say in a sentence why it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} is {folder}, which cannot be created: {error.strerror}.") from error
