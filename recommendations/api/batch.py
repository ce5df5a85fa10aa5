"""Lists of many shoppers in one request, as mailings and nightly exports need them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.api.queries import limit_parameter
from feedback.api.access import reachable_shoppers
from feedback.api.fields import ShopperIdField
from recommendations.api.bodies import batch_body_of
from recommendations.api.serializers import RecommendationList
from recommendations.serving.batch import listed_for_many
from recommendations.serving.service import Asked
from recommendations.serving.snapshot import current

MOST_SHOPPERS = 1000


class BatchQuery(serializers.Serializer[Any]):
    """Whose lists."""

    shoppers = serializers.ListField(
        child=ShopperIdField(),
        min_length=1,
        max_length=MOST_SHOPPERS,
        help_text=f"Shopper ids, 1 to {MOST_SHOPPERS}. One nobody has gets the list everybody gets.",
    )
    limit = limit_parameter()


class ShopperList(RecommendationList):
    """One of the lists."""

    shopper = serializers.CharField(help_text="The id as it was sent.")


class BatchAnswer(serializers.Serializer[Any]):
    """The lists, in the order of the shoppers."""

    results = ShopperList(many=True)


@method_decorator(never_cache, name="dispatch")
class BatchRecommendations(APIView):
    @extend_schema(
        tags=["Recommendations"],
        summary="Recommend products to many shoppers",
        operation_id="list_recommendations_of_many",
        request=BatchQuery,
        responses=BatchAnswer,
    )
    def post(self, request: Request) -> HttpResponse:
        """Each shopper's list as of now, the same as one by one, in a fraction of the time."""
        asked = BatchQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        names: list[str] = asked.validated_data["shoppers"]
        known = reachable_shoppers(request, names)
        now, snapshot = timezone.now(), current()
        wanted = Asked(limit=asked.validated_data["limit"])
        # Whoever is not known gets the last one, which is nobody's.
        *own, nobodys = listed_for_many([*known.values(), None], wanted, now=now, snapshot=snapshot)
        found = dict(zip(known, own, strict=True))
        root = f"{request.scheme}://{request.get_host()}"
        body = batch_body_of([(name, found.get(name, nobodys)) for name in names], root=root)
        return HttpResponse(body, content_type="application/json")
