"""What the shop says back to feedback: a line in the page's status region, or on the next page."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalog.answers import Said, Undo, quoted
from catalog.answers import answer as plain_answer
from catalog.models import Product
from feedback.models import Shopper

# The event that a page's lists wait for to fetch themselves again.
CHANGED = "feedback-changed"


def rated(product: Product, value: int, *, shopper: Shopper, looked_up: str) -> Said:
    """What a rating did."""
    who = f"Shopper {looked_up}" if looked_up else "You"
    if not value:
        did = f"The rating of {quoted(product)} is taken back."
    else:
        did = f"{who} rated {quoted(product)} {value} star{'' if value == 1 else 's'}."
    # Without consent no list follows the rating, so none is said to.
    if not shopper.consent:
        return Said(f"{did} Personal lists are switched off.")
    return Said(f"{did} {'The' if looked_up else 'Your'} list is updated.")


def answer(
    request: HttpRequest,
    said: Said,
    *,
    changed: bool = False,
    undo: Undo | None = None,
    also: str = "",
    context: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Answer in place or by going back to the page; `changed`: whether lists have to be fetched again."""
    return plain_answer(
        request, said, otherwise=reverse("catalog:products"), undo=undo,
        trigger=CHANGED if changed else "", also=also, context=context,
    )  # fmt: skip


def undo_of(request: HttpRequest, door: str, product: Product, **fields: object) -> Undo:
    """The form that sends the same door the opposite, for the same shopper."""
    looked_up = request.POST.get("shopper", "")
    return Undo(reverse(door), {"sku": product.sku, "shopper": looked_up, **fields})
