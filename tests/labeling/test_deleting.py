"""A campaign that is deleted leaves nothing behind, and nobody goes on working for it."""

from pathlib import Path

import pytest
from django.conf import settings

from labeling import audits, deleting
from labeling.models import Audit, Campaign, Sweep, SweepPart
from labeling.sweeps import running, starting
from search.deleting import trash
from search.models import Dataset
from tests.campaigns import make_campaign
from tests.sweeping import make_round, make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, 0)


def test_its_sweeps_their_scores_and_its_classifiers_go(campaign: Campaign, django_capture_on_commit_callbacks) -> None:
    make_round(campaign)
    sweep = make_sweep(campaign)
    audits.draw(sweep, 50, "host")
    folders = [sweep.folder, Path(settings.DATA_DIR) / f"models/campaign-{campaign.pk}"]
    assert all(folder.exists() for folder in folders)
    with django_capture_on_commit_callbacks(execute=True):
        deleting.delete(campaign)
    assert not any(folder.exists() for folder in folders)
    assert list(trash().glob("*/*"))
    assert not Sweep.objects.exists()
    assert not Audit.objects.exists()


def test_a_worker_that_is_at_it_stops(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    make_round(campaign)
    sweep, _ = starting.begin(campaign, background=False)
    part = sweep.parts.select_related("sweep__campaign__dataset").first()
    report = SweepPart.report

    def delete(self: SweepPart, done: int, total: int) -> None:
        deleting.delete(Campaign.objects.get())
        report(self, done, total)

    monkeypatch.setattr(SweepPart, "report", delete)
    assert not running.run_here(part)
    assert not SweepPart.objects.exists()
