"""/campaigns/: the list of what one hosts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import Campaign
from tests.factories import make_map

pytestmark = pytest.mark.django_db


def client_of(name: str) -> tuple[Client, User]:
    user, client = User.objects.create_user(name), Client()
    client.force_login(user)
    return client, user


def test_a_host_sees_their_campaigns():
    client, user = client_of("ada")
    Campaign.objects.create(dataset=make_map(), owner=user, question="Is there an island?")
    assert b"Is there an island?" in client.get("/campaigns/").content


def test_another_host_does_not_see_them():
    owner = client_of("ada")[1]
    Campaign.objects.create(dataset=make_map(), owner=owner, question="Is there an island?")
    assert b"island" not in client_of("bob")[0].get("/campaigns/").content


def test_an_outsider_is_sent_to_log_in(client):
    assert client.get("/campaigns/").url.startswith("/accounts/login/")
