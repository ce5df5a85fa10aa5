"""What completes a basket, as a part of the basket's page or as a page of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.answers import is_fragment
from catalog.basket import basket_of, lines_of
from recommendations.serving.complete import complete_basket

RAIL_LENGTH = 8


@never_cache
@require_safe
def complete(request: HttpRequest) -> HttpResponse:
    """The rail for whoever asks; nothing at all when nothing goes with their basket."""
    basket = [line.product for line in lines_of(basket_of(request).quantities())]
    found = complete_basket(basket, now=timezone.now(), limit=RAIL_LENGTH)
    template = "recommendations/_complete.html" if is_fragment(request) else "recommendations/complete.html"
    return render(request, template, {"found": found})
