"""Rows for tests, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper
from feedback.services import NewEvent, rate, record_events
from recommendations import dataset, registry
from recommendations.conf import conf
from recommendations.engine.fit import fit_bundle
from recommendations.models import ModelVersion
from recommendations.registry import Facts

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


def make_tastes(*, shoppers: int = 12, per_taste: int = 8) -> tuple[list[Product], list[Product]]:
    """Two kinds of products and shoppers who love the one and dislike the other; each leaves one unrated."""
    tastes = ([make_product() for _ in range(per_taste)], [make_product() for _ in range(per_taste)])
    for number in range(shoppers):
        shopper = make_shopper(f"taste-{number}")
        for place in range(per_taste):
            if place != number % per_taste:
                make_rating(shopper, tastes[number % 2][place], 5)
                make_rating(shopper, tastes[1 - number % 2][place], 1)
    return tastes


def make_live_model(algorithm: str = "ease", *, now: datetime = NOW) -> ModelVersion:
    """A model really fitted to all feedback there is, published without judging it."""
    data = dataset.load(conf(), now=now)
    interactions = data.interactions()
    facts = Facts(
        seed=0,
        data_watermark=data.watermark,
        change_watermark=data.change_watermark,
        metrics={"algorithm": algorithm},
        shopper_count=len(data.shoppers),
        product_count=len(data.products),
        interaction_count=len(interactions),
    )
    return registry.publish(fit_bundle(interactions, algorithm, seed=0), facts, now=now)
