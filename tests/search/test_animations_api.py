"""/api/v1/…/animations/"""

import os

import pytest
from django.contrib.auth.models import User

from search import tasks
from search.api import animations
from search.models import Animation, Dataset
from tests.search.films import make_dates

pytestmark = pytest.mark.django_db
ASKED = {"bbox": [0, 0, 9, 9], "product": "rgb", "width": 320}


@pytest.fixture
def days(tmp_path):
    return make_dates(tmp_path)


@pytest.fixture
def hers(client, days):
    """A dataset of hers alone, and she is signed in."""
    owner = User.objects.create_user("owner")
    Dataset.objects.filter(pk=days.pk).update(is_public=False, owner=owner)
    client.force_login(owner)
    return owner


def ask(client, **changes):
    asked = {**ASKED, **changes}
    return client.post("/api/v1/datasets/days/animations/", asked, content_type="application/json")


def made(client, **changes):
    """The number of a finished film."""
    number = ask(client, **changes).json()["id"]
    tasks.make_animation(number)
    return number


def test_a_film_is_asked_for_watched_and_fetched(client, days):
    response = ask(client)
    said = response.json()
    assert (response.status_code, said["status"], said["done"], said["total"], said["url"]) == (
        202,
        "waiting",
        0,
        4,
        None,
    )
    tasks.make_animation(said["id"])
    said = client.get(f"/api/v1/animations/{said['id']}/").json()
    assert (said["status"], said["done"], said["summary"]["frames"]) == ("ready", 4, 4)
    film = client.get(said["url"])
    assert film["Content-Type"] == "video/mp4"
    assert film["Content-Disposition"] == 'inline; filename="days-rgb-2020-01-01-2020-01-04.mp4"'
    assert film.content[4:8] == b"ftyp"


def test_from_and_to_choose_the_dates(client, days):
    assert ask(client, **{"from": "2020-01-02", "to": "2020-01-03"}).json()["total"] == 2


@pytest.mark.parametrize(("form", "kind"), [("webp", "image/webp"), ("gif", "image/gif")])
def test_the_format_is_the_one_asked_for(client, days, form, kind):
    assert client.get(f"/api/v1/animations/{made(client, format=form)}/file")["Content-Type"] == kind


def test_players_fetch_parts(client, days):
    address = f"/api/v1/animations/{made(client)}/file"
    whole = client.get(address).content
    middle = client.get(address, headers={"Range": "bytes=10-19"})
    assert (middle.status_code, middle["Content-Range"], middle.content) == (
        206, f"bytes 10-19/{len(whole)}", whole[10:20],
    )  # fmt: skip
    assert client.get(address, headers={"Range": "bytes=-5"}).content == whole[-5:]
    assert client.get(address, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


async def test_a_large_film_is_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(animations, "AT_ONCE", 1000)
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(4500))
    response = animations.whole(path, 4500)
    assert [len(piece) async for piece in response] == [1000, 1000, 1000, 1000, 500]


@pytest.mark.parametrize(
    ("changes", "part"),
    [({"bbox": [0, 0, 9]}, "bbox"), ({"bbox": [0, 9, 9, 0]}, "not on Earth"), ({"format": "avi"}, "format"),
     ({"product": "none"}, "no product"), ({"width": 5}, "pixels wide"), ({"width": 3000}, "1280"),
     ({"fps": 1000}, "fps"), ({"from": "soon"}, "from"), ({"colour": "red"}, "Unknown field colour"),
     ({"from": "2030-01-01"}, "two dates or more"), ({"bbox": ["nan", 0, 9, 9]}, "valid number")],
)  # fmt: skip
def test_bad_requests_are_refused(client, days, changes, part):
    response = ask(client, **changes)
    assert response.status_code == 400
    assert part in response.json()["error"]["message"]
    assert not Animation.objects.exists()


def test_members_may_ask_for_more_than_guests(client, days):
    client.force_login(User.objects.create_user("member"))
    assert ask(client, width=3000).status_code == 202


def test_nobody_has_many_films_made_at_once(client, days):
    answers = [ask(client, fps=fps).status_code for fps in (1, 2, 3, 4)]
    assert answers == [202, 202, 202, 429]


def test_the_owner_sees_films_of_a_private_dataset(client, hers):
    number = made(client)
    assert client.get(f"/api/v1/animations/{number}/file").status_code == 200
    assert client.get(f"/api/v1/animations/{number}/file")["Cache-Control"].startswith("private")


def test_an_outsider_sees_nothing_of_it(client, hers):
    number = made(client)
    client.force_login(User.objects.create_user("outsider"))
    assert ask(client).status_code == 404
    for address in (f"/api/v1/animations/{number}/", f"/api/v1/animations/{number}/file"):
        assert client.get(address).status_code == 404
    assert client.delete(f"/api/v1/animations/{number}/").status_code == 404


def test_a_film_that_is_not_there_is_404(client, days):
    assert client.get("/api/v1/animations/999/").status_code == 404
    number = ask(client).json()["id"]
    response = client.get(f"/api/v1/animations/{number}/file")
    assert response.status_code == 404
    assert "not finished" in response.json()["error"]["message"]


def test_who_asked_for_a_film_may_remove_it(client, days):
    client.force_login(User.objects.create_user("member"))
    number = made(client)
    path = Animation.objects.get(pk=number).path()
    assert client.delete(f"/api/v1/animations/{number}/").status_code == 204
    assert not path.exists()
    assert not Animation.objects.filter(pk=number).exists()


def test_others_may_not(client, days):
    number = made(client)
    client.force_login(User.objects.create_user("member"))
    assert client.delete(f"/api/v1/animations/{number}/").status_code == 403


def test_a_film_that_failed_says_why(client, tmp_path):
    make_dates(tmp_path, empty=(0, 1, 2, 3))
    number = ask(client).json()["id"]
    tasks.make_animation(number)
    said = client.get(f"/api/v1/animations/{number}/").json()
    assert (said["status"], said["url"]) == ("failed", None)
    assert "no data in this region" in said["error"]
