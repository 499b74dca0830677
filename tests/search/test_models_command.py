"""manage.py models"""

import json
import shutil

import pytest

from search import modelstore
from search.management.commands.models import Command
from tests.search.test_models_api import published


@pytest.fixture(autouse=True)
def empty_store():
    yield
    shutil.rmtree(modelstore.store(), ignore_errors=True)


def test_it_speaks_of_the_sites_store(tmp_path, capsys):
    published(tmp_path)
    Command().run_from_argv(["manage.py", "models", "list", "--json"])
    assert "mine/1" in [one["reference"] for one in json.loads(capsys.readouterr().out)]


def test_a_wrong_call_ends_with_two(capsys):
    with pytest.raises(SystemExit) as left:
        Command().run_from_argv(["manage.py", "models", "show", "nobody"])
    assert left.value.code == 2
    assert "no encoder 'nobody'" in capsys.readouterr().err
