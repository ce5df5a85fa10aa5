"""Lists and models as the API shows them."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from rest_framework import serializers

from catalog.api.serializers import ProductSummary
from recommendations.models import ModelVersion
from recommendations.onboarding.selectors import WANTED, Questions
from recommendations.registry import age
from recommendations.serving.results import DIGITS, Item, Reason, Recommendations, Strategy


class Explanation(serializers.Serializer[Reason]):
    """What an item rests on, computed from the very scores it was ranked by."""

    product = serializers.CharField(
        source="product.sku", allow_null=True, help_text="The SKU it rests on, null if none."
    )
    share = serializers.FloatField(
        allow_null=True, help_text="How much of the history's push towards the item comes from it, 0 to 1."
    )


class RecommendedItem(ProductSummary):
    """A product in a list: the product's own fields, and how it got there."""

    score = serializers.FloatField(help_text="Higher is better; comparable within this list only.")
    predicted_rating = serializers.FloatField(
        allow_null=True,
        help_text="The stars the shopper is expected to give, or null when the model cannot say.",
    )
    reason = serializers.CharField(help_text="Why it is here, in words for the shopper.")
    explored = serializers.BooleanField(
        help_text="Whether it is here to be tried: few have met it, and its texts suit the shopper."
    )
    explanation = Explanation(required=False, help_text="With explain=1 only.")

    @cached_property
    def _summary(self) -> ProductSummary:
        return ProductSummary(context=self.context)

    def to_representation(self, instance: Item) -> dict[str, Any]:  # type: ignore[override]
        shown, stars = self._summary.to_representation(instance.product), instance.predicted_rating
        shown |= {
            "score": float(format(instance.score, DIGITS)),
            "predicted_rating": None if stars is None else float(format(stars, DIGITS)),
            "reason": instance.reason.text,
            "explored": instance.explored,
        }
        if self.context.get("explain"):
            shown["explanation"] = Explanation(instance.reason).data
        return shown


class RecommendationList(serializers.Serializer[Recommendations]):
    """A list, and how it came about."""

    strategy = serializers.ChoiceField(
        [strategy.value for strategy in Strategy],
        help_text=(
            "personal: from the shopper's history. popular, trending, newest: the list everybody gets. "
            "similar, described_alike, same_category, bought_together: from a product."
        ),
    )
    model_version = serializers.IntegerField(
        allow_null=True, help_text="The model that was live; null when it took none."
    )
    generated_at = serializers.DateTimeField()
    total = serializers.IntegerField(help_text="How many items the whole list has.")
    items = RecommendedItem(many=True)


class OnboardingList(serializers.Serializer[Questions]):
    """What to ask a new shopper about."""

    model_version = serializers.IntegerField(
        allow_null=True, help_text="The model whose feedback they are chosen by; null when there is none."
    )
    wanted = serializers.SerializerMethodField(help_text="How many ratings are enough to go on.")
    items = ProductSummary(source="products", many=True)

    def get_wanted(self, questions: Questions) -> int:
        return WANTED


class LiveModelAnswer(serializers.Serializer[ModelVersion]):
    """The model that serves now."""

    version = serializers.IntegerField(source="pk")
    algorithm = serializers.CharField()
    created_at = serializers.DateTimeField(help_text="When it was trained.")
    published_at = serializers.DateTimeField(allow_null=True, help_text="When it was made live.")
    age_seconds = serializers.SerializerMethodField(help_text="Since it was trained.")
    data_watermark = serializers.DateTimeField(help_text="Feedback up to here was learned from.")
    shoppers = serializers.IntegerField(source="shopper_count", help_text="How many it learned from.")
    products = serializers.IntegerField(source="product_count", help_text="How many it can recommend.")
    interactions = serializers.IntegerField(source="interaction_count")
    metrics: Any = serializers.JSONField(help_text="On a time split, beside the baselines'.")

    def get_age_seconds(self, version: ModelVersion) -> int:
        now: datetime = self.context["now"]
        return age(version.created_at, now=now)
