"""Lists of recommendations on a product's page, and their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils import timezone

from catalog.models import Product
from feedback.acting import looked_up, visitor_of
from feedback.selectors import events_of
from recommendations.about import percentage
from recommendations.conf import conf
from recommendations.serving.rails import product_rails
from recommendations.serving.results import Item, Recommendations, Strategy
from recommendations.spread import Spread, spread_of

register = template.Library()
SIMILAR, TOGETHER, RECENT = 12, 4, 12

STRATEGY_WORDS = {
    Strategy.PERSONAL: "Chosen by the live model from every rating, view and purchase so far",
    Strategy.POPULAR: "Nothing to go on yet: this is what our shoppers like most",
    Strategy.TRENDING: "Nothing to go on yet: this is what shoppers turned to lately",
    Strategy.NEWEST: "Nothing to go on yet: these are the newest products",
    Strategy.SIMILAR: "Liked by the same shoppers",
    Strategy.DESCRIBED_ALIKE: "Described alike",
    Strategy.SAME_CATEGORY: "From the same aisle",
    Strategy.BOUGHT_TOGETHER: "Often in the same order",
}


@dataclass(frozen=True)
class ProductLists:
    """What goes with a product: bought in the same orders, liked by the same shoppers, opened before."""

    together: Recommendations
    similar: Recommendations
    seen: tuple[Item, ...]


@register.simple_tag(takes_context=True)
def product_lists(context: template.Context, product: Product) -> ProductLists:
    """The lists of a product's page; no product is in two of them."""
    settings, shopper = conf(), visitor_of(context["request"])
    events = events_of(shopper.pk, newest=settings.history_events) if shopper and shopper.consent else []
    dismissed = {pk for pk, kind in events if kind == "dismiss"}
    seen = [pk for pk, kind in events if kind in ("view", "click") and pk not in dismissed]
    return ProductLists(
        *product_rails(
            product, now=timezone.now(), together=TOGETHER, similar=SIMILAR, seen=seen, recent=RECENT
        )
    )


@register.simple_tag
def rating_spread(product: Product) -> Spread | None:
    """How the product's ratings spread over the stars; None while there are none."""
    return spread_of(product.pk) if product.rating_count else None


@register.filter
def strategy_words(strategy: Strategy) -> str:
    """How a list came about, in plain words."""
    return STRATEGY_WORDS[strategy]


@register.inclusion_tag("recommendations/_why.html", takes_context=True)
def why(context: template.Context, item: Item, can_dismiss: bool = False) -> dict[str, Any]:
    """Why a product is in the list, and what to do about it."""
    request = context["request"]
    asked = looked_up(request)
    return {
        "item": item,
        "can_dismiss": can_dismiss,
        "asked": asked if asked is not None and asked.shopper is not None else None,
        "next": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }


register.filter("percentage", percentage)


@register.filter
def percent(share: float) -> str:
    """A share as a whole percentage; what is there but rounds to nothing is said to be below one."""
    return "<1 %" if 0 < share < 0.01 else f"{round(100 * share)} %"


@register.filter
def bounded(share: float) -> str:
    """A share as the value of a meter from 0 to 1, whatever the language of the page."""
    return f"{min(max(share, 0.0), 1.0):.3f}"
