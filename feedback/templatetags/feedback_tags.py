"""Stars and "not interested" wherever a product is shown, for the visitor or the shopper looked up."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest

from catalog.models import Product
from feedback.acting import LookUp, acting_shopper, looked_up, may_look_up
from feedback.models import MAX_RATING, MIN_RATING
from feedback.selectors import Marks, has_dismissed, marks_on

register = template.Library()
STARS = [(value, f"{value} star{'' if value == 1 else 's'}") for value in range(MIN_RATING, MAX_RATING + 1)]


@register.simple_tag(takes_context=True)
def own_marks(context: template.Context, *groups: Product | Iterable[Any]) -> Marks:
    """The stars and hearts of the page's shopper on every product of the groups, in one query.

    A group is a product, or products, or things that have a `product` (list items).
    """
    ids = _ids_of(groups)
    return marks_on(acting_shopper(context["request"]), ids) if ids else Marks()


@register.inclusion_tag("feedback/_stars.html", takes_context=True)
def rating_stars(context: template.Context, product: Product, ratings: Mapping[int, int]) -> dict[str, Any]:
    """The form that gives, changes or takes back the stars of a product. Once per product and page."""
    return {**_form_context(context), "product": product, "stars": STARS, "value": ratings.get(product.pk, 0)}


@register.inclusion_tag("feedback/_dismiss.html", takes_context=True)
def dismiss_button(context: template.Context, product: Product, is_dismissed: bool = False) -> dict[str, Any]:
    """The "not interested" button of a product."""
    return {**_form_context(context), "product": product, "is_dismissed": is_dismissed}


@register.inclusion_tag("feedback/_wish.html", takes_context=True)
def wish_button(context: template.Context, product: Product, wishes: Container[int]) -> dict[str, Any]:
    """The heart that puts a product on the wishlist and takes it off. Once per product and page."""
    return {**_form_context(context), "product": product, "is_wished": product.pk in wishes}


@register.simple_tag(takes_context=True)
def is_dismissed(context: template.Context, product: Product) -> bool:
    """Whether the page's shopper is not interested in the product."""
    return has_dismissed(acting_shopper(context["request"]), product.pk)


@register.simple_tag(takes_context=True)
def looked_up_shopper(context: template.Context) -> LookUp | None:
    """The shopper this page is looked at for, when that is allowed and they exist; None for the visitor."""
    asked = looked_up(context["request"]) if "request" in context else None
    return asked if asked is not None and asked.shopper is not None else None


@register.simple_tag(takes_context=True)
def shopper_query(context: template.Context) -> str:
    """ "?shopper=ID" while a shopper is looked up, so that the next page shows their stars too."""
    asked = looked_up_shopper(context)
    return f"?{urlencode({'shopper': asked.external_id})}" if asked else ""


@register.simple_tag(takes_context=True)
def look_up_is_open(context: template.Context) -> bool:
    """Whether this visitor may ask for anyone's shopper id."""
    return may_look_up(context["request"])


def _ids_of(groups: Iterable[Product | Iterable[Any]]) -> list[int]:
    things = chain.from_iterable([group] if isinstance(group, Product) else group or () for group in groups)
    return [thing.pk if isinstance(thing, Product) else thing.product.pk for thing in things]


def _form_context(context: template.Context) -> dict[str, Any]:
    request: HttpRequest = context["request"]
    return {
        "asked": looked_up_shopper(context),
        "next": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
