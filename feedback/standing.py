"""Which events still stand: of an event and the one that takes it back, the later counts.

An event is never changed or deleted when a shopper takes it back: another is written
(`models.TAKEN_BACK_BY`). Whoever reads events for recommending reads them through here, so that nothing taken
back is ever used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Max, Q, QuerySet

from feedback.models import TAKEN_BACK_BY, TAKES_BACK, Event

# When: moments, or microseconds.
When = TypeVar("When", datetime, int)
# shopper id, product id, kind, when
Deed = tuple[int, int, str, When]
# (shopper id, product id, kind of the event taken back) -> when it last was
TakenBack = Mapping[tuple[int, int, str], When]


def taken_back(deeds: Iterable[Deed[When]]) -> TakenBack[When]:
    """When each event of a pair was last taken back, from all deeds or only those that take back."""
    found: dict[tuple[int, int, str], When] = {}
    for shopper, product, kind, when in deeds:
        if kind not in TAKES_BACK:
            continue
        pair = (shopper, product, str(TAKES_BACK[Event.Kind(kind)]))
        found[pair] = max(when, found.get(pair, when))
    return found


def standing(deeds: Iterable[Deed[When]], undone: TakenBack[When]) -> Iterator[Deed[When]]:
    """The deeds that were not taken back, in their order; those that take back are left out themselves."""
    for deed in deeds:
        shopper, product, kind, when = deed
        if kind in TAKES_BACK:
            continue
        end = undone.get((shopper, product, kind))
        if end is None or when > end:
            yield deed


def standing_products(shopper_id: int, kind: Event.Kind) -> QuerySet[Any, Any]:
    """Rows of `product_id` and `done` (when last): where the shopper's event of the kind still stands."""
    undo = TAKEN_BACK_BY[kind]
    return (
        Event.objects.filter(shopper_id=shopper_id, kind__in=(kind, undo))
        .order_by()
        .values("product_id")
        .annotate(
            done=Max("occurred_at", filter=Q(kind=kind)), undone=Max("occurred_at", filter=Q(kind=undo))
        )
        .filter(Q(done__isnull=False), Q(undone__isnull=True) | Q(done__gt=F("undone")))
        .values("product_id", "done")
    )
