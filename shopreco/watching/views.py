"""The door of Prometheus."""

from __future__ import annotations

from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.request import Request
from rest_framework.views import APIView

from shopreco.watching.figures import page


class Metrics(APIView):
    """For staff and API keys; for everybody where the API is open (`authorization: {type: Api-Key}`)."""

    throttle_classes = ()
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(page(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
