"""What stands between every request and its view, besides what Django and the packages bring."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from labeling.errors import LabelingError
from ml.errors import MLError
from search.errors import SearchError
from webapp import errors


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, with whole answers: its synchronous streams would make ASGI warn, then collect them all the same."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]  # its own is among the headers, where there is one
        for name, value in found.headers:
            response[name] = value
        return response


class RefusalMiddleware:
    """What our own libraries refuse, raised in a plain view: a page or JSON with the status of webapp/errors.py."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        known = errors.classify(exception) if isinstance(exception, (LabelingError, SearchError, MLError)) else None
        return errors.answer(request, *known, str(exception)) if known else None
