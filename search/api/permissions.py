from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class MaySearch(BasePermission):
    """Everyone where PUBLIC_SEARCH is on, else whoever is signed in. Which datasets is `Dataset.objects.visible_to`."""

    message = "Sign in to search: this site is not open to the public."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(settings.PUBLIC_SEARCH or (request.user and request.user.is_authenticated))
