"""What a shopper does on a page, short of rating: opening a product, wishing for it, "not interested"."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from catalog.models import Product
from feedback.acting import looked_up, visitor_of
from feedback.models import TAKEN_BACK_BY, TAKES_BACK, Event, Shopper
from feedback.services import NewEvent, record_event, record_events


def visit(request: HttpRequest, product: Product, *, now: datetime) -> bool:
    """A known shopper opens a product's page; a first-time visitor leaves no row behind.

    A page looked at for somebody else (`?shopper=`) is nobody's visit, and who has switched personalisation
    off is not followed from page to page.
    """
    shopper = visitor_of(request)
    if shopper is None or not shopper.consent or looked_up(request) is not None:
        return False
    # Reloading a page says nothing new.
    key = f"{Event.Kind.VIEW}:{shopper.pk}:{product.pk}:{now:%Y%m%d%H}"
    return record_event(shopper=shopper, product=product, kind=Event.Kind.VIEW, now=now, idempotency_key=key)


def dismiss(shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """A shopper is not interested in a product; False when they have said so already."""
    return switch(Event.Kind.DISMISS, shopper, product, now=now)


def undismiss(shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """The product may be recommended again; False when nothing kept it from it."""
    return switch(Event.Kind.UNDISMISS, shopper, product, now=now)


def wish(shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """Put a product on the wishlist; False when it is there already."""
    return switch(Event.Kind.WISHLIST, shopper, product, now=now)


def unwish(shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """Take a product off the wishlist; False when it is not on it."""
    return switch(Event.Kind.UNWISH, shopper, product, now=now)


def switch(kind: Event.Kind, shopper: Shopper, product: Product, *, now: datetime) -> bool:
    """Do, or take back, what can be taken back; False, with nothing written, when it is so already.

    The key names the event before: of two requests that saw the same state one is written. The time is later
    than that event's even where clocks differ, so that what is done last is what counts.
    """
    done = TAKES_BACK.get(kind, kind)
    pair = (done, TAKEN_BACK_BY[done])
    rows = Event.objects.filter(shopper_id=shopper.pk, product_id=product.pk, kind__in=pair).order_by()
    past = list(rows.values_list("kind", "occurred_at", "pk"))
    did = max((when for each, when, _ in past if each == done), default=None)
    undid = max((when for each, when, _ in past if each != done), default=None)
    stands = did is not None and (undid is None or did > undid)
    if stands == (kind == done):
        return False
    before = max((pk for *_, pk in past), default=0)
    when = max([now, *(at + timedelta(microseconds=1) for _, at, _ in past)])
    key = f"{kind}:{shopper.pk}:{product.pk}:after:{before}"
    return bool(record_events([NewEvent(shopper, product, kind, when, key)]))
