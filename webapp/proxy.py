"""Whose address a request comes from."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    return nearest(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))


def address_of(scope: dict[str, Any]) -> str:
    """The same of a connection that Django hasn't seen."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return nearest(forwarded, (scope.get("client") or [""])[0])


def nearest(forwarded: str, peer: str) -> str:
    """The peer's; behind our one proxy, the last that it noted. Earlier ones the client wrote itself."""
    noted = forwarded.rpartition(",")[2].strip() if settings.BEHIND_PROXY else ""
    return noted or peer
