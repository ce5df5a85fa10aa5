"""What an order says of its shopper: one purchase per product, written once however often it is told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from catalog.models import Order
from feedback.models import Event, OrderToRecord, Shopper
from feedback.services import NewEvent, record_events

logger = logging.getLogger(__name__)
# By then the process that took the order has recorded it, or never will.
LEFT_BEHIND_AFTER = timedelta(minutes=1)


def note(order: Order, shopper: Shopper) -> None:
    """Note an order down, in its own transaction."""
    OrderToRecord.objects.create(order=order, shopper=shopper)


def record(order: Order) -> int:
    """Write the purchases of a noted order as events; how many were new; 0 when it is not noted."""
    with transaction.atomic():
        # Who else records the same order waits here, and then finds nothing to do.
        noted = OrderToRecord.objects.select_for_update(of=("self",)).filter(order=order)
        left = noted.select_related("shopper").first()
        if left is None:
            return 0
        written = record_events(
            NewEvent(
                left.shopper, line.product, Event.Kind.PURCHASE, order.placed_at,
                f"order:{order.number}:{line.sku}", quantity=line.quantity, order_ref=order.number,
            )
            for line in order.lines.select_related("product")
            if line.product is not None
        )  # fmt: skip
        left.delete()
    return len(written)


def record_left_behind(*, now: datetime) -> int:
    """Record the orders whose process died between commit and event; how many purchases were new.

    One that fails stops no other; it stays noted.
    """
    orders = Order.objects.filter(
        pk__in=OrderToRecord.objects.values("order_id"), placed_at__lt=now - LEFT_BEHIND_AFTER
    )
    return sum(_try(order) for order in orders)


def _try(order: Order) -> int:
    try:
        return record(order)
    except Exception:
        logger.exception("purchases of order %s could not be recorded; they are tried again", order.number)
        return 0
