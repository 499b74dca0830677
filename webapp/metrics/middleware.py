"""Counts each request by its view, never by its address: addresses are without end."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from webapp import metrics
from webapp.metrics import pulled


class MetricsMiddleware:
    """The outermost, so that it sees what the others answer too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        view = view_of(request)
        metrics.REQUESTS.labels(view, known(request.method), response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(view).observe(time.perf_counter() - began)
        note_search(request, response)
        pulled.pull()
        return response


def view_of(request: HttpRequest) -> str:
    """The view's name, or its path in the code; "static" for files, "none" for addresses that don't exist."""
    if request.resolver_match:
        return request.resolver_match.view_name
    return "static" if request.path.startswith("/static/") else "none"


def known(method: str | None) -> str:
    """A client may write any word there."""
    return method if method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE") else "other"


def note_search(request: HttpRequest, response: HttpResponse) -> None:
    """An answer to a search as JSON says itself how long it took."""
    data = getattr(response, "data", None)
    if isinstance(data, dict) and "took_ms" in data and request.resolver_match:
        metrics.SEARCH_SECONDS.labels(request.resolver_match.kwargs["slug"]).observe(data["took_ms"] / 1000)
