"""kill -9 of the learning worker in the middle of a round: it happens once, and the next one begins by itself."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.factories import JANUARY
from tests.prepared import lay_out
from tests.webapp.site import Site, until

TEACH = """
import django
django.setup()
from labeling import campaigns, rounds, settling
from search import library
from search.models import Dataset, Shard
dataset = Dataset.objects.get()
columns = library.opened(Shard.objects.get())
order = columns.column("luminance").argsort()
yes, no = columns.keys[order[-20:]].tolist(), columns.keys[order[:400:20]].tolist()
campaign = campaigns.create(None, dataset, "Is it bright?", votes_wanted=1)
campaigns.add_keys(campaign, yes + no)
for code, keys in (("yes", yes), ("no", no)):
    cards = campaign.cards.filter(key__in=keys).values_list("pk", flat=True)
    settling.decide(cards, campaign.answers.get(code=code), None)
rounds.change(campaign, {"batch": 15, "on": True})
rounds.begin(campaign, "host")
"""

ANSWER = """
from uuid import uuid4
from labeling import links, people
from labeling.models import Campaign
from labeling.recording import Said, record
campaign = Campaign.objects.get()
person, _ = people.join(links.make(campaign)[0], "Ada")
cards = campaign.cards.filter(settled=False)
record([Said(uuid4(), person.pk, campaign.pk, card.pk, "no") for card in cards])
"""


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """With a dataset, and nobody learning yet."""
    site = Site(lay_out(prepared, tmp_path))
    site.prompt.run("import_images", JANUARY, "--dataset", "earth", "--levels", 5, "--encoder", "colour", "--now")
    site.start().ready()
    yield site
    site.end()


def begun(site: Site, script: str) -> subprocess.Popen[bytes]:
    environment = site.environment | {"DJANGO_SETTINGS_MODULE": "webapp.settings"}
    return subprocess.Popen([sys.executable, "-c", script], cwd=settings.BASE_DIR, env=environment)


def rows(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{site.data / 'lookalike.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def status(site: Site) -> list[str]:
    return [value for (value,) in rows(site, "SELECT status FROM labeling_round")]


def test_a_round_whose_worker_is_killed_happens_once(site: Site) -> None:
    with begun(site, TEACH):  # a round may be over before the process that asked for it is
        until(lambda: status(site) == ["running"], 90, site.output)
        os.kill(site.children()["learner"], signal.SIGKILL)
        assert status(site) == ["running"], "killed too late"
    until(lambda: status(site) == ["ready"], 90, site.output)
    assert "learner was killed by SIGKILL" in site.output()
    assert rows(site, "SELECT number, labels, positives, attempts FROM labeling_round") == [(1, 40, 20, 0)]
    assert rows(site, "SELECT COUNT(*), COUNT(DISTINCT key) FROM labeling_chosen") == [(15, 15)]
    assert rows(site, "SELECT COUNT(*) FROM labeling_card WHERE round_id IS NOT NULL AND NOT settled") == [(15,)]
    assert rows(site, "SELECT COUNT(*) FROM labeling_card") == [(55,)]
    assert len(list((site.data / "models").glob("campaign-*/1/classifier.json"))) == 1
    site.prompt.shell(ANSWER)
    until(lambda: status(site) == ["ready", "ready"], 60, site.output)  # the next one began by itself
    assert rows(site, "SELECT trigger, labels FROM labeling_round WHERE number = 2") == [("labels", 55)]
