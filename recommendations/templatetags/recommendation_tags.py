"""Lists of recommendations on a product's page, and their words."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.utils import timezone

from catalog.models import Product
from recommendations.serving.rails import together_and_similar
from recommendations.serving.results import Recommendations, Strategy

register = template.Library()
SIMILAR, TOGETHER = 12, 4

STRATEGY_WORDS = {
    Strategy.PERSONAL: "Chosen by the live model from every rating, view and purchase so far",
    Strategy.POPULAR: "Nothing to go on yet: this is what our shoppers like most",
    Strategy.TRENDING: "Nothing to go on yet: this is what shoppers turned to lately",
    Strategy.NEWEST: "Nothing to go on yet: these are the newest products",
    Strategy.SIMILAR: "Liked by the same shoppers",
    Strategy.SAME_CATEGORY: "From the same aisle",
    Strategy.BOUGHT_TOGETHER: "Often in the same order",
}


@dataclass(frozen=True)
class ProductLists:
    """What goes with a product: bought in the same orders, and liked by the same shoppers."""

    together: Recommendations
    similar: Recommendations


@register.simple_tag
def product_lists(product: Product) -> ProductLists:
    """The lists of a product's page; no product is in both."""
    return ProductLists(
        *together_and_similar(product, now=timezone.now(), together=TOGETHER, similar=SIMILAR)
    )


@register.filter
def strategy_words(strategy: Strategy) -> str:
    """How a list came about, in plain words."""
    return STRATEGY_WORDS[strategy]
