"""Reading feedback: as plain values, for pages, histories and training."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from feedback.models import Event, Rating, RatingChange, Shopper

RatingRow = tuple[int, int, datetime]
EventRow = tuple[int, str, datetime]


def ratings_of(shopper_id: int) -> list[RatingRow]:
    """(product id, value, when) of one shopper."""
    return list(Rating.objects.filter(shopper_id=shopper_id).values_list("product_id", "value", "rated_at"))


def events_of(shopper_id: int, *, newest: int) -> list[EventRow]:
    """(product id, kind, when) of one shopper's newest events, newest first."""
    events = Event.objects.filter(shopper_id=shopper_id).order_by("-occurred_at")
    return list(events.values_list("product_id", "kind", "occurred_at")[:newest])


def rating_values(shopper: Shopper | None, product_ids: Iterable[int] | None = None) -> dict[int, int]:
    """product id -> stars the shopper gave; empty for a visitor."""
    if not shopper:
        return {}
    ratings = Rating.objects.filter(shopper_id=shopper.pk)
    if product_ids is not None:
        ratings = ratings.filter(product_id__in=list(product_ids))
    return dict(ratings.values_list("product_id", "value"))


def rating_changes_after(change_id: int) -> int:
    """How many ratings were given, edited or taken back after the given change."""
    return RatingChange.objects.filter(pk__gt=change_id).count()


def last_rating_change() -> int:
    """The number of the newest rating change, 0 when there is none."""
    return RatingChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def suggest_shoppers(beginning: str, *, limit: int = 8) -> list[str]:
    """Ids of shoppers (never visitors or accounts) that begin with the text, shortest first."""
    found = Shopper.objects.filter(
        external_id__istartswith=beginning, is_anonymous=False, account__isnull=True
    ).values_list("external_id", flat=True)
    return sorted(found[:200], key=lambda external_id: (len(external_id), external_id))[:limit]
