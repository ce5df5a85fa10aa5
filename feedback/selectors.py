"""Reading feedback: as plain values, for pages, histories and training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, PositiveSmallIntegerField, QuerySet, Value
from django.db.models.functions import Length

from feedback.histories import RATING, history_rows
from feedback.models import Event, Rating, RatingChange, Shopper
from feedback.standing import standing, standing_products, taken_back


def events_of(shopper_id: int, *, newest: int) -> list[tuple[int, str]]:
    """(product id, kind) of one shopper's newest events that still stand, newest first. One query."""
    rows = [row for row in history_rows(shopper_id, newest=newest) if row[1] != RATING]
    return [(product, kind) for product, kind, _, _ in sorted(rows, key=lambda row: -row[3])]


def rating_values(shopper: Shopper | None, product_ids: Iterable[int] | None = None) -> dict[int, int]:
    """product id -> stars the shopper gave; empty for a visitor."""
    if not shopper:
        return {}
    ratings = Rating.objects.filter(shopper_id=shopper.pk)
    if product_ids is not None:
        ratings = ratings.filter(product_id__in=list(product_ids))
    return dict(ratings.values_list("product_id", "value"))


def rating_changes_after(change_id: int, *, most: int | None = None) -> int:
    """How many ratings were given, edited or taken back after the given change; counted up to `most`."""
    return RatingChange.objects.filter(pk__gt=change_id)[:most].count()


def last_rating_change() -> int:
    """The number of the newest rating change, 0 when there is none."""
    return RatingChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def suggest_shoppers(beginning: str, *, limit: int = 8) -> list[str]:
    """Ids of shoppers (never visitors or accounts) that begin with the text, shortest first."""
    if "\x00" in beginning:
        return []  # PostgreSQL refuses to look for it
    found = Shopper.objects.filter(
        external_id__istartswith=beginning, is_anonymous=False, account__isnull=True
    ).order_by(Length("external_id"), "external_id")
    return list(found.values_list("external_id", flat=True)[:limit])


def has_feedback(*, since: datetime | None = None) -> bool:
    """Whether anybody rated or did anything (after `since`)."""
    ratings, events = Rating.objects.all(), Event.objects.all()
    if since is not None:
        ratings, events = ratings.filter(rated_at__gt=since), events.filter(occurred_at__gt=since)
    return ratings.exists() or events.exists()


def ratings_with_products(shopper: Shopper | None) -> QuerySet[Rating]:
    """A shopper's ratings, newest first, with their products; none for a visitor."""
    if not shopper:
        return Rating.objects.none()
    ratings = Rating.objects.filter(shopper_id=shopper.pk).order_by("-rated_at", "-pk")
    return ratings.select_related("product__category__parent").defer(
        "product__description", "product__attributes"
    )


def has_dismissed(shopper: Shopper | None, product_id: int) -> bool:
    """Whether the shopper said "not interested" in the product."""
    if not shopper:
        return False
    return standing_products(shopper.pk, Event.Kind.DISMISS).filter(product_id=product_id).exists()


@dataclass(frozen=True)
class Marks:
    """What a shopper's controls show on products: product id -> stars given, and ids on the wishlist."""

    ratings: Mapping[int, int] = field(default_factory=dict)
    wishes: frozenset[int] = frozenset()


def marks_on(shopper: Shopper | None, product_ids: Iterable[int]) -> Marks:
    """The shopper's stars and hearts on the products, in one query: every page with cards asks for both."""
    if not shopper:
        return Marks()
    ids = list(product_ids)
    ratings = Rating.objects.filter(shopper_id=shopper.pk, product_id__in=ids).order_by()
    wishes = standing_products(shopper.pk, Event.Kind.WISHLIST).filter(product_id__in=ids)
    # A wish is told from a rating by stars that no rating has.
    no_stars = wishes.annotate(stars=Value(0, PositiveSmallIntegerField())).values_list("product_id", "stars")
    rows = list(ratings.values_list("product_id", "value").union(no_stars, all=True))
    return Marks(
        {product_id: stars for product_id, stars in rows if stars},
        frozenset(product_id for product_id, stars in rows if not stars),
    )


def standing_rows(shopper: Shopper | None, kind: Event.Kind) -> QuerySet[Any, Any]:
    """`product_id` and `done` of what a shopper wished for or dismissed, and still does; newest first."""
    if not shopper:
        return standing_products(0, kind).none()
    return standing_products(shopper.pk, kind).order_by("-done", "-product_id")


def keenest_shoppers(count: int) -> list[str]:
    """Ids of those with the most ratings, never visitors or accounts: their lists show most."""
    known = Shopper.objects.filter(is_anonymous=False, account__isnull=True).annotate(rated=Count("ratings"))
    return list(known.order_by("-rated", "pk").values_list("external_id", flat=True)[:count])


def recent_events(*, since: datetime, until: datetime, most: int) -> list[tuple[int, str, datetime]]:
    """(product id, kind, when) of consenting shoppers' newest events of a span that still stand."""
    events = Event.objects.filter(occurred_at__gt=since, occurred_at__lte=until, shopper__consent=True)
    newest = events.order_by("-occurred_at")
    deeds = list(newest.values_list("shopper_id", "product_id", "kind", "occurred_at")[:most])
    return [deed[1:] for deed in standing(deeds, taken_back(deeds))]


def recent_ratings(*, since: datetime, until: datetime, most: int) -> list[tuple[int, int, datetime]]:
    """(product id, value, when) of consenting shoppers' newest ratings of a span."""
    ratings = Rating.objects.filter(rated_at__gt=since, rated_at__lte=until, shopper__consent=True)
    return list(ratings.order_by("-rated_at").values_list("product_id", "value", "rated_at")[:most])


def co_purchases(product_id: int, *, most: int, least: int) -> dict[int, int]:
    """product id -> in how many orders it was bought together with the given product, if `least` or more."""
    orders = _purchases().filter(product_id=product_id).values("order_ref")
    together = _purchases().filter(order_ref__in=orders).exclude(product_id=product_id)
    counted = together.values("product_id").annotate(orders=Count("order_ref", distinct=True))
    rows = counted.filter(orders__gte=least).order_by("-orders", "product_id")[:most]
    return {row["product_id"]: row["orders"] for row in rows}


def orders_with(product_ids: Iterable[int], *, most: int) -> list[tuple[str, int]]:
    """(order, product id) of the newest orders that any of the products is in; `most` rows."""
    orders = _purchases().filter(product_id__in=list(product_ids)).values("order_ref")
    rows = _purchases().filter(order_ref__in=orders).order_by("-occurred_at")
    return list(rows.values_list("order_ref", "product_id")[:most])


def order_counts(product_ids: list[int]) -> dict[int, int]:
    """product id -> in how many orders it was bought."""
    counted = _purchases().filter(product_id__in=product_ids).values("product_id").order_by()
    return {
        row["product_id"]: row["orders"] for row in counted.annotate(orders=Count("order_ref", distinct=True))
    }


def order_count() -> int:
    """How many orders there are."""
    return _purchases().values("order_ref").distinct().count()


def _purchases() -> QuerySet[Event]:
    # Without consent a purchase is the shopper's own affair.
    purchases = Event.objects.filter(kind=Event.Kind.PURCHASE, shopper__consent=True)
    return purchases.exclude(order_ref="")


def ids_like(external_id: str, *, limit: int = 8) -> list[str]:
    """Ids to offer for one that nobody has: those with the longest common beginning that any has."""
    for length in sorted({len(external_id), len(external_id) // 2, 1, 0}, reverse=True):
        if found := suggest_shoppers(external_id[:length], limit=limit):
            return found
    return []
