"""/studio/<dataset>/embedding/, /api/v1/…/evaluations/ and manage.py evaluate."""

import json

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from search import collecting, evaluating, frames
from search.evaluating import describing
from search.models import Dataset, Evaluation, Status

pytestmark = pytest.mark.django_db
API = "/api/v1/datasets/world/evaluations/"
PAGE = "/studio/world/embedding/"
BOTH = {"collections": ["dark", "bright"], "most": 20}


@pytest.fixture
def land(world):
    frame = frames.opened(world)
    order = np.argsort(frame.column("luminance"))
    collecting.create(world, "dark", frame.keys[order[:30]], None)
    collecting.create(world, "bright", frame.keys[order[-30:]], None)
    return world


@pytest.fixture
def ada(db):
    return User.objects.create_user("ada")


@pytest.fixture
def signed_in(client, ada):
    client.force_login(ada)
    return client


def post(client, address, data=None):
    return client.post(address, json.dumps(data or {}), "application/json")


def run(number):
    job = Evaluation.objects.get(pk=number)
    evaluating.make_here(job)
    return job


def test_one_is_asked_for_watched_and_read(land, signed_in):
    asked = post(signed_in, API, BOTH)
    assert (asked.status_code, asked.json()["status"], asked.json()["may_change"]) == (202, "waiting", True)
    run(asked.json()["id"])
    told = signed_in.get(f"{API}{asked.json()['id']}/").json()
    assert (told["status"], [one["title"] for one in told["report"]["results"]]) == (
        "ready",
        ["colour", "Colour statistics"],
    )


def test_the_list_says_what_may_be_asked(land, client):
    told = client.get(API).json()
    assert {one["title"] for one in told["labels"]} == {"In dark", "In bright"}
    assert told["encoders"][0] == {"name": "own", "title": "colour: this dataset's vectors"}
    assert "structure" in [one["name"] for one in told["encoders"]]
    assert told["results"] == []


def test_it_is_stopped_and_removed(land, signed_in):
    number = post(signed_in, API, BOTH).json()["id"]
    assert post(signed_in, f"{API}{number}/cancel").json()["status"] == "cancelled"
    assert signed_in.delete(f"{API}{number}/").status_code == 204
    assert signed_in.get(f"{API}{number}/").status_code == 404


@pytest.mark.parametrize("asked", [{}, {"collections": ["dark"]}, {**BOTH, "most": "many"}, {"labels": "nothing"}])
def test_bad_input_is_refused(land, signed_in, asked):
    answer = post(signed_in, API, asked)
    assert (answer.status_code, answer.json()["error"]["message"] != "") == (400, True)


def test_visitors_read_and_do_not_ask(land, client):
    answer = post(client, API, BOTH)
    assert answer.status_code == 401
    assert "Sign in" in answer.json()["error"]["message"]
    assert not Evaluation.objects.exists()


def test_somebody_elses_is_not_stopped(land, signed_in, client):
    number = post(signed_in, API, BOTH).json()["id"]
    signed_in.force_login(User.objects.create_user("eve"))
    assert post(signed_in, f"{API}{number}/cancel").status_code == 403
    assert signed_in.delete(f"{API}{number}/").status_code == 403


def test_what_a_campaigns_labels_gave_is_for_who_asked_and_who_manages(land, client, ada):
    job = Evaluation.objects.create(dataset=land, owner=ada, recipe={"labels": "@label:3"}, status=Status.READY)
    assert client.get(API).json()["results"] == []
    assert client.get(f"{API}{job.pk}/").status_code == 404
    assert client.get(f"{PAGE}?show={job.pk}").status_code == 404
    client.force_login(ada)
    assert [one["id"] for one in client.get(API).json()["results"]] == [job.pk]
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(f"{API}{job.pk}/").status_code == 200


@pytest.mark.parametrize("address", [API, PAGE])
def test_a_dataset_that_one_may_not_see_is_not_there(land, signed_in, address):
    Dataset.objects.filter(pk=land.pk).update(is_public=False)
    assert signed_in.get(address).status_code == 404


