"""Static files as the site serves them: every reference carries the digest of what it points to."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

IMPORT = re.compile(r"""from\s*["'](\.[^"']+)["']""")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    storages = {**settings.STORAGES, "staticfiles": {"BACKEND": "webapp.static.StaticStorage"}}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages):
        call_command("collectstatic", "--no-input", verbosity=0)
    return folder


def test_modules_import_each_other_by_hashed_names(collected: Path) -> None:
    entry = next(collected.glob("search/js/map_page.*.js"))
    names = IMPORT.findall(entry.read_text())
    assert names
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in names)
    assert all((entry.parent / name).is_file() for name in names)


def test_no_module_of_ours_is_missed(collected: Path) -> None:
    modules = [path for path in collected.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
    ours = [
        path for path in modules if path.relative_to(collected).parts[0] in ("base", "search", "labeling", "webapp")
    ]
    plain = {(path.name, name) for path in ours for name in IMPORT.findall(path.read_text()) if not is_hashed(name)}
    assert len(ours) > 10
    assert plain == set()


def is_hashed(name: str) -> bool:
    return re.search(r"\.[0-9a-f]{12}\.js$", name) is not None
