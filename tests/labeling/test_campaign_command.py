"""manage.py campaign and train_classifier: what scripts and people get, and how it refuses."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign, ShareLink
from labeling.rounds import begin
from search.models import Scene
from tests.campaigns import make_campaign, make_people, vote
from tests.factories import make_map
from tests.learning import answer, make_learning, some, truth

pytestmark = pytest.mark.django_db


def campaign(*words: object) -> str:
    return call("campaign", *words)


def call(command: str, *words: object) -> str:
    out = StringIO()
    call_command(command, *map(str, words), stdout=out)
    return out.getvalue()


def test_a_campaign_is_made_filled_and_shared():
    scene = Scene.objects.select_related("product__dataset").get(product__dataset=make_map())
    number = json.loads(campaign("create", scene.product.dataset.slug, "An island?", "--json"))["id"]
    added = json.loads(campaign("add", number, "--key", scene.address(4, 3, 0).pack(), "--json"))
    link = json.loads(campaign("link", number, "--name", "Team", "--json"))
    assert added == {"added": 1, "tiles": 1}
    assert ShareLink.of_token(link["token"]).campaign_id == number


def test_progress_is_told_to_people_and_scripts():
    made = make_campaign(keys=2)
    vote(make_people(made, 1)[0], made.cards.first())
    assert "1 votes of 1 people" in campaign("progress", made.pk)
    assert json.loads(campaign("progress", made.pk, "--json"))["votes"] == 1


def test_its_state_is_changed():
    made = make_campaign()
    campaign("state", made.pk, "paused")
    assert Campaign.objects.get(pk=made.pk).state == "paused"


def test_votes_are_saved(tmp_path):
    made = make_campaign(keys=2)
    vote(make_people(made, 1)[0], made.cards.first())
    campaign("export", made.pk, "votes.csv", "--output", tmp_path / "votes.csv")
    assert len((tmp_path / "votes.csv").read_text().splitlines()) == 2


def test_export_to_standard_output_is_the_file():
    assert campaign("export", make_campaign().pk, "votes.csv").startswith("vote,card,key")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["progress", 999], "There is no campaign 999"),
        (["create", "nothing", "What?"], "There is no dataset 'nothing'"),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence(words, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        campaign(*words)
    assert refused.value.returncode == 1


def test_an_area_needs_a_level():
    with pytest.raises(CommandError, match="needs --level") as refused:
        campaign("add", make_campaign().pk, "--bbox", 0, 0, 10, 10)
    assert refused.value.returncode == 2


def test_how_it_learns_is_shown_and_changed(world):
    made = make_learning(world, some(truth(world), 10, 10), on=False)
    told = json.loads(campaign("learn", made.pk, "on", "--every", 5, "--head", "mlp", "--levels", 4, 5, "--json"))
    assert (told["settings"]["on"], told["settings"]["every"], told["settings"]["head"]) == (True, 5, "mlp")
    assert told["settings"]["scope"]["levels"] == [4, 5]
    assert "Learning is on: a round every 5 labels, 10 tiles each." in campaign("learn", made.pk)


def test_a_classifier_is_trained_here_and_now(world):
    known = truth(world)
    made = make_learning(world, some(known, 10, 10))
    answer(made, known)
    told = json.loads(call("train_classifier", made.pk, "--json"))
    assert (told["number"], told["status"], told["labels"], sum(told["chosen"].values())) == (1, "ready", 20, 10)
    assert "Round 2: 20 labels, 10 of them yes. Asked next: " in call("train_classifier", made.pk)


def test_without_anything_to_learn_from_no_classifier_is_trained(world):
    with pytest.raises(CommandError, match="label one tile as yes"):
        call("train_classifier", make_learning(world).pk)
    with pytest.raises(CommandError, match="There is no campaign 999"):
        call("train_classifier", 999)


def test_a_round_that_a_worker_runs_is_not_run_twice(world):
    known = truth(world)
    made = make_learning(world, some(known, 10, 10))
    answer(made, known)
    begin(made, "host", background=False)[0].claim()
    with pytest.raises(CommandError, match="Round 1 is being run by a worker already"):
        call("train_classifier", made.pk)
