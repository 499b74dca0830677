"""The guests' pages speak their visitor's language; the rest of the site is English."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

YEAR = 365 * 24 * 3600
View = Callable[..., HttpResponse]


def translated(view: View) -> View:
    """By ?lang=, which a cookie then keeps, or else by that cookie, or by what the browser says."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("lang", "")
        chosen = wanted if wanted in dict(settings.LANGUAGES) else ""
        with translation.override(chosen or translation.get_language_from_request(request)):
            response = view(request, *args, **kwargs)
            response["Content-Language"] = translation.get_language()
        if chosen:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure()
            )
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    return speaking
