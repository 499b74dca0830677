"""/api/v1/datasets/<slug>/views/: filters kept under a name."""

import pytest
from django.contrib.auth.models import User

VIEWS = "/api/v1/datasets/world/views/"
BRIGHT = {"name": "Bright", "filter": {"metrics": {"luminance": [100, None]}}}


@pytest.fixture
def person(client, world):
    user = User.objects.create_user("ada")
    client.force_login(user)
    return user


def save(client, body=BRIGHT):
    return client.post(VIEWS, body, content_type="application/json")


def test_a_view_is_saved_listed_and_deleted(client, person):
    made = save(client).json()
    assert (made["name"], made["filter"]) == ("Bright", BRIGHT["filter"])
    assert client.get(VIEWS).json() == {"results": [made]}
    assert client.delete(f"{VIEWS}{made['id']}/").status_code == 204
    assert client.get(VIEWS).json() == {"results": []}


def test_the_same_name_again_replaces_it(client, person):
    first, second = save(client).json(), save(client, {**BRIGHT, "filter": {"levels": [4]}}).json()
    assert second == {"id": first["id"], "name": "Bright", "filter": {"levels": [4]}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "x", "filter": {"metrics": {"beauty": [1, None]}}}, "There is no metric 'beauty'"),
        ({"name": "x", "filter": {"collections": ["nowhere"]}}, "no collection 'nowhere'"),
        ({"name": "x"}, "filter"),
        ({"name": " ", "filter": {}}, "name"),
        ({"name": "x" * 81, "filter": {}}, "name"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_view_that_would_not_work_is_not_saved(client, person, body, said):
    answer = save(client, body)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["error"]["message"]
    assert not person.view_set.exists()


def test_nobody_else_sees_or_deletes_it(client, person):
    made = save(client).json()
    client.force_login(User.objects.create_user("eve"))
    assert client.get(VIEWS).json() == {"results": []}
    assert client.delete(f"{VIEWS}{made['id']}/").status_code == 404
    assert person.view_set.count() == 1


def test_two_people_may_use_one_name(client, person):
    save(client)
    client.force_login(User.objects.create_user("eve"))
    assert save(client).status_code == 201


def test_guests_have_none_and_are_asked_to_sign_in(client, world):
    assert client.get(VIEWS).json() == {"results": []}
    assert save(client).status_code == 401
