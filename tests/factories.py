"""Rows for tests, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper
from feedback.services import NewEvent, rate, record_events

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_category(name: str = "", *, parent: Category | None = None, **fields: Any) -> Category:
    name = name or f"Category {next(_numbers)}"
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    return Category.objects.create(name=name, slug=slug, parent=parent, **fields)


def make_product(title: str = "", **fields: Any) -> Product:
    number = next(_numbers)
    fields.setdefault("sku", f"SKU-{number}")
    fields.setdefault("price", "10.00")
    fields.setdefault("stock", 5)
    return Product.objects.create(title=title or f"Product {number}", **fields)


def make_shopper(external_id: str = "", **fields: Any) -> Shopper:
    return Shopper.objects.create(external_id=external_id or f"shopper-{next(_numbers)}", **fields)


def make_rating(shopper: Shopper, product: Product, value: int = 5, *, now: datetime = NOW) -> Rating:
    return rate(shopper=shopper, product=product, value=value, now=now)


def make_event(
    shopper: Shopper,
    product: Product,
    kind: Event.Kind = Event.Kind.VIEW,
    *,
    now: datetime = NOW,
    order_ref: str = "",
) -> Event:
    key = f"event-{next(_numbers)}"
    record_events([NewEvent(shopper, product, kind, now, key, order_ref=order_ref)])
    return Event.objects.get(idempotency_key=key)
