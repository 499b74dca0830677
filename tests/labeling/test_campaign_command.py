"""manage.py campaign: what scripts and people get, and how it refuses."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign, ShareLink
from search.models import Scene
from tests.campaigns import make_campaign, make_people, vote
from tests.factories import make_map

pytestmark = pytest.mark.django_db


def campaign(*words: object) -> str:
    out = StringIO()
    call_command("campaign", *map(str, words), stdout=out)
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
