"""The pages that recommend: home, and the list of one shopper."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from feedback.acting import looked_up, may_look_up, visitor_of
from feedback.models import Shopper
from feedback.selectors import ids_like, suggest_shoppers
from recommendations.forms import RecommendationsForm
from recommendations.home import home_rails
from recommendations.serving.results import Recommendations
from recommendations.serving.service import recommend_for

PAGE_SIZE = 24


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, the shopper id box, and rails without a product twice."""
    rails = home_rails(visitor_of(request), now=timezone.now())
    context = {
        "rails": rails,
        "items": [item for rail in rails for item in rail.items],
        "is_personal": any(rail.key == "for-you" for rail in rails),
        "suggestions": suggest_shoppers("") if may_look_up(request) else [],
    }
    return render(request, "recommendations/home.html", context)


@require_safe
def recommendations(request: HttpRequest) -> HttpResponse:
    """A shopper's list: the visitor's, or that of the shopper asked for (`?shopper=`) where it is allowed."""
    asked = looked_up(request)
    if asked is not None and not asked.is_allowed:
        raise PermissionDenied("Another shopper's recommendations are theirs alone.")
    shopper = visitor_of(request) if asked is None else asked.shopper
    form = RecommendationsForm(request.GET)
    form.is_valid()
    found, page = _page_of(shopper, form, wanted=request.GET.get("page", ""), now=timezone.now())
    is_unknown = asked is not None and asked.shopper is None
    context = {
        "form": form, "found": found, "page": page, "asked": asked, "is_unknown": is_unknown,
        "suggestions": ids_like(asked.external_id) if asked is not None and is_unknown else [],
    }  # fmt: skip
    return render(request, "recommendations/recommendations.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Shopper ids that begin with what was typed, as options of a list."""
    if not may_look_up(request):
        raise PermissionDenied("Looking up shopper ids is switched off in this shop.")
    beginning = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    return render(request, "recommendations/_suggestions.html", {"suggestions": suggest_shoppers(beginning)})


def _page_of(
    shopper: Shopper | None, form: RecommendationsForm, *, wanted: str, now: datetime
) -> tuple[Recommendations, Page[int]]:
    """One page of the list; the last one when there are not that many."""
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 5 and int(wanted) else 1

    def at(number: int) -> Recommendations:
        return recommend_for(
            shopper, now=now, filters=form.filters(), sort=form.order(),
            limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE,
        )  # fmt: skip

    found = at(number)
    page = Paginator(range(found.total), PAGE_SIZE).get_page(number)
    return (found if page.number == number else at(page.number)), page
