"""One JSON shape under /api/, a page elsewhere."""

import inspect
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions as drf

import ml.errors
import search.errors
from webapp import errors


def own_errors() -> list[type[Exception]]:
    found = [kind for module in (ml.errors, search.errors) for _, kind in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", own_errors())
def test_every_error_of_ours_has_a_status(kind: type[Exception]) -> None:
    assert errors.classify(kind.__new__(kind)) is not None


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (search.errors.NoSuchTile("no"), 404, "not_found"),
        (search.errors.BadQuery("no"), 400, "bad_query"),
        (ml.errors.BadImage("no"), 400, "bad_image"),
        (ml.errors.NoTextTower("no"), 400, "no_text_tower"),
        (drf.ParseError(), 400, "malformed"),
        (drf.NotAuthenticated(), 401, "not_authenticated"),
        (drf.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (drf.Throttled(wait=3.2), 429, "throttled"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (RequestDataTooBig(), 413, "too_large"),
        (OperationalError("could not connect to postgres://user:password@host"), 503, "database_unavailable"),
    ],
)
def test_each_becomes_its_status_in_the_one_shape(exception: Exception, status: int, code: str) -> None:
    response = errors.api_error(exception, {})
    assert response is not None
    assert response.status_code == status
    assert set(response.data) == {"error"}
    assert set(response.data["error"]) == {"code", "message", "fields"}
    assert response.data["error"]["code"] == code


def test_what_nobody_foresaw_is_left_to_the_500_handler() -> None:
    assert errors.api_error(RuntimeError("secret"), {}) is None


def test_a_validation_error_names_the_field_and_keeps_them_all() -> None:
    response = errors.api_error(drf.ValidationError({"k": ["Too large."], "levels": {"0": ["No."]}}), {})
    assert response is not None
    assert response.data["error"]["message"] == "k: Too large."
    assert set(response.data["error"]["fields"]) == {"k", "levels"}


def test_being_throttled_says_when_to_come_back() -> None:
    response = errors.api_error(drf.Throttled(wait=3.2), {})
    assert response is not None
    assert response["Retry-After"] == "4"


def test_what_will_pass_says_when_to_come_back() -> None:
    response = errors.api_error(OperationalError("could not connect"), {})
    assert response is not None
    assert response["Retry-After"] == "5"


def test_internals_of_the_database_are_not_told() -> None:
    response = errors.api_error(OperationalError("could not connect to postgres://user:password@host"), {})
    assert "password" not in str(response.data if response else "password")


@pytest.mark.django_db
def test_an_unknown_address_under_api_answers_json(client: Client) -> None:
    response = client.get("/api/v1/nothing/here")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.django_db
def test_an_unknown_address_elsewhere_is_a_page_with_a_way_back(client: Client) -> None:
    response = client.get("/nothing/here")
    assert response.status_code == 404
    assert 'href="/"' in response.content.decode()
    assert "nothing/here" not in response.content.decode().split("<main")[1]


@pytest.mark.parametrize(("path", "kind"), [("/api/v1/x", "application/json"), ("/x", "text/html; charset=utf-8")])
def test_a_crash_tells_nothing_and_needs_no_database(path: str, kind: str) -> None:
    response = errors.server_error(RequestFactory().get(path))
    assert (response.status_code, response["Content-Type"]) == (500, kind)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "found"), [("/accounts/login/", "form was not sent from this site")])
def test_a_form_from_elsewhere_is_refused_with_a_page(path: str, found: str) -> None:
    response = Client(enforce_csrf_checks=True).post(path, {"username": "x"})
    assert response.status_code == 403
    assert found in response.content.decode()


def test_the_refusal_of_a_large_body_takes_both_shapes() -> None:
    page: Any = errors.too_large("/", 20 * 2**20)
    assert (page.status_code, "20 MB" in page.content.decode()) == (413, True)
    assert b'"too_large"' in errors.too_large("/api/v1/x", 20 * 2**20).content