def test_the_page_shows_encoders_side_by_side(land, signed_in):
    job = run(post(signed_in, API, BOTH).json()["id"])
    page = signed_in.get(PAGE).content.decode()
    assert "20 tiles" in page
    assert "Measured on 20 of 60 labelled tiles" in page
    assert page.count('class="strip"') == 4  # two encoders, two classes
    assert page.count('<svg class="curve__picture"') == 4
    assert f"?show={job.pk}" in page


def test_the_form_asks_and_the_page_shows_it_at_work(land, signed_in):
    sent = {
        "labels": "collections",
        "collections": ["dark", "bright"],
        "encoders": ["own", "structure"],
        "apart": "1,5",
    }
    assert signed_in.post(f"{PAGE}start/", sent).status_code == 302
    job = Evaluation.objects.get()
    assert (job.recipe["encoders"], job.recipe["apart"], job.owner.username) == (["own", "structure"], 1.5, "ada")
    assert f'data-at-work="{job.pk}"' in signed_in.get(PAGE).content.decode()
    assert signed_in.post(f"{PAGE}{job.pk}/cancel/").status_code == 302
    assert "data-at-work" not in signed_in.get(PAGE).content.decode()
    assert signed_in.post(f"{PAGE}{job.pk}/remove/").status_code == 302
    assert not Evaluation.objects.exists()


def test_a_form_that_is_refused_says_why_and_keeps_what_was_chosen(land, signed_in):
    answer = signed_in.post(
        f"{PAGE}start/", {"labels": "collections", "collections": ["dark"], "encoders": ["structure"]}
    )
    page = answer.content.decode()
    assert (answer.status_code, "Choose from 2 to 50 collections" in page) == (400, True)
    assert 'value="structure" checked' in page
    assert 'value="own" checked' not in page


def test_visitors_are_told_to_sign_in(land, client):
    assert "sign in" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}start/", {"labels": "x"}).status_code == 403


def test_a_dataset_without_labels_says_where_they_come_from(world, signed_in):
    assert "No tile carries a label yet" in signed_in.get(PAGE).content.decode()


def test_a_dataset_that_is_not_indexed_says_so(db, signed_in):
    from tests.factories import make_map

    make_map("waiting")
    answer = signed_in.get("/studio/waiting/embedding/")
    assert (answer.status_code, "no finished shard" in answer.content.decode()) == (200, True)


def test_a_failed_one_says_why(land, signed_in, ada):
    job = Evaluation.objects.create(dataset=land, owner=ada, recipe=BOTH, status=Status.FAILED, error="It broke.")
    assert "failed: It broke." in signed_in.get(f"{PAGE}?show={job.pk}").content.decode()


def test_the_command_prints_a_table(land, capsys):
    call_command("evaluate", "world", "--collections", "dark", "bright", "--most", "20")
    said = capsys.readouterr().out
    assert said.startswith("Collections: 20 tiles of ")
    assert "P@10" in said
    assert "Colour statistics" in said


def test_the_command_answers_scripts(land, capsys):
    call_command("evaluate", "world", "--collections", "dark", "bright", "--most", "20", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["measured"], len(told["results"])) == (20, 2)


def test_the_command_says_what_to_change(land):
    with pytest.raises(CommandError, match="There are no labels 'nothing'"):
        call_command("evaluate", "world", "--labels", "nothing")


def report(learnt, plain, width=0.05):
    results = [
        {"name": name, "title": name, "precision_10": value,
         "intervals": {"precision_10": [value - width, value + width]}}
        for name, value in (("own", learnt), ("colour statistics", plain))
    ]  # fmt: skip
    return {"results": results}


@pytest.mark.parametrize(("learnt", "plain", "said"), [(0.5, 0.6, "as well as any encoder"),
                                                       (0.6, 0.55, "less than these labels can tell"),
                                                       (0.9, 0.5, "by more than chance")])  # fmt: skip
def test_a_sentence_says_what_the_numbers_come_to(learnt, plain, said):
    assert said in describing.verdict(report(learnt, plain))


def test_nothing_is_said_where_nothing_can_be_compared():
    alone = report(0.5, 0.4)
    alone["results"].pop()
    assert describing.verdict(alone) == describing.verdict({}) == ""
