"""What the rating stars and the "not interested" button send."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.models import Product
from feedback.models import MAX_RATING

GONE = "This product is not in the shop any more."
TROUBLE = "That request was incomplete. Reload the page and try again."
STARS = "A rating is a whole number from 1 to 5."


class FeedbackForm(forms.Form):
    """Which product, and for whom (empty: the visitor). The product is in `cleaned_data["product"]`."""

    sku = forms.CharField(max_length=64, error_messages={"required": TROUBLE, "max_length": GONE})
    shopper = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "sku" in cleaned:
            product = Product.objects.filter(sku=cleaned["sku"]).first()
            if product is None or not (product.is_active or self.takes_back(cleaned)):
                self.add_error("sku", GONE)
            cleaned["product"] = product
        return cleaned

    def takes_back(self, cleaned: dict[str, Any]) -> bool:
        """Whether this takes feedback back, which goes for products out of the shop too."""
        return False

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


class DismissForm(FeedbackForm):
    """ "Not interested" in a product."""


class RateForm(FeedbackForm):
    """Stars for a product; zero takes the rating back."""

    value = forms.IntegerField(
        min_value=0, max_value=MAX_RATING,
        error_messages={
            "required": "Choose 1 to 5 stars first, then save.",
            "invalid": STARS, "min_value": STARS, "max_value": STARS,
        },
    )  # fmt: skip

    def takes_back(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("value") == 0
