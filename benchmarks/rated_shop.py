"""A made-up shop with ratings, written straight into a database: to measure training at any size.

Who rated what comes from benchmarks/synthetic.py (power laws in popularity and activity); the stars are a
shopper's and a product's own leaning, a few hidden tastes, and noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.core.management import call_command
from django.db import connection, transaction
from numpy.typing import NDArray

from benchmarks.synthetic import Numbers, Shop, pairs
from catalog.models import Category, Product
from feedback.models import Rating, RatingChange, Shopper

TASTES, CHUNK, DEPARTMENTS = 6, 20_000, 12
SPAN_SECONDS = 180 * 86_400
NOUNS = ("lamp", "kettle", "rope", "chair", "novel", "puzzle", "teapot", "shelf", "apron", "clock")
KINDS = ("oak", "blue", "folding", "small", "woollen", "steel", "garden", "travel", "classic", "quiet")


@dataclass(frozen=True, eq=False)
class Ratings:
    """(rows,) each: numbers of shoppers and products from 1, stars 1 to 5, seconds since the first rating."""

    shoppers: Numbers
    products: Numbers
    stars: NDArray[np.int16]
    seconds: Numbers

    def __len__(self) -> int:
        return len(self.stars)


def size_for(rows: int) -> Shop:
    """A shop of about so many ratings: 50 a shopper, and a catalogue that grows with the root of them."""
    return Shop(max(100, rows // 50), max(200, 5 * round(rows**0.5)), rows)


def made_up(shop: Shop, *, seed: int) -> Ratings:
    """Ratings of a shop of that size, in no particular order of time."""
    shopper, product = pairs(shop, seed=seed)
    random = np.random.default_rng(seed)
    taste = random.normal(scale=0.45, size=(shop.shoppers + 1, TASTES))
    trait = random.normal(scale=0.45, size=(shop.products + 1, TASTES))
    liking = 3.6 + random.normal(scale=0.4, size=shop.shoppers + 1)[shopper]
    liking += random.normal(scale=0.35, size=shop.products + 1)[product]
    for each in range(TASTES):
        liking += taste[shopper, each] * trait[product, each]
    liking += random.normal(scale=0.8, size=len(liking))
    stars = np.clip(np.rint(liking), 1, 5).astype(np.int16)
    return Ratings(shopper, product, stars, random.integers(0, SPAN_SECONDS, len(stars)))


def fill(shop: Shop, ratings: Ratings, *, until: datetime) -> None:
    """Migrates an empty PostgreSQL database and writes the shop into it, the last rating at `until`.

    Raises RuntimeError where there are shoppers already: this is no way to write into a shop of anybody's.
    """
    call_command("migrate", verbosity=0)
    if Shopper.objects.exists():
        raise RuntimeError("The database has shoppers already. Give an empty one.")
    with transaction.atomic():
        products = _catalogue(shop, until)
        shoppers = _shoppers(shop)
        start = until - timedelta(seconds=int(ratings.seconds.max()))
        _copy(Rating, "value, rated_at", ratings, shoppers, products, start)
        _copy(RatingChange, "value, changed_at", ratings, shoppers, products, start)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _catalogue(shop: Shop, now: datetime) -> Numbers:
    """(products + 1,) the id of each numbered product; 0 has none."""
    departments = [Category(name=f"Department {n}", slug=f"department-{n}") for n in range(DEPARTMENTS)]
    Category.objects.bulk_create(departments)
    made = [
        Product(
            sku=f"P{number}", title=f"{KINDS[number % 10]} {NOUNS[number // 10 % 10]} {number}",
            slug=f"product-{number}", category=departments[number % DEPARTMENTS], stock=5,
            price=f"{1 + number % 90}.50", brand=f"Brand {number % 40}", created_at=now,
        )
        for number in range(1, shop.products + 1)
    ]  # fmt: skip
    Product.objects.bulk_create(made, batch_size=2_000)
    return np.array([0, *(each.pk for each in made)], np.int64)


def _shoppers(shop: Shop) -> Numbers:
    """(shoppers + 1,) the id of each numbered shopper; 0 has none."""
    made = [Shopper(external_id=f"s{number}") for number in range(1, shop.shoppers + 1)]
    Shopper.objects.bulk_create(made, batch_size=5_000)
    return np.array([0, *(each.pk for each in made)], np.int64)


def _copy(
    model: type[Rating] | type[RatingChange], columns: str, ratings: Ratings, shoppers: Numbers,
    products: Numbers, start: datetime,
) -> None:  # fmt: skip
    table = model._meta.db_table
    command = f"COPY {table} (shopper_id, product_id, {columns}) FROM STDIN"
    first = int(start.timestamp())
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for at in range(0, len(ratings), CHUNK):
            part = slice(at, at + CHUNK)
            moments = (first + ratings.seconds[part]).astype("datetime64[s]").astype(str)
            rows = zip(
                shoppers[ratings.shoppers[part]].tolist(), products[ratings.products[part]].tolist(),
                ratings.stars[part].tolist(), moments.tolist(), strict=True,
            )  # fmt: skip
            copy.write("".join(f"{s}\t{p}\t{value}\t{when}Z\n" for s, p, value, when in rows))
