"""The only writer of ratings and events: validate, write, and tell the rest after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Sum

from catalog.models import Product
from feedback.models import MAX_RATING, MIN_RATING, Event, Rating, RatingChange, Shopper
from feedback.signals import feedback_recorded


@dataclass(frozen=True)
class NewEvent:
    """An event to be written; the same idempotency key is written once only."""

    shopper: Shopper
    product: Product
    kind: Event.Kind
    occurred_at: datetime
    idempotency_key: str
    quantity: int = 1
    order_ref: str = ""


def rate(*, shopper: Shopper, product: Product, value: int, now: datetime) -> Rating:
    """Give or change a rating. Raises ValidationError unless `value` is a whole number from 1 to 5."""
    if isinstance(value, bool) or not isinstance(value, int) or not MIN_RATING <= value <= MAX_RATING:
        raise ValidationError(f"A rating is a whole number from {MIN_RATING} to {MAX_RATING}.")
    with transaction.atomic():
        # The shopper's row is the lock: two ratings of one shopper cannot both count as the first.
        _touch(shopper)
        previous = Rating.objects.filter(shopper=shopper, product=product).first()
        rating, _ = Rating.objects.update_or_create(
            shopper=shopper, product=product, defaults={"value": value, "rated_at": now}
        )
        _count(product, added=int(previous is None), total=value - (previous.value if previous else 0))
        RatingChange.objects.create(shopper=shopper, product=product, value=value, changed_at=now)
        _tell_on_commit({shopper.pk}, rated=1)
    return rating


def unrate(*, shopper: Shopper, product: Product, now: datetime) -> bool:
    """Take a rating back; False when there was none."""
    with transaction.atomic():
        _touch(shopper)
        previous = Rating.objects.filter(shopper=shopper, product=product).first()
        if previous is None:
            return False
        previous.delete()
        _count(product, added=-1, total=-previous.value)
        RatingChange.objects.create(shopper=shopper, product=product, value=None, changed_at=now)
        _tell_on_commit({shopper.pk}, rated=1)
    return True


def record_event(
    *, shopper: Shopper, product: Product, kind: Event.Kind, now: datetime, idempotency_key: str | None = None
) -> bool:
    """Write one event that happened now; False when its idempotency key is already known."""
    from_now = Event(shopper=shopper, product=product, kind=kind, occurred_at=now)
    key = idempotency_key or from_now.idempotency_key
    return bool(record_events([NewEvent(shopper, product, kind, now, key)]))


def record_events(events: Iterable[NewEvent]) -> set[str]:
    """Write events in one go; the idempotency keys that were new. Repeats are left as they are."""
    rows = {event.idempotency_key: event for event in events}
    with transaction.atomic():
        known = set(Event.objects.filter(idempotency_key__in=rows).values_list("idempotency_key", flat=True))
        fresh = [event for key, event in rows.items() if key not in known]
        # A key written by someone else in this very moment is ignored by the database, not raised.
        Event.objects.bulk_create([Event(**_columns(event)) for event in fresh], ignore_conflicts=True)
        shopper_ids = {event.shopper.pk for event in fresh}
        if shopper_ids:
            Shopper.objects.filter(pk__in=shopper_ids).update(feedback_version=F("feedback_version") + 1)
            _tell_on_commit(shopper_ids, rated=0)
    return {event.idempotency_key for event in fresh}


def recount_ratings(product_ids: list[int] | None = None) -> None:
    """Bring the products' rating counts back in step with the ratings (all products when None)."""
    ratings = (
        Rating.objects.all() if product_ids is None else Rating.objects.filter(product_id__in=product_ids)
    )
    products = Product.objects.all() if product_ids is None else Product.objects.filter(pk__in=product_ids)
    totals = {
        row["product_id"]: row
        for row in ratings.values("product_id").annotate(count=Count("pk"), total=Sum("value")).order_by()
    }
    changed = []
    for product in products.only("pk", "rating_count", "rating_total"):
        row = totals.get(product.pk, {"count": 0, "total": 0})
        if (product.rating_count, product.rating_total) != (row["count"], row["total"]):
            product.rating_count, product.rating_total = row["count"], row["total"]
            changed.append(product)
    Product.objects.bulk_update(changed, ["rating_count", "rating_total"], batch_size=500)


def _columns(event: NewEvent) -> dict[str, object]:
    return {
        "shopper_id": event.shopper.pk,
        "product_id": event.product.pk,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "quantity": event.quantity,
        "order_ref": event.order_ref,
        "idempotency_key": event.idempotency_key,
    }


def _touch(shopper: Shopper) -> None:
    Shopper.objects.filter(pk=shopper.pk).update(feedback_version=F("feedback_version") + 1)


def _count(product: Product, *, added: int, total: int) -> None:
    Product.objects.filter(pk=product.pk).update(
        rating_count=F("rating_count") + added, rating_total=F("rating_total") + total
    )


def _tell_on_commit(shopper_ids: set[int], *, rated: int) -> None:
    # robust: a failing listener is logged and can neither undo nor fail the feedback it was told of.
    transaction.on_commit(
        lambda: feedback_recorded.send_robust(sender=None, shopper_ids=shopper_ids, rated=rated) and None,
        robust=True,
    )
