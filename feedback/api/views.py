"""Ratings and events over REST."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.lookups import SKU, product_or_404
from catalog.api.pagination import StrictLimitOffset
from feedback.api import rows
from feedback.api.access import reachable_or_new_shopper, reachable_shopper
from feedback.api.fields import MAX_LENGTH
from feedback.api.serializers import EventRow, RatingRow, RatingValue, RowResult, ShopperRating
from feedback.models import Event, Rating, new_idempotency_key
from feedback.selectors import ratings_with_products
from feedback.services import NewEvent, NewRating, Outcome, rate_many, rate_unless_same, record_events, unrate

SCOPE = "feedback"
SHOPPER_ID = OpenApiParameter(
    "shopper_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description=f"The shopper's id in the shop: up to {MAX_LENGTH} characters, URL-encoded, no slash.",
)
STATUSES = {HTTPStatus.OK: RowResult(many=True), HTTPStatus.MULTI_STATUS: RowResult(many=True)}
OUTCOMES: dict[Outcome, dict[str, str]] = {
    Outcome.CREATED: {"status": "created"},
    Outcome.UPDATED: {"status": "updated"},
    Outcome.ALREADY_STORED: {"status": "duplicate", "detail": "This very rating is stored already."},
    Outcome.OLDER: {"status": "duplicate", "detail": "A newer rating is stored; it stays."},
    Outcome.OVERTAKEN: {
        "status": "duplicate",
        "detail": "Another row of this list is newer; that one counts.",
    },
}


@method_decorator(never_cache, name="dispatch")
@extend_schema_view(
    get=extend_schema(
        tags=["Feedback"],
        summary="List a shopper's ratings",
        operation_id="list_shopper_ratings",
        parameters=[SHOPPER_ID],
    )
)
class ShopperRatings(ListAPIView[Rating]):
    """What a shopper has rated, newest first. An unknown shopper has rated nothing."""

    serializer_class = ShopperRating
    pagination_class = StrictLimitOffset
    filter_backends = ()
    queryset = Rating.objects.none()

    def get_queryset(self) -> QuerySet[Rating]:
        if getattr(self, "swagger_fake_view", False):
            return Rating.objects.none()
        return ratings_with_products(reachable_shopper(self.request, self.kwargs["shopper_id"]))


@method_decorator(never_cache, name="dispatch")
class RatingOfShopper(APIView):
    throttle_scope = SCOPE

    @extend_schema(
        tags=["Feedback"],
        summary="Give or change a rating",
        operation_id="put_rating",
        parameters=[SHOPPER_ID, SKU],
        request=RatingValue,
        responses={HTTPStatus.OK: ShopperRating, HTTPStatus.CREATED: ShopperRating},
    )
    def put(self, request: Request, shopper_id: str, sku: str) -> Response:
        """The shopper's next list reflects it. 201 for the first rating of this product, 200 for a change.

        A shopper nobody knew is made: a shop knows its shoppers. Sending the same again changes nothing.
        """
        now = timezone.now()
        body = RatingValue(data=request.data)
        body.is_valid(raise_exception=True)
        product = product_or_404(sku)
        value = body.validated_data["value"]
        with reachable_or_new_shopper(request, shopper_id, now=now) as shopper:
            rating, outcome = rate_unless_same(shopper=shopper, product=product, value=value, now=now)
        rating.product = product
        status = HTTPStatus.CREATED if outcome is Outcome.CREATED else HTTPStatus.OK
        return Response(ShopperRating(rating).data, status=status)

    @extend_schema(
        tags=["Feedback"],
        summary="Take a rating back",
        operation_id="delete_rating",
        parameters=[SHOPPER_ID, SKU],
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def delete(self, request: Request, shopper_id: str, sku: str) -> Response:
        """204 whether or not there was one: afterwards there is none."""
        product = product_or_404(sku)
        shopper = reachable_shopper(request, shopper_id)
        if shopper is not None:
            unrate(shopper=shopper, product=product, now=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)


class RatingList(APIView):
    throttle_scope = SCOPE

    @extend_schema(
        tags=["Feedback"],
        summary="Send many ratings",
        operation_id="post_ratings",
        request=RatingRow(many=True),
        responses=STATUSES,
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 at once, a result per row. A bad row stops no other: 207 then, 200 when all were taken.

        Of several ratings for one shopper and product the newest counts, among equally new ones the last. An
        older one than is stored changes nothing.
        """
        now = timezone.now()
        sent = rows.rows_of(request)
        # All or nothing: without their ratings the shoppers of the list are not made either.
        with transaction.atomic():
            good, results = rows.sorted_out(sent, RatingRow(context={"now": now}), request, now=now)
            ratings = [
                NewRating(row.shopper, row.product, row.values["value"], row.values.get("rated_at", now))
                for row in good
            ]
            outcomes = rate_many(ratings, now=now)
        results += [
            {"index": row.index, **OUTCOMES[outcome]} for row, outcome in zip(good, outcomes, strict=True)
        ]
        return rows.answer(results)


class EventList(APIView):
    throttle_scope = SCOPE

    @extend_schema(
        tags=["Feedback"],
        summary="Send many events",
        operation_id="post_events",
        request=EventRow(many=True),
        responses=STATUSES,
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 at once, a result per row. A bad row stops no other: 207 then, 200 when all were taken.

        With an `idempotency_key` an event can safely be sent again: it is stored once.
        """
        now = timezone.now()
        sent = rows.rows_of(request)
        first_of: dict[str, rows.GoodRow] = {}
        with transaction.atomic():
            good, results = rows.sorted_out(sent, EventRow(context={"now": now}), request, now=now)
            for row in good:
                first_of.setdefault(row.values.setdefault("idempotency_key", new_idempotency_key()), row)
            fresh = record_events([_event(row, now) for row in first_of.values()])
        results += [_event_result(row, first_of, fresh) for row in good]
        return rows.answer(results)


def _event(row: rows.GoodRow, now: Any) -> NewEvent:
    values = row.values
    return NewEvent(
        shopper=row.shopper,
        product=row.product,
        kind=Event.Kind(values["kind"]),
        occurred_at=values.get("occurred_at", now),
        idempotency_key=values["idempotency_key"],
        quantity=values["quantity"],
        order_ref=values["order_ref"],
    )


def _event_result(row: rows.GoodRow, first_of: dict[str, rows.GoodRow], fresh: set[str]) -> rows.Result:
    key = row.values["idempotency_key"]
    if key in fresh and first_of[key] is row:
        return {"index": row.index, "status": "created"}
    return {
        "index": row.index,
        "status": "duplicate",
        "detail": "An event with this idempotency key is stored already.",
    }
