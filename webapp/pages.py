"""Small pages that belong to no app."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static


def favicon(request: HttpRequest) -> HttpResponse:
    """For pages that don't name an icon, such as the admin's."""
    return redirect(static("base/img/favicon.svg"))
