"""Health, schema and documentation of the API, and the answer to addresses it does not have."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shopreco.api.health import Health, look_at_everything
from shopreco.api.serializers import Alive, Readiness

NEVER_CACHED = {"Cache-Control": "no-store"}


class OpenToAll(APIView):
    """For whoever asks, without looking at sessions and keys: those live in the database."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()


class HealthLive(OpenToAll):
    @extend_schema(
        tags=["Health"], summary="Is the process alive?", operation_id="health_live", responses=Alive
    )
    def get(self, request: Request) -> Response:
        """200 whenever the process answers; asks neither database nor cache. For restarting what hangs."""
        return Response({"status": "alive"}, headers=NEVER_CACHED)


class HealthReady(OpenToAll):
    @extend_schema(
        tags=["Health"],
        summary="Can the shop serve?",
        operation_id="health_ready",
        responses={HTTPStatus.OK: Readiness, HTTPStatus.SERVICE_UNAVAILABLE: Readiness},
    )
    def get(self, request: Request) -> Response:
        """200 with a database, `degraded` if Redis, model or worker is missing; 503 without a database."""
        health, checks = look_at_everything(now=timezone.now())
        status = HTTPStatus.SERVICE_UNAVAILABLE if health is Health.UNAVAILABLE else HTTPStatus.OK
        return Response({"status": health, "checks": checks}, status=status, headers=NEVER_CACHED)


class Schema(SpectacularAPIView):
    @extend_schema(
        tags=["Documentation"],
        summary="Read this description",
        operation_id="get_schema",
        parameters=[OpenApiParameter("format", str, enum=["yaml", "json"], description="Instead of Accept.")],
        responses={
            (HTTPStatus.OK, "application/vnd.oai.openapi"): OpenApiTypes.STR,
            (HTTPStatus.OK, "application/vnd.oai.openapi+json"): OpenApiTypes.OBJECT,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The OpenAPI 3.1 description of the API: YAML, or JSON when the Accept header asks for it."""
        return cast(Response, super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI, served from here and within the site's content security policy."""

    template_name = "shopreco/api_docs.html"
    url_name = "api:schema"

    @extend_schema(
        tags=["Documentation"],
        summary="Read this description in a browser",
        operation_id="get_docs",
        responses={(HTTPStatus.OK, "text/html"): OpenApiTypes.STR},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Swagger UI, to read the description and try the routes."""
        return cast(Response, super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]


class UnknownRoute(OpenToAll):
    """Whatever address below /api/ nothing else answers, whatever the method."""

    renderer_classes = (JSONRenderer,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is no such address. GET /api/v1/schema describes those there are.")
