"""The part of a dataset's page that teaches an encoder its imagery."""

import pytest
from django.contrib.auth.models import User

from search.models import Dataset, Shard, Status, Training
from search.training.options import COLOURS_DIFFER
from tests.factories import JANUARY, MARCH, build_all, make_map
from tests.search.trainings import make_training

pytestmark = pytest.mark.django_db
PAGE = "/datasets/mine/"
FORM = {"preset": "quick", "start": "", "backbone": "test_resnet.r160_in1k", "size": "32", "rotation": "180",
        "flips": "1", "crop": "40", "brightness": "10", "contrast": "10", "colour": "5", "blur": "0.7", "noise": "1",
        "colours": "matter", "dates": "1", "name": "by-hand"}  # fmt: skip


@pytest.fixture
def dataset(django_db_setup) -> Dataset:
    owner = User.objects.create_user("owner")
    return make_map("mine", [JANUARY, MARCH], levels=(3,), owner_id=owner.pk)


@pytest.fixture
def owned(client, dataset):
    client.force_login(dataset.owner)
    return client


def text(client):
    return client.get(PAGE).content.decode()


def test_the_owner_is_asked_in_plain_words(owned):
    shown = text(owned)
    for words in ("Teach it your own imagery", "Do colours matter to you?", "The same place on another date",
                  "Neighbouring places", "Overnight", "150 looks at up to 40,000 tiles"):  # fmt: skip
        assert words in shown


def test_who_may_only_look_sees_trainings_and_no_form(client, dataset):
    make_training(dataset, name="seen")
    shown = text(client)
    assert "seen: test_resnet" in shown
    assert "data-teach-form" not in shown
    assert 'action="/datasets/mine/trainings/' not in shown


def test_a_plain_form_begins_a_training(owned, dataset):
    answer = owned.post(f"{PAGE}trainings/", FORM)
    job = dataset.trainings.get()
    assert (answer.status_code, answer["Location"]) == (302, "/datasets/mine/#teach")
    assert (job.name, job.options["pairs"], job.options["epochs"], job.options["levels"]) == (
        "by-hand",
        "dates",
        10,
        [3],
    )
    assert job.options["views"]["crop"] == [0.4, 1.0]


def test_without_scripts_an_answer_about_colours_holds_too(owned, dataset):
    owned.post(f"{PAGE}trainings/", {**FORM, "colours": "differ"})
    assert dataset.trainings.get().options["views"]["brightness"] == COLOURS_DIFFER.brightness


def test_a_box_that_is_not_ticked_turns_mirroring_off(owned, dataset):
    owned.post(f"{PAGE}trainings/", {name: value for name, value in FORM.items() if name != "flips"})
    assert dataset.trainings.get().options["views"]["flips"] is False


@pytest.mark.parametrize(
    ("wrong", "why"), [({"epochs": "0"}, "epochs"), ({"backbone": "psychic"}, "no backbone"),
                       ({"blur": "x"}, "a number"), ({"name": "NO"}, "NO"), ({"first": "2050-01-01"}, "no imagery")],
)  # fmt: skip
def test_what_is_wrong_is_said_above_the_form_and_nothing_is_lost(owned, wrong, why):
    answer = owned.post(f"{PAGE}trainings/", {**FORM, **wrong})
    shown = answer.content.decode()
    assert (answer.status_code, why in shown, 'value="by-hand"' in shown or "name" in wrong) == (400, True, True)


def test_an_estimate_of_nonsense_says_what_is_wrong(owned):
    answer = owned.get(f"{PAGE}trainings/estimate/", {**FORM, "products": "none"})
    assert "no product none" in answer.json()["problem"]


def test_buttons_stop_and_go_on(owned, dataset):
    job = make_training(dataset)
    owned.post(f"{PAGE}trainings/{job.pk}/cancel/")
    assert Training.objects.get(pk=job.pk).status == Status.CANCELLED
    assert "Go on" in text(owned)
    owned.post(f"{PAGE}trainings/{job.pk}/resume/")
    assert Training.objects.get(pk=job.pk).status == Status.WAITING


def test_a_stranger_presses_no_button(client, dataset):
    job = make_training(dataset)
    client.force_login(User.objects.create_user("stranger"))
    assert client.post(f"{PAGE}trainings/", FORM).status_code == 403
    assert client.post(f"{PAGE}trainings/{job.pk}/cancel/").status_code == 403
    assert client.post(f"{PAGE}encoder/", {"encoder": "structure"}).status_code == 403


def test_another_encoder_is_used_watched_and_stopped(owned, dataset):
    build_all(dataset)
    owned.post(f"{PAGE}encoder/", {"encoder": "structure"})
    assert "Going over to structure" in text(owned)
    assert "Stop, and keep colour" in text(owned)
    owned.post(f"{PAGE}encoder/", {"action": "stop"})
    assert "Going over" not in text(owned)


def test_an_encoder_that_cannot_be_used_is_said(owned, dataset):
    answer = owned.post(f"{PAGE}encoder/", {"encoder": "psychic"}, follow=True)
    assert "no encoder &#x27;psychic&#x27;" in answer.content.decode()


def test_an_encoders_own_page_offers_it_to_those_who_may(owned, dataset):
    build_all(dataset)
    answer = owned.get("/datasets/models/structure/", follow=True)
    assert "Use it for this dataset" in answer.content.decode()
    owned.post(f"{answer.request['PATH_INFO']}use/", {"dataset": "mine"})
    assert set(Shard.objects.filter(status=Status.WAITING).values_list("encoder__name", flat=True)) == {"structure"}
    owned.logout()
    assert "Use it for this dataset" not in owned.get(answer.request["PATH_INFO"]).content.decode()
