"""The basket's page and its doors: add, change, take out. All of them work as plain forms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.answers import Said, Undo, answer, is_fragment, quoted
from catalog.basket import basket_of, lines_of, most_of, note_count, why_not
from catalog.checkout import BasketForm, ChangeForm
from catalog.limits import limited
from catalog.models import Product
from catalog.signals import basket_changed

CHANGED = "basket-changed"
# What a plain form has just taken out, so that the page can offer to put it back.
REMOVED_KEY = "basket_removed"


@never_cache
@require_safe
def basket_page(request: HttpRequest) -> HttpResponse:
    """What is in the basket, as the shop sees it now."""
    quantities = basket_of(request).quantities()
    lines = lines_of(quantities)
    note_count(request)
    context = {
        "lines": lines,
        "total": sum(line.total for line in lines if not line.trouble),
        "pieces": sum(line.quantity for line in lines),
        "troubles": sum(bool(line.trouble) for line in lines),
        "deleted": len(quantities) - len(lines),
        "removed": request.session.pop(REMOVED_KEY, None) if REMOVED_KEY in request.session else None,
    }
    return render(request, "shop/basket.html", context)


@require_POST
@limited("basket")
def add_to_basket(request: HttpRequest) -> HttpResponse:
    """Put a product in, or more of it; never more than there is."""
    form = BasketForm(request.POST)
    if not form.is_valid():
        return _refused(request, form.first_error())
    product, wanted = form.cleaned_data["product"], form.cleaned_data["quantity"]
    quantities = basket_of(request).quantities()
    if trouble := why_not(product, quantities):
        return _refused(request, trouble)
    before, most = quantities.get(product.pk, 0), most_of(product)
    after = min(before + wanted, most)
    words = f"{quoted(product)} is in your basket" + (f", {after} of it." if after > 1 else ".")
    if after < before + wanted:
        words += f" There are no more than {most}."
    return _changed(request, product, before=before, after=after, words=words)


@require_POST
@limited("basket")
def change_basket(request: HttpRequest) -> HttpResponse:
    """Set a product's quantity, or take it out (0)."""
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _refused(request, form.first_error())
    product, wanted = form.cleaned_data["product"], form.cleaned_data["quantity"]
    quantities = basket_of(request).quantities()
    before = quantities.get(product.pk, 0)
    if not before and not wanted:
        return _refused(request, f"{quoted(product)} was not in your basket.")
    after = min(wanted, most_of(product))
    # What is in already may be had in any number there is; what cannot be had is refused like a new one.
    if wanted and not (before and after) and (trouble := why_not(product, quantities)):
        return _refused(request, trouble)
    if not after:
        words = f"{quoted(product)} is out of your basket."
    elif after < wanted:
        words = f"There are only {after} of {quoted(product)}; they are all in your basket."
    else:
        words = f"{quoted(product)}: {after} in your basket."
    return _changed(request, product, before=before, after=after, words=words)


def _changed(request: HttpRequest, product: Product, *, before: int, after: int, words: str) -> HttpResponse:
    basket, now = basket_of(request), timezone.now()
    basket.put(product.pk, after, now=now)
    if bool(before) != bool(after):
        # robust: a listener that fails is logged and does not cost the shopper the basket.
        basket_changed.send_robust(sender=None, request=request, product=product, is_in=bool(after), now=now)
    if not after and not is_fragment(request):
        request.session[REMOVED_KEY] = {"sku": product.sku, "quantity": before, "title": product.title}
    undo = Undo(reverse("catalog:basket_change"), {"sku": product.sku, "quantity": before})
    return answer(
        request, Said(words), undo=undo, trigger=CHANGED, otherwise=reverse("catalog:basket"),
        also="shop/_basket_link.html", context={"basket_count": note_count(request), "is_swapped": True},
    )  # fmt: skip


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    return answer(request, Said.failed(words), otherwise=reverse("catalog:basket"))
