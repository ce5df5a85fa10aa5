"""The pages that recommend: home, and the list of one shopper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feedback.acting import looked_up, may_look_up, visitor_of
from feedback.models import Shopper
from feedback.selectors import ids_like, suggest_shoppers
from recommendations.about import account_links, measures
from recommendations.forms import RecommendationsForm
from recommendations.home import Rail, home_page, is_rail, rail, whole_home
from recommendations.model_facts import live_model_facts
from recommendations.serving.results import Recommendations
from recommendations.serving.service import recommend_for

PAGE_SIZE = 24
# The first of them that there is.
INVITATIONS = ["recommendations/_onboarding_invitation.html", "recommendations/_invitation.html"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, the shopper id box, and rails without a product twice.

    The first rail comes with the page, the others by addresses of their own; `?rails=inline` has all of them.
    """
    make = whole_home if request.GET.get("rails") == "inline" else home_page
    found = make(visitor_of(request), now=timezone.now())
    context = _rails_context(request, found.rails) | {
        "home": found,
        "suggestions": _first_suggestions() if may_look_up(request) else [],
    }
    return render(request, "recommendations/home.html", context)


@require_safe
@never_cache
def all_rails(request: HttpRequest) -> HttpResponse:
    """Every rail of the home page, as the part of it that follows feedback."""
    found = whole_home(visitor_of(request), now=timezone.now())
    context = _rails_context(request, found.rails) | {"home": found}
    return render(request, "recommendations/_rails.html", context)


@require_safe
@never_cache
def one_rail(request: HttpRequest, key: str) -> HttpResponse:
    """One rail of the home page; nothing where it would be empty."""
    if not is_rail(key):
        raise Http404("There is no such rail.")
    found = rail(key, visitor_of(request), now=timezone.now())
    if found is None:
        return HttpResponse("")
    return render(request, "recommendations/_rail.html", _rails_context(request, [found]) | {"rail": found})


def _first_suggestions() -> list[str]:
    """Ids to begin with, read once a minute: everybody gets the same."""
    found = cache.get("first-suggestions")
    if found is None:
        found = suggest_shoppers("")
        cache.set("first-suggestions", found, 60)
    return list(found)


def _rails_context(request: HttpRequest, rails: Sequence[Rail]) -> dict[str, Any]:
    return {"items": [item for rail in rails for item in rail.items], "invitation": INVITATIONS}


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
        "form": form, "departments_read": form.departments, "found": found, "page": page, "asked": asked,
        "is_unknown": is_unknown,
        "suggestions": ids_like(asked.external_id) if asked is not None and is_unknown else [],
    }  # fmt: skip
    return render(request, "recommendations/recommendations.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """How recommendations are made: the model that serves, its figures, and who is in charge."""
    facts = live_model_facts(now=timezone.now())
    context = {"facts": facts, "measures": measures(facts), "links": account_links()}
    return render(request, "recommendations/about.html", context)


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
