"""The query parameters of the lists."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from catalog.api.queries import MAX_OFFSET, category_parameter, limit_parameter, price_parameter
from catalog.models import SKU_PATTERN, Product
from recommendations.engine.onboarding import QUESTIONS
from recommendations.onboarding.selectors import SHOWN
from recommendations.serving.results import Filters, Sort

MAX_EXCLUDED = 200
SIMILAR_LIMIT = 8
TOGETHER_LIMIT = 4
SORTS = {
    Sort.BEST: "best match first",
    Sort.PRICE_UP: "cheapest first",
    Sort.PRICE_DOWN: "dearest first",
    Sort.NEWEST: "newest first",
    Sort.TOP_RATED: "top rated first",
}


class SkusField(serializers.CharField):
    """SKUs with commas between them."""

    default_error_messages = {"too_many": "Name {most} products at most, with commas between them."}

    def to_internal_value(self, data: Any) -> Any:
        skus = {sku.strip() for sku in super().to_internal_value(data).split(",")}
        if len(skus) > MAX_EXCLUDED:
            self.fail("too_many", most=MAX_EXCLUDED)
        return {sku for sku in skus if re.fullmatch(SKU_PATTERN, sku)}


class ListQuery(serializers.Serializer[Any]):
    limit = limit_parameter()
    explain = serializers.BooleanField(
        default=False, help_text="1: also say which product of the shopper's history each item rests on."
    )


class SimilarQuery(ListQuery):
    limit = limit_parameter(SIMILAR_LIMIT)


class TogetherQuery(ListQuery):
    limit = limit_parameter(TOGETHER_LIMIT)


class OnboardingQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        min_value=1, max_value=QUESTIONS, default=SHOWN, help_text="How many products, at most."
    )


class TrendingQuery(ListQuery):
    category = category_parameter()


class RecommendationQuery(ListQuery):
    offset = serializers.IntegerField(
        min_value=0,
        max_value=MAX_OFFSET,
        default=0,
        help_text="How many items to leave out at the beginning.",
    )
    category = category_parameter()
    min_price = price_parameter("Lowest price, inclusive.")
    max_price = price_parameter("Highest price, inclusive.")
    in_stock = serializers.BooleanField(default=True, help_text="false: also what is sold out.")
    # A decimal, because as a float "nan" would pass every limit.
    min_predicted = serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=Decimal(1),
        max_value=Decimal(5),
        required=False,
        help_text="Only products the shopper is expected to give this many stars, 1 to 5.",
    )
    sort = serializers.ChoiceField(
        [(sort.value, words) for sort, words in SORTS.items()],
        default=Sort.BEST.value,
        help_text="The order.",
    )
    exclude = SkusField(
        required=False,
        help_text="SKUs to leave out, with commas between them; unknown ones are ignored.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lowest, highest = attrs.get("min_price"), attrs.get("max_price")
        if lowest is not None and highest is not None and lowest > highest:
            raise serializers.ValidationError({"min_price": "min_price must not be above max_price."})
        return attrs


def filters_of(asked: dict[str, Any]) -> Filters:
    """The checked parameters as the serving's filters."""
    min_predicted = asked.get("min_predicted")
    skus = asked.get("exclude", set())
    excluded = Product.objects.filter(sku__in=skus).values_list("pk", flat=True) if skus else ()
    return Filters(
        category=asked.get("category"),
        min_price=asked.get("min_price"),
        max_price=asked.get("max_price"),
        in_stock=asked["in_stock"],
        min_predicted=None if min_predicted is None else float(min_predicted),
        exclude=frozenset(excluded),
    )
