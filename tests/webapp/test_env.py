"""Settings from the environment."""

import os
import re
import secrets
import string
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from webapp import databases, env

READ = re.compile(r"""\benv\.\w+\(\s*["']([A-Z_]+)["']""")
LISTED = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def start(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in an environment of nothing but these."""
    usual = {"ENV_FILE": os.devnull, "LOOKALIKE_DATA": str(tmp_path), "SECRET_KEY": secrets.token_urlsafe(50)}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**usual, **variables},
        capture_output=True,
        text=True,
    )


def test_the_example_lists_every_variable_and_no_other() -> None:
    read = {name for file in (settings.BASE_DIR / "webapp").rglob("*.py") for name in READ.findall(file.read_text())}
    assert read == set(LISTED.findall((settings.BASE_DIR / ".env.example").read_text()))


def test_the_example_as_it_stands_means_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_SEARCH", "")
    monkeypatch.setenv("PORT", " ")
    assert env.flag("PUBLIC_SEARCH", True) is True
    assert env.number("PORT", 8000) == 8000


@pytest.mark.parametrize("value", ["maybe", "2"])
def test_a_flag_that_is_neither_yes_nor_no_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DEBUG", value)
    with pytest.raises(ImproperlyConfigured, match=f"DEBUG is '{value}'; write 1 or 0"):
        env.flag("DEBUG", False)


@pytest.mark.parametrize("value", ["-1", "8e3", "70000", "eight"])
def test_a_number_outside_its_range_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(ImproperlyConfigured, match="PORT is .*write a whole number from 0 to 65535"):
        env.number("PORT", 8000, high=65535)


def test_a_data_folder_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="LOOKALIKE_DATA is .*cannot be created"):
        env.create(tmp_path / "file" / "data", "LOOKALIKE_DATA")


@pytest.mark.parametrize("key", ["", "short", "a" * 80, "change-me-" + string.printable[:62]])
def test_the_site_refuses_to_start_with_a_weak_key(tmp_path: Path, key: str) -> None:
    done = start(tmp_path, SECRET_KEY=key)
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
    assert "make setup" in done.stderr


def test_debug_needs_no_key_and_is_off_by_default(tmp_path: Path) -> None:
    assert start(tmp_path, SECRET_KEY="", DEBUG="1").returncode == 0
    assert settings.DEBUG is False


def test_the_env_file_is_read_and_the_real_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("DEBUG=nonsense\n")
    assert "DEBUG is 'nonsense'" in start(tmp_path, ENV_FILE=str(file)).stderr
    assert start(tmp_path, ENV_FILE=str(file), DEBUG="0").returncode == 0


def test_postgresql_has_a_pool_with_health_checks_and_sqlite_a_journal(tmp_path: Path) -> None:
    postgres = databases.default("postgres://user:pass@host:5433/name", tmp_path, pool=7)
    assert postgres["CONN_HEALTH_CHECKS"] is True
    assert postgres["OPTIONS"]["pool"]["max_size"] == 7
    assert "journal_mode=WAL" in databases.default("", tmp_path, pool=7)["OPTIONS"]["init_command"]


@pytest.mark.parametrize(("value", "meant"), [("off", None), ("5/s", "5/s"), ("600/min", "600/min"), ("", "9/day")])
def test_a_rate_may_be_off(monkeypatch: pytest.MonkeyPatch, value: str, meant: str | None) -> None:
    monkeypatch.setenv("THROTTLE_ANON", value)
    assert env.rate("THROTTLE_ANON", "9/day") == meant


@pytest.mark.parametrize("value", ["600", "many/min", "0/min", "600/fortnight"])
def test_a_rate_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THROTTLE_ANON", value)
    with pytest.raises(ImproperlyConfigured, match="THROTTLE_ANON is .*write a rate such as 600/min"):
        env.rate("THROTTLE_ANON", "9/day")


def test_connections_to_sqlite_last_beyond_a_request(tmp_path: Path) -> None:
    assert databases.default("", tmp_path, pool=7)["CONN_MAX_AGE"] > 0
    assert databases.default("sqlite:///x.sqlite3", tmp_path, pool=7)["CONN_MAX_AGE"] > 0


def test_a_pool_smaller_than_the_threads_is_refused_at_start(tmp_path: Path) -> None:
    address = {"DATABASE_URL": "postgres://user:pass@host/name"}
    refused = start(tmp_path, DATABASE_POOL="9", SEARCH_THREADS="8", **address)
    assert "DATABASE_POOL is less than the" in refused.stderr
    assert start(tmp_path, DATABASE_POOL="0", SEARCH_THREADS="8", **address).returncode == 0
    assert start(tmp_path, **address).returncode == 0
