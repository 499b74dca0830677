"""Fixtures for all tests: a real Redis where the site expects it, and a small searchable world."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

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
        "test_asking"]  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; a file's tests, and all of the browser's, in one process, so that a site starts only once."""
    items.sort(key=lambda item: next((i for i, name in enumerate(LONG) if name in item.path.as_posix()), len(LONG)))
    for item in items:
        name = item.path.relative_to(Path(__file__).parent).as_posix()
        item.add_marker(pytest.mark.xdist_group("browser" if name.startswith("browser/") else name))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a site's first start makes, for sites that are not there to show it; one for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return prepared_folder(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session", autouse=True)
def real_redis() -> Iterator[str]:
    with embedded_redis(settings.DATA_DIR) as url:
        yield url


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object, real_redis: str) -> None:
    """After the tables: the world of `world`, built once and seen by every test through its rolled-back transaction."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        build_all(make_map("world", [JANUARY, MARCH], levels=(4, 5)))


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
