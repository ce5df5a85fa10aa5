"""Ratings and events as the API takes and shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from catalog.models import SKU_PATTERN
from feedback.api.fields import ShopperIdField
from feedback.models import MAX_RATING, MIN_RATING, Event, Rating

CLOCK_TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
ROW_STATUSES = ["created", "updated", "duplicate", "invalid"]
MAX_QUANTITY = 1_000_000


def sku_field() -> serializers.RegexField:
    return serializers.RegexField(
        f"^{SKU_PATTERN}$",
        trim_whitespace=False,
        help_text="The product's SKU.",
        error_messages={"invalid": "A SKU has 1 to 64 letters, digits, dots, dashes and underscores."},
    )


def value_field() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=MIN_RATING, max_value=MAX_RATING, help_text=f"Stars, {MIN_RATING} to {MAX_RATING}."
    )


class PastField(serializers.DateTimeField):
    """When something happened. A little in the future is a clock that runs fast; more is a mistake."""

    default_error_messages = {
        "future": "This is in the future. Send the time it happened, with its time zone, or leave it out.",
        "too_early": "This is before 1970. Send the time it happened, or leave it out.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        when = super().to_internal_value(value)
        now = self.context.get("now") or timezone.now()
        if when > now + CLOCK_TOLERANCE:
            self.fail("future")
        if when < EARLIEST:
            self.fail("too_early")
        return min(when, now)


class RatingValue(serializers.Serializer[Any]):
    """The body of a PUT."""

    value = value_field()


class ShopperRating(serializers.Serializer[Rating]):
    """A rating of one shopper."""

    sku = serializers.CharField(source="product.sku")
    title = serializers.CharField(source="product.title")
    value = value_field()
    rated_at = serializers.DateTimeField()


class RatingRow(serializers.Serializer[Any]):
    """A rating in a list."""

    shopper = ShopperIdField(help_text="The shopper's id in the shop; an unknown one is made.")
    product = sku_field()
    value = value_field()
    rated_at = PastField(required=False, help_text="When it was given; now when left out.")


class EventRow(serializers.Serializer[Any]):
    """An event in a list."""

    shopper = ShopperIdField(help_text="The shopper's id in the shop; an unknown one is made.")
    product = sku_field()
    kind = serializers.ChoiceField(
        Event.Kind.choices,
        help_text="unbasket, unwish and undismiss take back basket, wishlist and dismiss: the later counts.",
    )
    occurred_at = PastField(required=False, help_text="When it happened; now when left out.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    order_ref = serializers.CharField(
        max_length=64, allow_blank=True, default="", help_text="The same for all purchases of one order."
    )
    idempotency_key = serializers.CharField(
        max_length=100,
        required=False,
        help_text="Of your choice: an event with a known key is not stored again.",
    )


class RowError(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Empty when it is about the whole row.")
    detail = serializers.CharField()


class RowResult(serializers.Serializer[Any]):
    """What became of one row."""

    index = serializers.IntegerField(help_text="The row's place in the list, from 0.")
    status = serializers.ChoiceField(
        ROW_STATUSES,
        help_text="duplicate: nothing had to be stored. invalid: nothing could be stored.",
    )
    detail = serializers.CharField(required=False, help_text="Why a row was a duplicate.")
    errors = RowError(  # type: ignore[assignment]
        many=True, required=False, help_text="What is wrong with an invalid row."
    )
