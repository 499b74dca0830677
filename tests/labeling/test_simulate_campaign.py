import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from labeling import simulating
from labeling.errors import BadCampaign
from search.models import Dataset
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db
AFRICA = [[-20, -38], [52, -38], [52, 38], [-20, 38], [-20, -38]]
SMALL = [[20, 20], [21, 20], [21, 21], [20, 21], [20, 20]]


@pytest.fixture(scope="module")
def earth(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        dataset = build_all(make_map("simulated-earth"))
        yield dataset
        dataset.delete()


def polygons(path: Path, *rings: list[list[float]]) -> Path:
    features = [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
                for ring in rings]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def simulated(capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str) -> dict[str, Any]:
    common = ["simulate_campaign", "simulated-earth", "--json", "--batch", "10", "--output", str(tmp_path / "curve")]
    call_command(*common, *words)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_tile_counts_when_a_polygon_lies_wholly_inside_or_when_it_is_touched(earth: Dataset, tmp_path: Path) -> None:
    shards = simulating.shards_of(earth, levels=[4])
    path = polygons(tmp_path / "land.json", AFRICA, SMALL)
    wholly = simulating.by_polygons(earth, shards, path, touches=False, least=0)
    touched = simulating.by_polygons(earth, shards, path, touches=True, least=0)
    large = simulating.by_polygons(earth, shards, path, touches=True, least=1e6)
    assert len(wholly) == 1
    assert len(touched) == len(large) == 5 * 6
    with pytest.raises(BadCampaign, match="0 of 200 tiles"):
        simulating.by_polygons(earth, shards, path, touches=False, least=1e6)


def test_a_campaign_is_simulated_and_its_curve_written(
    earth: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    land = polygons(tmp_path / "land.json", AFRICA)
    told = simulated(
        capsys, tmp_path, "--polygons", str(land), "--touches", "--until-recall", "0.9", "--seeds", "2",
        "--noise", "0.05"
    )  # fmt: skip
    with Path(told["csv"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert told["positives"] == 30
    assert {row["seed"] for row in rows} == {"0", "1"}
    assert all(0 < labels <= 200 for labels in told["labels_for"]["0.9"])
    assert [float(row["recall"]) for row in rows if row["seed"] == "0"][-1] >= 0.9
    assert Image.open(told["png"]).size == (1050, 630)


def test_the_truth_may_be_a_table_of_keys(earth: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = simulating.shards_of(earth)[0].keys
    table = tmp_path / "labels.csv"
    table.write_text("key,label\n" + "".join(f"{key},{int(i % 7 == 0)}\n" for i, key in enumerate(keys)))
    told = simulated(capsys, tmp_path, "--labels", str(table), "--until-labels", "30", "--strategy", "random")
    assert told["positives"] == np.ceil(len(keys) / 7)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "names the columns key and label"),
        ("key,label\n1,maybe\n", "label 'maybe'"),
        ("key,label\nx,1\n", "not a tile's"),
        ("key,label\n1,1\n", "0 of 200 tiles are positives"),
    ],
)
def test_a_table_that_is_no_truth_is_refused(earth: Dataset, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(CommandError, match=said):
        call_command("simulate_campaign", "simulated-earth", "--labels", str(tmp_path / "labels.csv"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--noise", "2"], "noise of 0 to 1"),
        (["--seeds", "0"], "1 seed or more"),
        (["--neighbours", "500"], "0 to 100 neighbours"),
        (["--level", "9"], "level"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(earth: Dataset, tmp_path: Path, words: list[str], said: str) -> None:
    land = polygons(tmp_path / "land.json", AFRICA)
    with pytest.raises(CommandError, match=said):
        call_command("simulate_campaign", "simulated-earth", "--polygons", str(land), "--touches", *words)


def test_polygons_that_are_none_are_refused(earth: Dataset, tmp_path: Path) -> None:
    (tmp_path / "land.json").write_text("[]")
    with pytest.raises(CommandError, match="is not a shapefile"):
        call_command("simulate_campaign", "simulated-earth", "--polygons", str(tmp_path / "land.json"))


def test_pictures_without_places_have_no_polygons(tmp_path: Path) -> None:
    dataset = build_all(make_gallery(tmp_path / "pictures"))
    with pytest.raises(CommandError):
        call_command("simulate_campaign", dataset.slug, "--polygons", str(polygons(tmp_path / "land.json", AFRICA)))
