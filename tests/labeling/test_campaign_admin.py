"""The back office of labelling: every list and form opens, secrets are not shown, facts are not changed."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import (
    Answer,
    Audit,
    AuditTile,
    Campaign,
    Card,
    Chosen,
    Decision,
    Example,
    Learner,
    Lease,
    Person,
    Round,
    ShareLink,
    Sweep,
    SweepPart,
    Vote,
)
from tests.campaigns import make_campaign, make_people, vote

pytestmark = pytest.mark.django_db
MODELS = [
    Answer, Audit, AuditTile, Campaign, Card, Chosen, Decision, Example, Learner, Lease, Person, Round, ShareLink,
    Sweep, SweepPart, Vote,
]  # fmt: skip


@pytest.fixture
def campaign() -> Campaign:
    made = make_campaign(keys=2)
    vote(make_people(made, 1)[0], made.cards.first())
    return made


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens(admin_client: Client, campaign: Campaign, model: type) -> None:
    assert admin_client.get(f"/admin/labeling/{model.__name__.lower()}/").status_code == 200


@pytest.mark.parametrize("model", [Campaign, Card, Person, ShareLink, Vote])
def test_forms_open_without_the_secrets(admin_client: Client, campaign: Campaign, model: type) -> None:
    row = model.objects.first()  # type: ignore[attr-defined]
    page = admin_client.get(f"/admin/labeling/{model.__name__.lower()}/{row.pk}/change/")
    assert page.status_code == 200
    assert ShareLink.objects.get().digest not in page.content.decode()


def test_votes_can_be_neither_changed_nor_deleted(rf, admin_user: User, campaign: Campaign) -> None:
    request = rf.get("/admin/")
    request.user = admin_user
    votes = admin.site.get_model_admin(Vote)
    assert not votes.has_change_permission(request)
    assert not votes.has_delete_permission(request)
