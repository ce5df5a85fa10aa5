"""Who may call the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # REST framework imports this module while it defines APIView
    from rest_framework.views import APIView


class OpenOrKeyOrStaff(BasePermission):
    """Everybody where the API is open (the demo); elsewhere API keys and signed-in staff."""

    message = "This account may not use the API: sign in as staff, or send an API key."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return (
            bool(settings.SHOPRECO_OPEN_API)
            or request.auth is not None
            or bool(getattr(request.user, "is_staff", False))
        )
