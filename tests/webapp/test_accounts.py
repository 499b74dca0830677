"""Signing in, tokens, and guessing passwords."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


@pytest.fixture
def person() -> User:
    cache.clear()  # the throttles' memory
    return User.objects.create_user("ada", password=PASSWORD)


def sign_in(client: Client, password: str) -> int:
    return client.post("/accounts/login/", {"username": "ada", "password": password}).status_code


def token(client: Client, password: str) -> tuple[int, dict[str, object]]:
    response = client.post("/api/v1/token/", {"username": "ada", "password": password}, "application/json")
    return response.status_code, response.json()


def test_a_person_signs_in_and_out(client: Client, person: User) -> None:
    assert sign_in(client, PASSWORD) == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_shows_the_form_again(client: Client, person: User) -> None:
    assert sign_in(client, "wrong") == 200


def test_a_guesser_is_locked_out_even_with_the_right_password(client: Client, person: User) -> None:
    answers = [sign_in(client, "wrong") for _ in range(10)]
    assert answers[-1] == 429
    assert sign_in(client, PASSWORD) == 429


def test_somebody_else_may_still_sign_in(client: Client, person: User) -> None:
    for _ in range(10):
        sign_in(client, "wrong")
    User.objects.create_user("bob", password=PASSWORD)
    assert client.post("/accounts/login/", {"username": "bob", "password": PASSWORD}).status_code == 302


def test_a_password_is_changed_by_whoever_knows_the_old_one(client: Client, person: User) -> None:
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    new = {"old_password": PASSWORD, "new_password1": "another long one", "new_password2": "another long one"}
    assert client.post("/accounts/password/", new, follow=True).status_code == 200
    person.refresh_from_db()
    assert person.check_password("another long one")


def test_a_token_is_given_for_a_password_and_opens_the_api(client: Client, person: User) -> None:
    status, answer = token(client, PASSWORD)
    assert status == 200
    headers = {"Authorization": f"Token {answer['token']}"}
    assert client.get("/api/v1/datasets/", headers=headers).status_code == 200


def test_a_wrong_token_is_401_in_the_one_shape(client: Client) -> None:
    response = client.get("/api/v1/datasets/", headers={"Authorization": "Token nonsense"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "bad_credentials")


def test_no_token_for_a_wrong_password(client: Client, person: User) -> None:
    status, answer = token(client, "wrong")
    assert status == 400
    assert "error" in answer


def test_guessing_by_way_of_tokens_locks_out_too(client: Client, person: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 5
    answers = [token(client, "wrong") for _ in range(5)]
    assert answers[-1][0] == 429
    assert answers[-1][1]["error"]["code"] == "locked_out"
    assert sign_in(client, PASSWORD) == 429


def test_behind_a_proxy_guessers_are_told_apart(client: Client, person: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    client.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.1, 203.0.113.7"
    for _ in range(10):
        sign_in(client, "wrong")
    client.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.1, 203.0.113.8"
    assert sign_in(client, PASSWORD) == 302


def test_without_a_proxy_a_forged_header_gains_nothing(client: Client, person: User) -> None:
    for number in range(10):
        client.defaults["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}"
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD) == 429
