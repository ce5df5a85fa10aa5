"""Ordering what is in the basket, and looking at orders."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.basket import basket_of, lines_of, note_count
from catalog.checkout import AUTOCOMPLETE, CheckoutForm
from catalog.limits import limited
from catalog.order_models import Order
from catalog.orders import PriceChangedError, ShortageError, orders_of, place_order, remember, submit_key

ORDERS_PER_PAGE = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("orders")
def checkout(request: HttpRequest) -> HttpResponse:
    """Who orders, where to, and what; then the order. A form sent twice leads to the same order."""
    if request.method == "POST":
        form = CheckoutForm(request.POST)
        placed = _placed_before(request, form)
        if placed is not None:
            return _thanks(request, placed)
    lines = lines_of(basket_of(request).quantities())
    if not lines or any(line.trouble for line in lines):
        if lines:
            messages.error(request, "Something in your basket cannot be ordered like this.")
        return redirect("catalog:basket")
    total = sum(line.total for line in lines)
    if request.method != "POST":
        form = CheckoutForm(initial=_last_address(request) | {"seen_total": total})
    elif form.is_valid():
        try:
            order = place_order(
                request, quantities={line.product.pk: line.quantity for line in lines}, buyer=form.buyer(),
                seen_total=form.cleaned_data["seen_total"], now=timezone.now(),
                key=submit_key(_owner(request), str(form.cleaned_data["key"])),
            )  # fmt: skip
        except ShortageError as shortage:
            messages.error(request, f"Somebody was faster. {shortage} Nothing was ordered.")
            return redirect("catalog:basket")
        except PriceChangedError:
            messages.error(request, "A price has just changed. Nothing was ordered: look at the new sum.")
            return redirect("catalog:checkout")
        return _thanks(request, order)
    context = {"form": form, "lines": lines, "total": total}
    return render(request, "shop/checkout.html", context)


@never_cache
@require_safe
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    """One order of whoever asks; anybody else's is not there."""
    order = orders_of(request).filter(number=number).first() if "\x00" not in number else None
    if order is None:
        raise Http404("There is no such order of yours.")
    return render(request, "shop/order.html", {"order": order, "is_new": "new" in request.GET})


@never_cache
@require_safe
def my_orders(request: HttpRequest) -> HttpResponse:
    """The orders of whoever asks, newest first."""
    page = Paginator(orders_of(request), ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "shop/orders.html", {"page": page, "section": "orders"})


def _placed_before(request: HttpRequest, form: CheckoutForm) -> Order | None:
    """The order this very form has placed, looked for before its basket is: that is empty by then."""
    if not form.is_valid():
        return None
    key = submit_key(_owner(request), str(form.cleaned_data["key"]))
    return Order.objects.filter(submit_key=key, anonymised_at__isnull=True).first()


def _thanks(request: HttpRequest, order: Order) -> HttpResponse:
    basket_of(request).clear()
    note_count(request)
    remember(request, order)
    return redirect(f"{order.get_absolute_url()}?new=1")


def _owner(request: HttpRequest) -> str:
    user = request.user
    return f"account:{user.pk}" if user.is_authenticated else f"session:{request.session.session_key}"


def _last_address(request: HttpRequest) -> dict[str, object]:
    last = orders_of(request).prefetch_related(None).first()
    if last is not None:
        return {name: getattr(last, name) for name in AUTOCOMPLETE}
    return {"email": request.user.email} if request.user.is_authenticated else {}
