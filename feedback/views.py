"""The doors of the pages' feedback: stars, "not interested", and the list of one's own ratings."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback.acting import acting_shopper, look_up, looked_up, visitor_of
from feedback.answers import Said, answer
from feedback.forms import DismissForm, FeedbackForm, RateForm
from feedback.gestures import dismiss
from feedback.identity import ensure_shopper
from feedback.models import Shopper
from feedback.selectors import rating_values, ratings_with_products
from feedback.services import rate, unrate

RATINGS_PER_PAGE = 50


@require_POST
def rate_product(request: HttpRequest) -> HttpResponse:
    """Give, change or (with no stars) take back a rating."""
    form = RateForm(request.POST)
    if refusal := _refusal(request, form):
        return answer(request, refusal)
    now = timezone.now()
    value, product = form.cleaned_data["value"], form.cleaned_data["product"]
    shopper = _shopper(request, form.cleaned_data["shopper"])
    before = rating_values(shopper, [product.pk]).get(product.pk, 0)
    if value:
        shopper = shopper or ensure_shopper(request, now=now)
        rate(shopper=shopper, product=product, value=value, now=now)
    elif shopper is None or not unrate(shopper=shopper, product=product, now=now):
        return answer(request, Said.nothing_to_take_back(product))
    said = Said.rated(product, value, shopper=shopper, looked_up=form.cleaned_data["shopper"])
    return answer(request, said, changed=product, undo=before)


@require_POST
def dismiss_product(request: HttpRequest) -> HttpResponse:
    """Note that a shopper is not interested in a product."""
    form = DismissForm(request.POST)
    if refusal := _refusal(request, form):
        return answer(request, refusal)
    now, product = timezone.now(), form.cleaned_data["product"]
    shopper = _shopper(request, form.cleaned_data["shopper"]) or ensure_shopper(request, now=now)
    dismiss(shopper, product, now=now)
    return answer(request, Said.dismissed(product), changed=product)


@require_safe
def my_ratings(request: HttpRequest) -> HttpResponse:
    """The visitor's own ratings, newest first, with stars to change them."""
    asked = looked_up(request)
    if asked is not None and not asked.is_allowed:
        raise PermissionDenied("These ratings are somebody else's.")
    ratings = ratings_with_products(acting_shopper(request))
    page = Paginator(ratings, RATINGS_PER_PAGE).get_page(request.GET.get("page"))
    values = {rating.product_id: rating.value for rating in page}
    return render(request, "feedback/ratings.html", {"page": page, "values": values})


def _refusal(request: HttpRequest, form: FeedbackForm) -> Said | None:
    """Why the feedback cannot be taken, if so. Raises PermissionDenied for another shopper's history."""
    if not form.is_valid():
        return Said.failed(form.first_error())
    if external_id := form.cleaned_data["shopper"]:
        named = look_up(request, external_id)
        if not named.is_allowed:
            raise PermissionDenied("This is another shopper's history.")
        if named.shopper is None:
            return Said.failed(f"There is no shopper “{external_id}”.")
    return None


def _shopper(request: HttpRequest, external_id: str) -> Shopper | None:
    """The looked-up shopper, else the visitor's own, if there is one yet."""
    return look_up(request, external_id).shopper if external_id else visitor_of(request)
