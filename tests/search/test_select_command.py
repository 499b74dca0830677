"""manage.py select"""

import json

import pytest
from django.core.management import CommandError, call_command

from search import collecting, frames
from search.models import Collection, Selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world, capsys):
    def run(*given, dataset="world"):
        call_command("select", dataset, *given)
        return capsys.readouterr()

    return run


def test_it_becomes_a_collection(run, world):
    said = run("-n", "10", "--name", "ten").err
    assert Collection.objects.get(name="ten").count == 10
    assert "10 of 2,000 tiles are the collection 'ten' now: as many as you asked for." in said
    assert "To choose the same again: python manage.py select world --recipe '{" in said


def test_scripts_get_json(run):
    told = json.loads(run("--share", "0.01", "--json").out)
    assert (told["status"], told["report"]["chosen"], told["collection"]["count"]) == ("ready", 20, 20)


def test_the_line_it_says_chooses_the_same(run, world):
    first = json.loads(run("-n", "5", "--seed", "4", "--filter", '{"levels": [4]}', "--json").out)
    recipe = json.dumps({name: value for name, value in first["recipe"].items() if name != "name"})
    again = json.loads(run("--recipe", recipe, "--json").out)
    rows = [collecting.keys_of(collecting.named(world, one["name"])).tolist() for one in (first, again)]
    assert rows[0] == rows[1]


def test_options_go_before_the_recipe(run, tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text('{"n": 500, "seed": 3, "objectives": [{"kind": "weight", "column": "luminance"}]}')
    told = json.loads(run("--recipe", str(file), "--share", "0.001", "--json").out)["recipe"]
    assert (told["share"], told["seed"], told["objectives"][0]["kind"], "n" in told) == (0.001, 3, "weight", False)


def test_it_goes_on_without_near_duplicates(run, world):
    frame = frames.opened(world)
    collecting.create(world, "old", frame.keys[:50], None)
    collecting.create(world, "bad", frame.keys[1000:], None)
    given = ("-n", "5", "--continue-from", "old", "--exclude", "bad", "--duplicates", "0.05", "--name", "new", "--json")
    told = json.loads(run(*given).out)
    chosen = collecting.keys_of(collecting.named(world, "new"))
    assert (told["report"]["before"], told["report"]["removed_duplicates"] > 0) == (50, True)
    assert not set(chosen) & {*frame.keys[:50].tolist(), *frame.keys[1000:].tolist()}


def test_a_least_distance_ends_it(run):
    said = run("--min-distance", "0.5").err
    assert "no tile is farther than the least distance" in said


def test_it_may_be_left_to_the_worker(run):
    assert "is waiting" in run("-n", "5", "--background").err
    assert Selection.objects.get().status == "waiting"


@pytest.mark.parametrize(
    ("given", "part"),
    [(["-n", "3000"], "ask for 2,000 or fewer"), ([], "Say how many tiles"), (["-n", "0"], "from 1"),
     (["-n", "5", "--duplicates", "3"], "distance must be"), (["-n", "5", "--continue-from", "x"], "no collection 'x'"),
     (["--recipe", "{n: 5}"], "not JSON"), (["--recipe", "none.json"], "none.json"),
     (["-n", "5", "--filter", "{"], "JSON"),
     (["--recipe", '{"n": 5, "objectives": [{"kind": "weight", "column": "none"}]}'], "no column 'none'"),
     (["--recipe", '{"n": 5, "thresholds": {"luminance": [1e9, null]}}'], "leave none"),
     (["--recipe", '{"n": 5, "objectives": [{"kind": "balance", "column": "@product"}]}'], "changes nothing")],
)  # fmt: skip
def test_refusals_are_sentences(run, given, part):
    with pytest.raises(CommandError, match=part):
        run(*given)
    assert not Collection.objects.exists()


def test_an_unknown_dataset_is_refused(run):
    with pytest.raises(CommandError, match="There are: world"):
        run("-n", "5", dataset="none")


def test_a_list_is_no_recipe(run, tmp_path):
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(CommandError, match="JSON object"):
        run("--recipe", str(tmp_path / "list.json"))
