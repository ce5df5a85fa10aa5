"""What a list of recommendations can be narrowed to and sorted by."""

from __future__ import annotations

from django import forms

from catalog.forms import ListFilterForm
from recommendations.serving.results import Filters, Sort


class RecommendationsForm(ListFilterForm):
    """The listing's filters, in stock only by default, and the predicted rating."""

    STOCK = [("", "In stock only"), ("0", "Sold out too")]
    SORT = [
        ("", "Best match"), (Sort.PRICE_UP, "Price, low to high"), (Sort.PRICE_DOWN, "Price, high to low"),
        (Sort.NEWEST, "Newest first"), (Sort.TOP_RATED, "Top rated"),
    ]  # fmt: skip
    PREDICTED = [("", "Any"), ("3", "3 stars or more"), ("3.5", "3.5 or more"), ("4", "4 or more"),
                 ("4.5", "4.5 or more")]  # fmt: skip

    min_predicted = forms.FloatField(
        label="Predicted rating", required=False, min_value=1, max_value=5,
        widget=forms.Select(choices=PREDICTED),
        error_messages={
            "invalid": "This is a number of stars from 1 to 5; it is left out.",
            "min_value": "This is a number of stars from 1 to 5; it is left out.",
            "max_value": "This is a number of stars from 1 to 5; it is left out.",
        },
    )  # fmt: skip
    shopper = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def filters(self) -> Filters:
        """The good part of what was asked for."""
        asked = self.cleaned_data.get
        return Filters(
            category=asked("department"),
            min_price=asked("min_price"),
            max_price=asked("max_price"),
            in_stock=asked("in_stock") != "0",
            min_predicted=asked("min_predicted"),
        )

    def order(self) -> Sort:
        return Sort(self.cleaned_data.get("sort") or Sort.BEST)
