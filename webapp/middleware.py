"""What our own libraries refuse, raised in a plain view, as a page or JSON with the status of webapp/errors.py."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ml.errors import MLError
from search.errors import SearchError
from webapp import errors


class RefusalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        known = errors.classify(exception) if isinstance(exception, (SearchError, MLError)) else None
        return errors.answer(request, *known, str(exception)) if known else None
