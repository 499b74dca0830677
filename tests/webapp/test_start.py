"""What a process of the site loads before it does anything: every command, worker and request handler waits for it."""

import os
import subprocess
import sys

import pytest

LARGE = {"torch", "sklearn", "scipy", "pandas", "av", "umap", "onnxruntime", "timm", "open_clip"}
CODE = """
import sys
import django
django.setup()
import {module}
from django.urls import get_resolver
get_resolver().url_patterns
print(*sys.modules)
"""


@pytest.mark.parametrize("module", ["webapp.asgi", "search.tasks, labeling.tasks"])
def test_a_process_starts_without_what_is_large(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module)],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not LARGE & set(said.stdout.split())
