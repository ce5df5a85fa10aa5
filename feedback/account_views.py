"""Your account: what the shop keeps of whoever asks, to be looked at, taken back, taken along and deleted.

All of it works for visitors without an account too. Ratings can be looked at for a shopper looked up, where
that is allowed; everything else is one's own alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.limits import limited
from catalog.models import Product
from catalog.orders import orders_of
from feedback.acting import acting_shopper, looked_up, visitor_of
from feedback.erasing import forget_requester, set_consent
from feedback.export import everything_about
from feedback.forms import ConsentForm, ForgetForm
from feedback.identity import shopper_for_feedback
from feedback.models import Event
from feedback.selectors import ratings_with_products, standing_rows

PER_PAGE = 50
SORTS = {
    "newest": "-rated_at",
    "oldest": "rated_at",
    "best": "-value",
    "worst": "value",
    "title": "product__title",
}


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How much there is of what, with the ways to it."""
    shopper = visitor_of(request)
    context = {
        "section": "overview",
        "shopper": shopper,
        "ratings": ratings_with_products(shopper).count(),
        "wishes": standing_rows(shopper, Event.Kind.WISHLIST).count(),
        "dismissals": standing_rows(shopper, Event.Kind.DISMISS).count(),
        "orders": orders_of(request).count(),
        "latest": list(orders_of(request)[:1]),
    }
    return render(request, "feedback/account.html", context)


@never_cache
@require_safe
def my_ratings(request: HttpRequest) -> HttpResponse:
    """The visitor's own ratings, newest first unless asked otherwise, with stars to change them."""
    asked = looked_up(request)
    if asked is not None and not asked.is_allowed:
        raise PermissionDenied("These ratings are somebody else's.")
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "newest"
    ratings = ratings_with_products(acting_shopper(request)).order_by(SORTS[sort], "-rated_at", "-pk")
    page = Paginator(ratings, PER_PAGE).get_page(request.GET.get("page"))
    values = {rating.product_id: rating.value for rating in page}
    context = {"page": page, "values": values, "section": "ratings", "sort": sort}
    return render(request, "feedback/ratings.html", context)


@never_cache
@require_safe
def wishlist(request: HttpRequest) -> HttpResponse:
    """What the visitor wished for, newest first."""
    page = _products(request, Event.Kind.WISHLIST)
    return render(request, "feedback/wishlist.html", {"page": page, "section": "wishlist"})


@never_cache
@require_safe
def dismissed(request: HttpRequest) -> HttpResponse:
    """What the visitor is not interested in, with undo."""
    page = _products(request, Event.Kind.DISMISS)
    return render(request, "feedback/dismissed.html", {"page": page, "section": "dismissed"})


@never_cache
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Switch personalisation, take the data along, delete it."""
    shopper = visitor_of(request)
    context = {"section": "privacy", "is_personalised": shopper is None or shopper.consent}
    return render(request, "feedback/privacy.html", context)


@require_POST
@limited("feedback")
def switch_personalisation(request: HttpRequest) -> HttpResponse:
    """Personal lists on or off, at once."""
    form = ConsentForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That request was incomplete. Choose on or off.")
        return redirect("feedback:privacy")
    wanted, now = bool(form.cleaned_data["personalised"]), timezone.now()
    with shopper_for_feedback(request, now=now) as shopper:
        set_consent(shopper, wanted, now=now)
    if wanted:
        messages.success(request, "Your lists are personal again.")
    else:
        messages.success(request, "Personalisation is off. You see what everybody sees.")
    return redirect("feedback:privacy")


@never_cache
@require_POST
@limited("export")
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Everything the shop knows of whoever asks, as a JSON file."""
    parts = everything_about(request, visitor_of(request))
    response = StreamingHttpResponse(parts, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="my-shopreco-data.json"'
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@limited("password")
def delete_data(request: HttpRequest) -> HttpResponse:
    """Ask once more, then delete everything at once."""
    form = ForgetForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        with_account = form.cleaned_data.get("scope") == "account"
        forget_requester(request, visitor_of(request), with_account=with_account, now=timezone.now())
        if with_account or not request.user.is_authenticated:
            logout(request)  # ends the session, a visitor's too
        messages.success(
            request, "Your data and your account are deleted." if with_account else "Your data is deleted."
        )
        return redirect("home")
    return render(request, "feedback/delete.html", {"form": form, "section": "privacy"})


def _products(request: HttpRequest, kind: Event.Kind) -> Page[Any]:
    """A page of (product, since) of what the visitor said so of."""
    rows = standing_rows(visitor_of(request), kind)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    products = Product.objects.for_cards().in_bulk([row["product_id"] for row in page])
    page.object_list = [
        {"product": products[row["product_id"]], "since": row["done"]}
        for row in page
        if row["product_id"] in products
    ]
    return page
