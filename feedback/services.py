"""The only writer of ratings and events: validate, write, and tell the rest after the commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import Product
from feedback.models import MAX_RATING, MIN_RATING, Event, Rating, RatingChange, Shopper
from feedback.signals import feedback_recorded

# Databases limit how many parameters one statement may have.
IDS_PER_QUERY = 500


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


@dataclass(frozen=True)
class NewRating:
    """A rating to be written with others."""

    shopper: Shopper
    product: Product
    value: int
    rated_at: datetime

    @property
    def pair(self) -> tuple[int, int]:
        return self.shopper.pk, self.product.pk


class Outcome(Enum):
    """What became of one rating of many."""

    CREATED = "created"
    UPDATED = "updated"
    ALREADY_STORED = "already stored"
    OLDER = "older than the stored one"
    OVERTAKEN = "overtaken by another of the same list"


def rate(*, shopper: Shopper, product: Product, value: int, now: datetime) -> Rating:
    """Give or change a rating. Raises ValidationError unless `value` is a whole number from 1 to 5."""
    _check_value(value)
    with transaction.atomic():
        # The shopper's row is the lock: two ratings of one shopper cannot both count as the first.
        _touch(shopper)
        stored = Rating.objects.filter(shopper=shopper, product=product).values_list("value", flat=True)
        before = stored.first()
        (rating,) = _store([Rating(shopper=shopper, product=product, value=value, rated_at=now)])
        _count(product, added=int(before is None), total=value - (before or 0))
        change = RatingChange.objects.create(shopper=shopper, product=product, value=value, changed_at=now)
        tell_on_commit({shopper.pk}, rated=1, last_change=change.pk)
    return rating


def rate_unless_same(
    *, shopper: Shopper, product: Product, value: int, now: datetime
) -> tuple[Rating, Outcome]:
    """`rate`, unless these very stars are stored already: then nothing changes. Raises ValidationError."""
    stored = Rating.objects.filter(shopper=shopper, product=product).first()
    if stored is not None and stored.value == value:
        return stored, Outcome.ALREADY_STORED
    rating = rate(shopper=shopper, product=product, value=value, now=now)
    return rating, Outcome.CREATED if stored is None else Outcome.UPDATED


def rate_many(ratings: Sequence[NewRating], *, now: datetime) -> list[Outcome]:
    """Give or change many ratings in one transaction; what became of each, in order.

    Of several for one shopper and product the newest wins, among equally new ones the last; one that is older
    than the stored rating changes nothing. Raises ValidationError, with nothing written, for a bad value.
    """
    for rating in ratings:
        _check_value(rating.value)
    winners = _newest_by_pair(ratings)
    with transaction.atomic():
        _lock_shoppers({rating.shopper.pk for rating in ratings})
        stored = _stored_ratings(winners)
        outcomes = {pair: _outcome(rating, stored.get(pair)) for pair, rating in winners.items()}
        fresh = [
            rating for pair, rating in winners.items() if outcomes[pair] in (Outcome.CREATED, Outcome.UPDATED)
        ]
        if fresh:
            _write(fresh, stored, now=now)
    return [
        outcomes[rating.pair] if winners[rating.pair] is rating else Outcome.OVERTAKEN for rating in ratings
    ]


def unrate(*, shopper: Shopper, product: Product, now: datetime) -> bool:
    """Take a rating back; False when there was none."""
    with transaction.atomic():
        _touch(shopper)
        previous = Rating.objects.filter(shopper=shopper, product=product).first()
        if previous is None:
            return False
        previous.delete()
        _count(product, added=-1, total=-previous.value)
        change = RatingChange.objects.create(shopper=shopper, product=product, value=None, changed_at=now)
        tell_on_commit({shopper.pk}, rated=1, last_change=change.pk)
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
        # In one order everywhere, so that two lists with the same keys do not wait for each other for ever.
        fresh = [event for key, event in sorted(rows.items()) if key not in known]
        # A key written by someone else in this very moment is ignored by the database, not raised.
        Event.objects.bulk_create([Event(**_columns(event)) for event in fresh], ignore_conflicts=True)
        shopper_ids = {event.shopper.pk for event in fresh}
        if shopper_ids:
            _lock_shoppers(shopper_ids)
            Shopper.objects.filter(pk__in=shopper_ids).update(feedback_version=F("feedback_version") + 1)
            tell_on_commit(shopper_ids, rated=0, last_change=None)
    return {event.idempotency_key for event in fresh}


def recount_ratings(product_ids: list[int] | None = None) -> None:
    """Bring the products' rating counts back in step with the ratings (all products when None)."""
    of_product = Rating.objects.filter(product_id=OuterRef("pk")).order_by().values("product_id")
    counted = {
        "rating_count": Coalesce(Subquery(of_product.annotate(n=Count("pk")).values("n")), 0),
        "rating_total": Coalesce(Subquery(of_product.annotate(n=Sum("value")).values("n")), 0),
    }
    if product_ids is None:
        Product.objects.update(**counted)
        return
    for first in range(0, len(product_ids), IDS_PER_QUERY):
        Product.objects.filter(pk__in=product_ids[first : first + IDS_PER_QUERY]).update(**counted)


