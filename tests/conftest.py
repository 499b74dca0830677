"""Fixtures for all tests: a real Redis where the site expects it, and a small searchable world."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels_redis.core import RedisChannelLayer
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from search import tiles
from search.imagery.raster import rasters
from search.library import library
from search.models import Dataset
from tests.factories import JANUARY, MARCH, build_all, make_map
from tests.prepared import prepared_folder
from webapp.redis import embedded_redis

# Sites, processes and networks: begun first, so that no process is left alone with them at the end.
LONG = ["browser/", "test_serve", "test_killed", "test_damage_live", "test_compositing", "test_networks",
        "test_postgres", "test_import_killed", "test_round_killed", "test_sweep_killed", "test_gibs_killed",
        "ml/test_commands", "ml/test_imports", "search/test_commands", "test_gibs", "test_text", "test_static",
        "test_asking", "test_layouts"]  # fmt: skip


class ByFile(LoadScopeScheduling):
    """A file's tests, and all of the browser's, in one process, so that a site starts only once.

    Not by marks: pytest-xdist 3.8 loses xdist_group in pytest 9.2, and then deals out each test by itself.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first. After pytest-django, which puts all tests without a database last."""
    items.sort(key=lambda item: next((i for i, name in enumerate(LONG) if name in item.path.as_posix()), len(LONG)))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a site's first start makes, for sites that are not there to show it; one for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return prepared_folder(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session", autouse=True)
def real_redis() -> Iterator[str]:
    with embedded_redis(settings.DATA_DIR) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def impatient_sockets() -> None:
    """A socket that has been closed waits, sometimes, for its Redis to answer that there is nothing: 5 s otherwise."""
    RedisChannelLayer.brpop_timeout = 1


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object, real_redis: str) -> None:
    """After the tables: the world of `world`, built once and seen by every test through its rolled-back transaction."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        build_all(make_map("world", [JANUARY, MARCH], levels=(4, 5)))
        if connection.vendor == "sqlite":
            keep_tables()


def keep_tables() -> None:
    """Tests that commit leave the tables as they are now, the world's rows included, instead of emptying them."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    connection.connection.backup(kept)

    def put_back(_: TransactionTestCase) -> None:
        connection.ensure_connection()
        kept.backup(connection.connection)

    TransactionTestCase._fixture_teardown = put_back  # type: ignore[attr-defined]


@pytest.fixture
def world(db: None) -> Dataset:
    """January and March 2004, the whole Earth, levels 4 (200 tiles) and 5 (800), colour statistics; public."""
    return Dataset.objects.select_related("encoder").get(slug="world")


@pytest.fixture(autouse=True)
def fresh_tiles() -> None:
    """No picture of a tile and no raster is left over from another test."""
    tiles.cache.clear()
    rasters.clear()


@pytest.fixture(autouse=True)
def fresh_downloads() -> None:
    """Ports of test servers come back, and what one test downloaded from its server another would find on disk."""
    shutil.rmtree(settings.DATA_DIR / "gibs", ignore_errors=True)


@pytest.fixture
def fresh_library() -> Iterator[None]:
    """Nothing open before, nothing left open after."""
    for folder in list(library._open):
        library.drop(folder)
    yield
    for folder in list(library._open):
        library.drop(folder)
