"""What the shop says back to a form: a line in the page's status region, or on the next page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import Truncator

from catalog.models import Product


@dataclass(frozen=True)
class Said:
    """One line to the shopper."""

    text: str
    is_error: bool = False

    @classmethod
    def failed(cls, text: str) -> Said:
        return cls(text, is_error=True)


@dataclass(frozen=True)
class Undo:
    """The form that takes back what was just done."""

    action: str
    fields: Mapping[str, object] = field(default_factory=dict)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page it is on."""
    return request.headers.get("HX-Request") == "true"


def answer(
    request: HttpRequest,
    said: Said,
    *,
    otherwise: str,
    undo: Undo | None = None,
    trigger: str = "",
    also: str = "",
    context: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Answer in place (htmx) or by going back to the page (a plain form).

    otherwise: where to go when the form names no page of this site; trigger: the event the page's lists wait
    for; also: a template of parts of the page that change with it (hx-swap-oob), rendered with `context`.
    """
    if is_fragment(request):
        words = {"said": said, "undo": undo, "also": also, **(context or {})}
        response = render(request, "shop/_said.html", words, status=400 if said.is_error else 200)
        if trigger and not said.is_error:
            response["HX-Trigger"] = trigger
        return response
    messages.add_message(request, messages.ERROR if said.is_error else messages.SUCCESS, said.text)
    return redirect(safe_next(request, otherwise=otherwise))


def safe_next(request: HttpRequest, *, otherwise: str) -> str:
    """The page the form names, if it is one of this site."""
    following = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        following, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return following if is_ours else otherwise


def quoted(product: Product) -> str:
    """A product's title in a sentence."""
    return f"“{Truncator(product.title).chars(60)}”"