def shoppers_named(external_ids: Iterable[str], *, now: datetime) -> dict[str, Shopper]:
    """The shoppers of these ids; those nobody has yet are made."""
    wanted = set(external_ids)
    found = {shopper.external_id: shopper for shopper in Shopper.objects.filter(external_id__in=wanted)}
    missing = sorted(wanted - found.keys())
    if missing:
        # Someone else may make one in this very moment: that one is taken then.
        Shopper.objects.bulk_create(
            [Shopper(external_id=external_id, created_at=now) for external_id in missing],
            ignore_conflicts=True,
        )
        made = Shopper.objects.filter(external_id__in=missing)
        found |= {shopper.external_id: shopper for shopper in made}
    return found


def _check_value(value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not MIN_RATING <= value <= MAX_RATING:
        raise ValidationError(f"A rating is a whole number from {MIN_RATING} to {MAX_RATING}.")


def _newest_by_pair(ratings: Sequence[NewRating]) -> dict[tuple[int, int], NewRating]:
    newest: dict[tuple[int, int], NewRating] = {}
    for rating in ratings:
        rival = newest.get(rating.pair)
        if rival is None or rating.rated_at >= rival.rated_at:
            newest[rating.pair] = rating
    return newest


def _lock_shoppers(shopper_ids: set[int]) -> None:
    # In one order everywhere, so that two lists with the same shoppers wait for each other, not for ever.
    # "No key": an event that another transaction is just writing for the shopper does not have to wait.
    rows = Shopper.objects.select_for_update(no_key=True).filter(pk__in=shopper_ids)
    list(rows.order_by("pk").values_list("pk"))


def _stored_ratings(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, datetime]]:
    """pair -> (value, when). One query: the shoppers' ratings of any of the products."""
    wanted = set(pairs)
    rows = Rating.objects.filter(
        shopper_id__in={shopper_id for shopper_id, _ in wanted},
        product_id__in={product_id for _, product_id in wanted},
    ).values_list("shopper_id", "product_id", "value", "rated_at")
    return {(row[0], row[1]): (row[2], row[3]) for row in rows.iterator() if (row[0], row[1]) in wanted}


def _outcome(rating: NewRating, stored: tuple[int, datetime] | None) -> Outcome:
    if stored is None:
        return Outcome.CREATED
    if stored == (rating.value, rating.rated_at):
        return Outcome.ALREADY_STORED
    return Outcome.OLDER if rating.rated_at < stored[1] else Outcome.UPDATED


def _write(
    ratings: list[NewRating], stored: dict[tuple[int, int], tuple[int, datetime]], *, now: datetime
) -> None:
    """The rows of ratings that are all to be kept, one per pair, and everything that follows from them."""
    _store(
        Rating(shopper_id=r.shopper.pk, product_id=r.product.pk, value=r.value, rated_at=r.rated_at)
        for r in ratings
    )
    changes = RatingChange.objects.bulk_create(
        RatingChange(shopper_id=r.shopper.pk, product_id=r.product.pk, value=r.value, changed_at=now)
        for r in ratings
    )
    _count_many(ratings, stored)
    shopper_ids = {rating.shopper.pk for rating in ratings}
    Shopper.objects.filter(pk__in=shopper_ids).update(feedback_version=F("feedback_version") + 1)
    tell_on_commit(shopper_ids, rated=len(ratings), last_change=max(change.pk for change in changes))


def _store(ratings: Iterable[Rating]) -> list[Rating]:
    """The rows, in one statement; of a pair that is rated already the new stars replace the old ones."""
    return Rating.objects.bulk_create(
        ratings,
        update_conflicts=True,
        unique_fields=["shopper", "product"],
        update_fields=["value", "rated_at"],
    )


def _count_many(ratings: list[NewRating], stored: dict[tuple[int, int], tuple[int, datetime]]) -> None:
    added: dict[int, int] = defaultdict(int)
    total: dict[int, int] = defaultdict(int)
    for rating in ratings:
        before = stored.get(rating.pair)
        added[rating.product.pk] += int(before is None)
        total[rating.product.pk] += rating.value - (before[0] if before else 0)
    locked = Product.objects.select_for_update(no_key=True).filter(pk__in=added).order_by("pk")
    products = list(locked.only("rating_count", "rating_total"))
    for product in products:
        product.rating_count += added[product.pk]
        product.rating_total += total[product.pk]
    Product.objects.bulk_update(products, ["rating_count", "rating_total"])


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


def tell_on_commit(shopper_ids: set[int], *, rated: int, last_change: int | None) -> None:
    """Send `feedback_recorded` once what was written is there to stay."""

    def tell() -> None:
        feedback_recorded.send_robust(
            sender=None, shopper_ids=shopper_ids, rated=rated, last_change=last_change
        )

    # robust: a failing listener is logged and can neither undo nor fail the feedback it was told of.
    if connection.in_atomic_block:
        transaction.on_commit(tell, robust=True)
    else:
        # Django would open its connection only to ask it whether there is something to wait for.
        tell()
