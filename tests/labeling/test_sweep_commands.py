"""manage.py sweep and export: what people and scripts get, and how they refuse."""

import json
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from labeling.models import Campaign, SweepPart
from labeling.sweeps import answering, found, running, starting
from search.models import Dataset
from tests.campaigns import make_campaign
from tests.sweeping import make_round, make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_folder() -> Iterator[None]:
    """Campaigns of rolled-back tests leave theirs to the next ones, which get the same numbers."""
    yield
    shutil.rmtree(Path(settings.DATA_DIR) / "campaigns", ignore_errors=True)


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, 0)


def call(command: str, *words: object) -> tuple[str, str]:
    """Standard output and standard error."""
    out, err = StringIO(), StringIO()
    call_command(command, *map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_sweep_is_run_to_its_end(campaign: Campaign) -> None:
    make_round(campaign)
    out, _ = call("sweep", campaign.pk, "--json")
    assert json.loads(out) == json.loads(out) | {"number": 1, "round": 1, "status": "ready", "done": 2000}
    assert campaign.sweeps.get().status == "ready"


def test_people_are_told_how_much_it_found(campaign: Campaign) -> None:
    make_round(campaign)
    _, said = call("sweep", campaign.pk)
    assert "Sweep 1: 2,000 tiles in 4 shards" in said
    assert "score 0.5 or more" in said


def test_a_stopped_sweep_goes_on(campaign: Campaign) -> None:
    make_round(campaign)
    starting.cancel(starting.begin(campaign, background=False)[0])
    assert json.loads(call("sweep", campaign.pk, "--json")[0])["number"] == 1
    assert json.loads(call("sweep", campaign.pk, "--json")[0])["number"] == 2


def test_a_stopped_sweep_is_left_alone_for_a_new_one(campaign: Campaign) -> None:
    make_round(campaign)
    starting.cancel(starting.begin(campaign, background=False)[0])
    assert json.loads(call("sweep", campaign.pk, "--new", "--json")[0])["number"] == 2


def test_a_shard_that_is_being_built_holds_no_other_up(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    make_round(campaign)
    sweep, _ = starting.begin(campaign, background=False)
    first = sweep.parts.order_by("pk").first()
    begun: list[int] = []
    run = running.run_here

    def later(part: SweepPart, *rest: object) -> bool:
        begun.append(part.pk)
        return begun.count(first.pk) > 1 and run(part) if part.pk == first.pk else run(part)

    monkeypatch.setattr(running, "run_here", later)
    monkeypatch.setattr("labeling.management.commands.sweep.PATIENCE", 0)
    call("sweep", campaign.pk)
    assert len(begun) == 5
    assert begun[-1] == first.pk


def test_a_campaign_that_has_not_learnt_is_refused_with_a_sentence(campaign: Campaign) -> None:
    with pytest.raises(CommandError, match="There is no classifier yet"):
        call("sweep", campaign.pk)
    with pytest.raises(CommandError, match="There is no campaign 9999"):
        call("sweep", 9999)


def test_a_sweep_that_fails_ends_with_its_error(campaign: Campaign) -> None:
    make_round(campaign)
    starting.begin(campaign, background=False)[0].parts.update(shard=None)
    with pytest.raises(CommandError, match="has been deleted"):
        call("sweep", campaign.pk)


def test_the_last_sweep_is_saved_as_its_name_says(campaign: Campaign, tmp_path: Path) -> None:
    make_sweep(campaign)
    file = tmp_path / "islands.geojson"
    out, _ = call("export", campaign.pk, file, "--min", 0.995, "--json", "--site", "https://x.org/")
    features = json.loads(file.read_text())["features"]
    assert (len(features), json.loads(out)["sweep"]) == (10, 1)
    assert features[0]["properties"]["image"].startswith("https://x.org/tiles/world")
    _, said = call("export", campaign.pk, tmp_path / "islands.csv")
    assert "Sweep 1 from 0.5 on, and all labels: saved as" in said
    assert len((tmp_path / "islands.csv").read_text().splitlines()) == 1001


def test_labels_are_saved_without_any_sweep(campaign: Campaign, world: Dataset, tmp_path: Path) -> None:
    sweep = make_sweep(campaign)
    answering.label(campaign, found.best(sweep, found.Asked(), limit=3).keys.tolist(), "yes", None)
    campaign.sweeps.all().delete()
    _, said = call("export", campaign.pk, tmp_path / "labels.csv", "--labelled")
    assert "All labels" in said
    assert len((tmp_path / "labels.csv").read_text().splitlines()) == 4


def test_what_cannot_be_saved_is_refused(campaign: Campaign, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Let it end with one of"):
        call("export", campaign.pk, tmp_path / "islands.doc")
    with pytest.raises(CommandError, match="number from 0 to 1"):
        call("export", campaign.pk, tmp_path / "islands.csv", "--min", 7)
    with pytest.raises(CommandError, match="has no sweep 4"):
        call("export", campaign.pk, tmp_path / "islands.csv", "--sweep", 4)
    with pytest.raises(CommandError, match="No such file"):
        call("export", campaign.pk, tmp_path / "nowhere" / "islands.csv")
    assert list(tmp_path.iterdir()) == []


def test_half_a_file_is_not_left_behind(campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sweep(campaign)
    monkeypatch.setattr("search.exporting.geojson.outlines", lambda _: (_ for _ in ()).throw(OSError("disk is full")))
    with pytest.raises(CommandError, match="disk is full"):
        call("export", campaign.pk, tmp_path / "islands.geojson")
    assert list(tmp_path.iterdir()) == []
