"""What a shopper does on a page, short of rating: opening a product, and "not interested"."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from catalog.models import Product
from feedback.acting import looked_up, visitor_of
from feedback.models import Event, Shopper
from feedback.services import record_event


def visit(request: HttpRequest, product: Product, *, now: datetime) -> bool:
    """A known shopper opens a product's page; a first-time visitor leaves no row behind.

    A page looked at for somebody else (`?shopper=`) is nobody's visit.
    """
    shopper = visitor_of(request)
    if shopper is None or looked_up(request) is not None:
        return False
    return _once_an_hour(Event.Kind.VIEW, shopper, product, now)


def dismiss(shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """A shopper is not interested in a product."""
    return _once_an_hour(Event.Kind.DISMISS, shopper, product, now)


def _once_an_hour(kind: Event.Kind, shopper: Shopper, product: Product, now: datetime) -> bool:
    """Reloading a page or pressing a button twice says nothing new."""
    key = f"{kind}:{shopper.pk}:{product.pk}:{now:%Y%m%d%H}"
    return record_event(shopper=shopper, product=product, kind=kind, now=now, idempotency_key=key)
