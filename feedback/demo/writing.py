"""Writes the demo shoppers' behaviour: many rows at once, everything or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from catalog.demo.loading import load_demo_catalogue
from catalog.models import Product
from feedback.demo.behaviour import KINDS, Behaviour, make_behaviour
from feedback.demo.goods import Shelf
from feedback.demo.people import Floats
from feedback.demo.visits import DAY, DAYS
from feedback.importers.upsert import Row, Upsert
from feedback.models import Event, Rating, Shopper
from feedback.services import recount_ratings

KEY_PREFIX = "demo-"
BATCH = 2000
Progress = Callable[[int], object]

# The ORM's bulk_create spends three quarters of the time on 260,000 model instances.
RATINGS = Upsert(
    Rating,
    columns=("shopper_id", "product_id", "value", "rated_at"),
    unique=("shopper_id", "product_id"),
)
EVENTS = Upsert(
    Event,
    columns=(
        "shopper_id", "product_id", "kind", "occurred_at", "quantity", "order_ref", "idempotency_key",
    ),
    unique=("idempotency_key",),
)  # fmt: skip


class OtherDemoError(Exception):
    """The database holds a demo shop made with other options."""


@dataclass(frozen=True)
class Demo:
    """What to make: the same options at the same moment give the same rows."""

    seed: int = 0
    shoppers: int = 1600
    ratings: int = 64_000

    @property
    def key(self) -> str:
        """Begins the idempotency key of every event of this demo shop."""
        return f"{KEY_PREFIX}{self.seed}-{self.shoppers}-{self.ratings}-"


@dataclass(frozen=True)
class Counts:
    products: int
    shoppers: int
    ratings: int
    events: int


def is_seeded(demo: Demo) -> bool:
    """Whether these very rows are there already. Raises OtherDemoError when another demo shop is."""
    if Event.objects.filter(idempotency_key=f"{demo.key}0").exists():
        return True
    if Event.objects.filter(idempotency_key__startswith=KEY_PREFIX).exists():
        raise OtherDemoError("This database already has a demo shop made with another seed or size.")
    return False


def seed(demo: Demo, *, now: datetime, progress: Progress = lambda _rows: None) -> Counts:
    """Loads the catalogue and writes shoppers, ratings and events in one transaction.

    Nobody is told of the new feedback: the shoppers are new, so nothing cached can be about them, and the
    first training comes after the seeding. Raises what `load_demo_catalogue` raises.
    """
    with transaction.atomic():
        products = load_demo_catalogue(now=now)
        keys, shelf = _shelf(now)
        behaviour = make_behaviour(
            shelf, shoppers=demo.shoppers, ratings=demo.ratings, month_now=now.month,
            rng=np.random.default_rng(demo.seed),
        )  # fmt: skip
        shoppers = _save_shoppers(behaviour, now)
        _save(RATINGS, _rating_rows(behaviour, shoppers, keys, now), progress)
        _save(EVENTS, _event_rows(behaviour, shoppers, keys, now, demo.key), progress)
        recount_ratings()
    return Counts(products, len(shoppers), len(behaviour.ratings.stars), len(behaviour.trail.kind))


def _shelf(now: datetime) -> tuple[list[int], Shelf]:
    """The products' keys, and what the generator needs to know of them, both by SKU."""
    rows = list(
        Product.objects.order_by("sku").values_list(
            "pk", "category__parent__slug", "category__slug", "brand", "price", "created_at"
        )
    )
    keys, departments, aisles, brands, prices, created = zip(*rows, strict=True)
    age = np.array([(now - moment).total_seconds() for moment in created])
    shelf = Shelf(
        np.array(departments, dtype=np.str_), np.array(aisles, dtype=np.str_),
        np.array(brands, dtype=np.str_), np.array(prices, dtype=np.float64), 1 - age / (DAYS * DAY),
    )  # fmt: skip
    return list(keys), shelf


def _save_shoppers(behaviour: Behaviour, now: datetime) -> list[int]:
    """The database's keys of the shoppers, in their order."""
    people = zip(behaviour.people.names, behaviour.joined_ago.tolist(), strict=True)
    Shopper.objects.bulk_create(
        [Shopper(external_id=name, created_at=now - timedelta(seconds=ago)) for name, ago in people],
        batch_size=BATCH,
    )
    by_name = Shopper.objects.in_bulk(behaviour.people.names, field_name="external_id")
    return [by_name[name].pk for name in behaviour.people.names]


def _rating_rows(behaviour: Behaviour, shoppers: list[int], products: list[int], now: datetime) -> list[Row]:
    given = behaviour.ratings
    columns = (given.shopper.tolist(), given.product.tolist(), given.stars.tolist(), _moments(given.ago, now))
    return [
        (shoppers[shopper], products[product], stars, moment)
        for shopper, product, stars, moment in zip(*columns, strict=True)
    ]


def _event_rows(
    behaviour: Behaviour, shoppers: list[int], products: list[int], now: datetime, key: str
) -> list[Row]:
    trail = behaviour.trail
    columns = (
        trail.shopper.tolist(), trail.product.tolist(), trail.kind.tolist(), _moments(trail.ago, now),
        trail.quantity.tolist(), trail.order.tolist(),
    )  # fmt: skip
    return [
        (
            shoppers[shopper], products[product], KINDS[kind], moment, quantity,
            f"{KEY_PREFIX}{order:06}" if order >= 0 else "", f"{key}{number}",
        )
        for number, (shopper, product, kind, moment, quantity, order) in enumerate(zip(*columns, strict=True))
    ]  # fmt: skip


def _moments(ago: Floats, now: datetime) -> list[Any]:
    """Seconds before now as moments the database takes."""
    prepare = connection.ops.adapt_datetimefield_value
    return [prepare(now - timedelta(seconds=seconds)) for seconds in np.rint(ago).tolist()]


def _save(upsert: Upsert, rows: list[Row], progress: Progress) -> None:
    for part, _ in upsert.insert(rows):
        progress(len(part))
