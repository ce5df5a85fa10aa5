"""Lists of recommendations on a product's page, and their words."""

from __future__ import annotations

from django import template
from django.utils import timezone

from catalog.models import Product
from recommendations.serving import service
from recommendations.serving.results import Item, Recommendations, Strategy

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


@register.simple_tag
def bought_together(product: Product) -> tuple[Item, ...]:
    """What was bought in the same orders; empty when nothing was."""
    return service.bought_together(product, now=timezone.now(), limit=TOGETHER).items


@register.simple_tag
def similar_products(product: Product, besides: tuple[Item, ...] = ()) -> Recommendations:
    """Products like this one that are not on the page already."""
    shown = {item.product.pk for item in besides}
    found = service.similar_to(product, now=timezone.now(), limit=SIMILAR + len(shown))
    items = tuple(item for item in found.items if item.product.pk not in shown)[:SIMILAR]
    return Recommendations(items, found.total, found.strategy, found.model_version, found.generated_at)


@register.filter
def strategy_words(strategy: Strategy) -> str:
    """How a list came about, in plain words."""
    return STRATEGY_WORDS[strategy]
