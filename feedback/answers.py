"""What the shop says back to feedback: a line in the page's status region, or on the next page."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import Truncator

from catalog.models import Product
from feedback.models import Shopper

# The event that a page's lists wait for to fetch themselves again.
CHANGED = "feedback-changed"


@dataclass(frozen=True)
class Said:
    """One line to the shopper."""

    text: str
    is_error: bool = False

    @classmethod
    def failed(cls, text: str) -> Said:
        return cls(text, is_error=True)

    @classmethod
    def rated(cls, product: Product, value: int, *, shopper: Shopper, looked_up: str) -> Said:
        who = f"Shopper {looked_up}" if looked_up else "You"
        if not value:
            did = f"The rating of {_title(product)} is taken back."
        else:
            did = f"{who} rated {_title(product)} {value} star{'' if value == 1 else 's'}."
        # Without consent no list follows the rating, so none is said to.
        if not shopper.consent:
            return cls(f"{did} Personal lists are switched off.")
        return cls(f"{did} {'The' if looked_up else 'Your'} list is updated.")

    @classmethod
    def dismissed(cls, product: Product) -> Said:
        return cls(f"{_title(product)} will not be recommended again.")

    @classmethod
    def nothing_to_take_back(cls, product: Product) -> Said:
        return cls(f"There was no rating of {_title(product)} to take back.")


def answer(
    request: HttpRequest, said: Said, *, changed: Product | None = None, undo: int | None = None
) -> HttpResponse:
    """Answer in place (htmx) or by going back to the page (a plain form).

    changed: the product the feedback was about, when it changed anything; undo: the stars there were before.
    """
    if request.headers.get("HX-Request") == "true":
        context = {
            "said": said, "product": changed, "undo": undo, "shopper": request.POST.get("shopper", "")
        }  # fmt: skip
        response = render(request, "feedback/_said.html", context, status=400 if said.is_error else 200)
        if changed is not None:
            response["HX-Trigger"] = CHANGED
        return response
    messages.add_message(request, messages.ERROR if said.is_error else messages.SUCCESS, said.text)
    return redirect(_safe_next(request))


def _safe_next(request: HttpRequest) -> str:
    """Where the form was, if that is a page of this site."""
    following = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        following, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return following if is_ours else reverse("catalog:products")


def _title(product: Product) -> str:
    return f"“{Truncator(product.title).chars(60)}”"
