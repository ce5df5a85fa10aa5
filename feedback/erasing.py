"""Forgetting shoppers, and leaving them out: what the law and good manners ask of a shop that remembers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest

from catalog.basket import basket_of, note_count
from catalog.order_models import Order
from catalog.orders import anonymise, orders_of
from feedback import outbox
from feedback.models import Rating, Shopper
from feedback.services import recount_ratings
from feedback.signals import shoppers_forgotten

FORGOTTEN = "shoppers_forgotten"
# A list that was being made at the moment of the forgetting is cached by then, or never.
LAST_ANSWER = timedelta(seconds=60)


def set_consent(shopper: Shopper, consent: bool, *, now: datetime) -> None:
    """Switch personal lists on or off; what is cached for the shopper is not found again, and dropped."""
    with transaction.atomic():
        Shopper.objects.filter(pk=shopper.pk).update(
            consent=consent, feedback_version=F("feedback_version") + 1
        )
        if not consent:
            # A process may still know its name, for when the database is away.
            note_forgotten([shopper.pk], now=now)
    shopper.consent = consent


def forget(shoppers: QuerySet[Shopper], *, now: datetime) -> int:
    """Delete shoppers with all they did, and take their stars out of the products' averages; how many.

    What others keep of them, such as cached lists, they are told to drop until they have (`feedback.outbox`).
    """
    with transaction.atomic():
        # Feedback that comes in meanwhile waits, so that none is left behind.
        ids = list(shoppers.select_for_update().order_by("pk").values_list("pk", flat=True))
        rated = Rating.objects.filter(shopper__in=ids)
        product_ids = list(rated.values_list("product_id", flat=True).distinct())
        Shopper.objects.filter(pk__in=ids).delete()
        recount_ratings(product_ids)
        note_forgotten(ids, now=now)
    return len(ids)


def note_forgotten(shopper_ids: list[int], *, now: datetime) -> None:
    """Have all that is kept of these shoppers elsewhere dropped after the commit."""
    if shopper_ids:
        outbox.post(FORGOTTEN, {"shopper_ids": shopper_ids}, now=now)


@outbox.handles(FORGOTTEN, until=LAST_ANSWER)
def tell_of_the_forgotten(payload: outbox.Payload) -> None:
    """Tell every listener; raises what the first one raised, for another try."""
    answers = shoppers_forgotten.send_robust(sender=None, shopper_ids=payload["shopper_ids"])
    for _, answer in answers:
        if isinstance(answer, Exception):
            raise answer


def forget_requester(
    request: HttpRequest, shopper: Shopper | None, *, with_account: bool, now: datetime
) -> None:
    """Everything the shop knows of whoever asks, at once: feedback, basket, and the person in their orders.

    Orders stay as sums without a person: the shop has to keep its books, and stock has left the house.
    with_account: the account that is signed in goes too.
    """
    with transaction.atomic():
        if shopper is not None:
            forget(Shopper.objects.filter(pk=shopper.pk), now=now)
        anonymise(Order.objects.filter(pk__in=orders_of(request).values("pk")), now=now)
        basket_of(request).clear()
        note_count(request)
        if with_account and request.user.is_authenticated:
            request.user.delete()
