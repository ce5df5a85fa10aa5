"""Recommendations over REST."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.lookups import SKU, product_or_404
from catalog.api.queries import checked_query
from catalog.models import Product
from feedback.api.access import reachable_shopper
from feedback.api.views import SHOPPER_ID
from recommendations.api.lists import answered, question_of
from recommendations.api.queries import (
    OnboardingQuery,
    RecommendationQuery,
    SimilarQuery,
    TogetherQuery,
    TrendingQuery,
)
from recommendations.api.serializers import LiveModelAnswer, OnboardingList, RecommendationList
from recommendations.onboarding.selectors import questions
from recommendations.registry import live_version
from recommendations.serving.results import Recommendations
from recommendations.serving.service import bought_together, similar_to, trending
from recommendations.serving.snapshot import current

TAG = ["Recommendations"]
NO_MODEL = "No model is live yet. Train one in the admin or with `manage.py train_model`."


@method_decorator(never_cache, name="dispatch")
class ShopperRecommendations(APIView):
    @extend_schema(
        tags=TAG,
        summary="Recommend products to a shopper",
        operation_id="list_recommendations",
        parameters=[SHOPPER_ID, RecommendationQuery],
        responses=RecommendationList,
    )
    def get(self, request: Request, shopper_id: str) -> HttpResponse:
        """The shopper's list as of now: a rating given a second ago is in it.

        A shopper nobody knows, or without any feedback, gets the list everybody gets; `strategy` says so.
        """
        query_string = request.META.get("QUERY_STRING", "")
        snapshot = current()
        question_of(query_string, snapshot.catalogue)  # a bad one is told of before anything else
        body = answered(
            reachable_shopper(request, shopper_id), query_string,
            root=f"{request.scheme}://{request.get_host()}", now=timezone.now(), snapshot=snapshot,
        )  # fmt: skip
        return HttpResponse(body, content_type="application/json")


class SimilarProducts(APIView):
    @extend_schema(
        tags=TAG,
        summary="Products like this one",
        operation_id="list_similar_products",
        parameters=[SKU, SimilarQuery],
        responses=RecommendationList,
    )
    def get(self, request: Request, sku: str) -> Response:
        """By the live model; from the same department (`same_category`) when it does not know the product."""
        asked = checked_query(SimilarQuery, request)
        answer = similar_to(_public_product(sku), now=timezone.now(), limit=asked["limit"])
        return _answer(request, answer, asked)


class BoughtTogether(APIView):
    @extend_schema(
        tags=TAG,
        summary="Products bought together with this one",
        operation_id="list_bought_together",
        parameters=[SKU, TogetherQuery],
        responses=RecommendationList,
    )
    def get(self, request: Request, sku: str) -> Response:
        """What was in the same orders more often than by chance; empty when nothing was."""
        asked = checked_query(TogetherQuery, request)
        answer = bought_together(_public_product(sku), now=timezone.now(), limit=asked["limit"])
        return _answer(request, answer, asked)


class Trending(APIView):
    @extend_schema(
        tags=TAG,
        summary="What shoppers turn to lately",
        operation_id="list_trending",
        parameters=[TrendingQuery],
        responses=RecommendationList,
    )
    def get(self, request: Request) -> Response:
        """The same for everybody."""
        asked = checked_query(TrendingQuery, request)
        answer = trending(now=timezone.now(), limit=asked["limit"], category=asked.get("category"))
        return _answer(request, answer, asked)


class OnboardingQuestions(APIView):
    @extend_schema(
        tags=TAG,
        summary="Products to ask a new shopper about",
        operation_id="list_onboarding_products",
        parameters=[OnboardingQuery],
        responses=OnboardingList,
    )
    def get(self, request: Request) -> Response:
        """Known to many, judged differently and from all over the shop: a few ratings of these say most.

        The same for everybody. Send each answer as a rating; the shopper's next list follows it.
        """
        asked = checked_query(OnboardingQuery, request)
        found = questions(now=timezone.now(), limit=asked["limit"])
        return Response(OnboardingList(found, context={"request": request}).data)


class LiveModel(APIView):
    @extend_schema(
        tags=["Models"],
        summary="The model that serves now",
        operation_id="get_live_model",
        responses={
            HTTPStatus.OK: LiveModelAnswer,
            HTTPStatus.NOT_FOUND: OpenApiResponse(description="No model is live."),
        },
    )
    def get(self, request: Request) -> Response:
        """Its age, what it learned from, and how it did beside the baselines."""
        version = live_version()
        if version is None:
            raise NotFound(NO_MODEL)
        return Response(LiveModelAnswer(version, context={"now": timezone.now()}).data)


def _public_product(sku: str) -> Product:
    return product_or_404(sku, Product.objects.public().select_related("category__parent"))


def _answer(request: Request, answer: Recommendations, asked: dict[str, Any]) -> Response:
    context = {"request": request, "explain": asked["explain"]}
    return Response(RecommendationList(answer, context=context).data)
