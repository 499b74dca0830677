"""Headers and the API's own pages."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
PAGES = ["/", "/accounts/login/", "/nothing", "/api/v1/docs/", "/api/v1/datasets/", "/healthz"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_may_run_inline_script_or_be_framed(client: Client, path: str) -> None:
    policy = client.get(path)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/api/v1/docs/"])
def test_pages_hold_no_inline_script_or_style(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert all("src=" in tag or "json" in tag for tag in html.split("<script")[1:] for tag in [tag.partition(">")[0]])


def test_the_schema_describes_search_and_token(client: Client) -> None:
    schema = json.loads(client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).content)
    assert "/api/v1/token/" in schema["paths"]
    assert "/api/v1/datasets/{slug}/search" in schema["paths"]
