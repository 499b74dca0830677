"""Django as uvicorn's application, with a synchronous chain of middleware."""

from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """All our middleware and views are synchronous: a request enters its thread once and comes out answered.

    Django's own handler goes back to the event loop between middleware and view, about 1 ms a request.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answered: Any = sync_to_async(self.get_response, thread_sensitive=True)
        response: HttpResponseBase = await answered(request)
        return response


def application() -> ASGIHandler:
    django.setup(set_prefix=False)
    return OneThreadHandler()
