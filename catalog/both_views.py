"""Putting two products that go together into the basket with one press."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.answers import Said, answer, quoted
from catalog.basket import basket_of, note_count, why_not
from catalog.basket_views import CHANGED
from catalog.checkout import BasketForm
from catalog.limits import limited
from catalog.models import Product
from catalog.signals import basket_changed


@require_POST
@limited("basket")
def add_both(request: HttpRequest) -> HttpResponse:
    """One piece of each of two products; what cannot be had is said, and the other goes in all the same."""
    forms = [BasketForm({"sku": sku}) for sku in dict.fromkeys(request.POST.getlist("sku"))]
    if len(forms) != 2:
        return answer(
            request,
            Said.failed("That request was incomplete. Reload the page and try again."),
            otherwise=reverse("catalog:basket"),
        )
    added, troubles = [], []
    for form in forms:
        if not form.is_valid():
            troubles.append(form.first_error())
        elif trouble := _put(request, form.cleaned_data["product"]):
            troubles.append(trouble)
        else:
            added.append(form.cleaned_data["product"])
    words = " ".join([*_said(added), *troubles])
    if not added:
        return answer(request, Said.failed(words), otherwise=reverse("catalog:basket"))
    return answer(
        request, Said(words), trigger=CHANGED, otherwise=reverse("catalog:basket"),
        also="shop/_basket_link.html", context={"basket_count": note_count(request), "is_swapped": True},
    )  # fmt: skip


def _put(request: HttpRequest, product: Product) -> str:
    """One more of the product; why not, if not."""
    basket, now = basket_of(request), timezone.now()
    quantities = basket.quantities()
    if trouble := why_not(product, quantities):
        return trouble
    before = quantities.get(product.pk, 0)
    basket.put(product.pk, before + 1, now=now)
    if not before:
        # robust: a listener that fails is logged and does not cost the shopper the basket.
        basket_changed.send_robust(sender=None, request=request, product=product, is_in=True, now=now)
    return ""


def _said(added: list[Product]) -> list[str]:
    if not added:
        return []
    names = " and ".join(quoted(product) for product in added)
    return [f"{names} {'are' if len(added) > 1 else 'is'} in your basket."]
