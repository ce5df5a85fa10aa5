"""The basket's link in the header, and the form that fills it."""

from __future__ import annotations

from typing import Any

from django import template

from catalog.basket import most_of, shown_count
from catalog.models import Product

register = template.Library()
# More of one thing at once is chosen in the basket.
CHOICES = 10


@register.inclusion_tag("shop/_basket_link.html", takes_context=True)
def basket_link(context: template.Context) -> dict[str, Any]:
    """The link to the basket with how many pieces are in it."""
    request = context.get("request")
    is_known = hasattr(request, "session") and hasattr(request, "user")
    return {"basket_count": shown_count(request) if request is not None and is_known else 0}


@register.inclusion_tag("shop/_add.html", takes_context=True)
def add_to_basket(context: template.Context, product: Product, is_small: bool = False) -> dict[str, Any]:
    """The form that puts a product into the basket: a button, on its own page with a quantity."""
    most = most_of(product)
    return {
        "product": product,
        "most": most,
        "choices": range(1, min(most, CHOICES) + 1),
        "is_small": is_small,
        "next": context["request"].get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
