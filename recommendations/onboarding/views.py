"""The page that gets to know a new shopper: 20 products, 5 ratings, and a list that grows with each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.answers import is_fragment
from feedback.acting import acting_shopper
from recommendations.onboarding.selectors import onboarding_for


@require_safe
@never_cache
def onboarding(request: HttpRequest) -> HttpResponse:
    """The page; for htmx, after a rating, only what follows the ratings. The stars stay where they are."""
    found = onboarding_for(acting_shopper(request), now=timezone.now())
    is_part = is_fragment(request)
    template = "recommendations/_onboarding_list.html" if is_part else "recommendations/onboarding.html"
    response = render(request, template, {"onboarding": found, "is_part": is_part})
    response["Vary"] = "Cookie, HX-Request"
    return response
