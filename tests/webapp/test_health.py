import json
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from webapp import health

pytestmark = pytest.mark.django_db


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    return response.status_code, json.loads(response.content)["checks"]


def test_healthz_needs_nothing_but_the_process(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_readyz_is_ok_when_everything_answers(client: Client) -> None:
    assert ready(client) == (200, {"database": "ok", "migrations": "ok", "redis": "ok", "data": "ok"})


def test_readyz_names_a_redis_that_is_away(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert ready(client)[0] == 503
    assert ready(client)[1]["redis"] == "does not answer"


def test_readyz_names_a_folder_that_is_gone(client: Client, settings: Settings) -> None:
    settings.DATA_DIR = settings.DATA_DIR / "gone"
    assert ready(client) == (503, {"database": "ok", "migrations": "ok", "redis": "ok", "data": "not writable"})


def test_readyz_names_a_database_that_is_away_without_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseError("could not connect to postgres://user:password@host")

    monkeypatch.setattr(health.connection, "cursor", away)
    assert ready(client)[1]["database"] == "does not answer"


def test_readyz_counts_migrations_that_are_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [1, 2])
    assert ready(client)[1]["migrations"] == "2 not applied; run manage.py migrate"


def test_both_are_exempt_from_the_redirect_to_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/accounts/login/").status_code == 301
