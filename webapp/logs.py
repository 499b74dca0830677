"""Structured logs: structlog's and the standard library's records through one formatter, with the request's id."""

import logging.config
import os
import re
import sys
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured

FORMS = ("json", "console")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TOKEN = re.compile(r"(/l/|/ws/label/)[^/\s?'\"]{8,}")  # of a share link: whoever reads it may label


def hide_tokens(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Logs are read by people whom nobody invited."""
    return {name: TOKEN.sub(r"\1…", str(value)) if may_tell(value) else value for name, value in event.items()}


def may_tell(value: object) -> bool:
    return isinstance(value, str) or type(value).__name__ in ("ASGIRequest", "WSGIRequest")


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(),
    hide_tokens,
]


def form(wanted: str, *, debug: bool) -> str:
    """json or console; when LOG_FORMAT doesn't say, console for a person: under DEBUG or on a terminal."""
    if wanted and wanted not in FORMS:
        raise ImproperlyConfigured(f"LOG_FORMAT is {wanted!r}; write json or console.")
    return wanted or ("console" if debug or sys.stderr.isatty() else "json")


def settings(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. On a console only what deserves a look is shown, not each request for a tile."""
    if level not in LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL is {level!r}; write one of {', '.join(LEVELS)}.")
    quiet = {"level": level if form == "json" else max(level, "WARNING", key=LEVELS.index)}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"main": {"()": "webapp.logs.formatter", "form": form}},
        "filters": {"named": {"()": "webapp.logs.Named"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "main", "filters": ["named"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django_structlog": quiet,
            "django.request": {"level": "ERROR"},  # django_structlog reports 4xx, with the request's id
            "django.channels.server": quiet,
            "uvicorn": {"level": "WARNING"},
            "celery.worker.strategy": quiet,
            "celery.app.trace": quiet,
            "celery.beat": quiet,
            "faiss": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},  # a line for each of a million tiles
            "rasterio": {"level": "ERROR"},
            "numexpr": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
        },
    }


class Named(logging.Filter):
    """Drops what is logged on the root logger below ERROR: open_clip's running commentary on loading a model."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "root" or record.levelno >= logging.ERROR


def formatter(form: str) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*SHARED, *stamp(form)],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering(form)],
    )


def stamp(form: str) -> list[Any]:
    if form == "json":
        return [structlog.processors.TimeStamper(fmt="iso", utc=True), name_service]
    return [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)]


def name_service(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Which of the processes that `serve` started is speaking."""
    if service := os.environ.get("LOOKALIKE_SERVICE"):
        event["service"] = service
    return event


def rendering(form: str) -> list[Any]:
    if form == "json":
        return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)]
    colours = sys.stderr.isatty() or bool(os.environ.get("FORCE_COLOR"))
    return [
        structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    ]


def configure(logging_settings: dict[str, Any]) -> None:
    """Apply Django's LOGGING and let structlog's own loggers end in it."""
    logging.config.dictConfig(logging_settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            *stamp(logging_settings["formatters"]["main"]["form"]),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
