"""Fill an empty PostgreSQL with a made-up shop and publish a live model of it; run by `benchmarks.stack`.

`python -m benchmarks.filling --products N --shoppers N --rows N [--epochs N]` with the stack's environment
prints the made shop as JSON: an API key, and what shoppers are called.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

import benchmarks.with_django  # noqa: F401 - before any model
from benchmarks.stack import shopper_id
from benchmarks.synthetic import DEPARTMENT, Numbers, Shop, pairs
from recommendations import dataset, registry
from recommendations.conf import conf
from recommendations.engine.algorithms.catalogue import ALGORITHMS, config_from
from recommendations.engine.fit import fit_bundle
from recommendations.registry import Facts
from shopreco.models import ApiKey

FEWEST, MOST = 20, 160
"""Ratings a shopper has."""
AISLES = 12
"""Of a department."""
VIEW_EVERY = 6
SOLD_OUT = 0.05
ALGORITHM = "svd"
NOUNS = (
    "Lamp", "Kettle", "Novel", "Atlas", "Jacket", "Puzzle", "Teapot", "Notebook", "Blanket", "Saddle",
    "Compass", "Mirror", "Basket", "Candle", "Trowel", "Whistle", "Backpack", "Chess", "Curtain", "Easel",
)  # fmt: skip
QUALITIES = ("Plain", "Small", "Large", "Folding", "Oak", "Steel", "Linen", "Blue", "Amber", "Quiet", "Light")
Row = tuple[Any, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--products", type=int, required=True)
    parser.add_argument("--shoppers", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True, help="ratings, about")
    parser.add_argument("--epochs", type=int, help="of the model; as the shop would train it by default")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    now = timezone.now()
    made = write(Shop(asked.shoppers, asked.products, asked.rows, fewest=FEWEST), seed=asked.seed, now=now)
    made |= publish(asked.epochs, now=now) | {"key": ApiKey.issue("benchmarks")[1]}
    print(json.dumps(made))


def write(shop: Shop, *, seed: int, now: datetime) -> dict[str, int]:
    """Products 1 to n in two levels of categories, shoppers 1 to n called `shopper_id(n)`, their ratings and
    some views. What there is of each."""
    random = np.random.default_rng(seed)
    shopper, product, value = _ratings(shop, random, seed=seed)
    departments = max(2, round(shop.products / DEPARTMENT))
    copy("catalog_category", "id,name,slug,parent_id,position", _categories(departments))
    copy(
        "catalog_product",
        "id,sku,title,slug,description,brand,category_id,price,stock,attributes,image,is_active,created_at,"
        "rating_count,rating_total",
        _products(shop.products, departments, product, value, random, now),
    )
    copy(
        "feedback_shopper", "id,external_id,is_anonymous,consent,feedback_version,created_at",
        ((pk, shopper_id(pk), False, True, 1, now) for pk in range(1, shop.shoppers + 1)),
    )  # fmt: skip
    minutes = random.integers(0, 300 * 24 * 60, len(shopper)).tolist()
    times = [now - timedelta(minutes=each) for each in minutes]
    rows = list(zip(shopper.tolist(), product.tolist(), value.tolist(), times, strict=True))
    _trust_references(trust=True)
    copy("feedback_rating", "shopper_id,product_id,value,rated_at", rows)
    views = rows[::VIEW_EVERY]
    copy(
        "feedback_event", "shopper_id,product_id,kind,occurred_at,quantity,order_ref,idempotency_key",
        ((row[0], row[1], "view", row[3], 1, "", f"view-{place}") for place, row in enumerate(views)),
    )  # fmt: skip
    _trust_references(trust=False)
    _settle()
    return {"products": shop.products, "shoppers": shop.shoppers, "ratings": len(rows), "events": len(views)}


def publish(epochs: int | None, *, now: datetime) -> dict[str, Any]:
    """Fit on all feedback and make it live. epochs: fewer than by default, where only the size matters."""
    settings = conf()
    started = time.perf_counter()
    data = dataset.load(settings, now=now)
    interactions = data.interactions()
    config = config_from(ALGORITHMS[ALGORITHM].config_class, {} if epochs is None else {"epochs": epochs})
    bundle = fit_bundle(interactions, ALGORITHM, config, seed=settings.seed)
    facts = Facts(
        seed=settings.seed, data_watermark=data.watermark, change_watermark=data.change_watermark, metrics={},
        shopper_count=len(data.shoppers), product_count=len(data.products),
        interaction_count=len(interactions),
    )  # fmt: skip
    version = registry.publish(bundle, facts, now=now)
    return {"fit_seconds": round(time.perf_counter() - started, 1), "version": version.pk}


def copy(table: str, columns: str, rows: Iterable[Row]) -> None:
    """COPY rows into a table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as target:
        for row in rows:
            target.write_row(row)


def _trust_references(*, trust: bool) -> None:
    """Whether foreign keys go unchecked: they were made right, and checking them row by row takes longest."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET session_replication_role = {'replica' if trust else 'origin'}")


def _settle() -> None:
    """Numbers go on behind the largest id, and the planner knows the tables."""
    with connection.cursor() as cursor:
        for table in ("catalog_category", "catalog_product", "feedback_shopper"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
        cursor.execute("VACUUM ANALYZE")


def _ratings(shop: Shop, random: np.random.Generator, *, seed: int) -> tuple[Numbers, Numbers, Numbers]:
    """(rows,) shopper, product and stars; nobody has more than `MOST`."""
    shopper, product = pairs(shop, seed=seed)
    order = np.lexsort((random.random(len(shopper)), shopper))
    _, first, sizes = np.unique(shopper, return_index=True, return_counts=True)
    kept = np.sort(order[np.arange(len(shopper)) - np.repeat(first, sizes) < MOST])
    shopper, product = shopper[kept], product[kept]
    liking = (
        3.6
        + random.normal(0, 0.5, shop.products + 1)[product]
        + random.normal(0, 0.4, shop.shoppers + 1)[shopper]
        + random.normal(0, 0.8, len(kept))
    )
    return shopper, product, np.clip(np.rint(liking), 1, 5).astype(np.int64)


def _categories(departments: int) -> Iterator[Row]:
    """Departments first; aisle a of department d has the id departments + d * AISLES + a + 1."""
    for number in range(departments):
        yield number + 1, f"Department {number + 1}", f"department-{number + 1}", None, number
    for number in range(departments * AISLES):
        department, aisle = divmod(number, AISLES)
        name = f"{NOUNS[aisle]}s {department + 1}"
        yield departments + number + 1, name, name.lower().replace(" ", "-"), department + 1, aisle


def _products(
    count: int,
    departments: int,
    rated: Numbers,
    value: Numbers,
    random: np.random.Generator,
    now: datetime,
) -> Iterator[Row]:
    counts = np.bincount(rated, minlength=count + 1).tolist()
    totals = np.bincount(rated, weights=value, minlength=count + 1).astype(int).tolist()
    aisles = random.integers(0, departments * AISLES, count).tolist()
    brands = random.integers(0, max(20, count // 40), count).tolist()
    qualities = random.integers(0, len(QUALITIES), (count, 2)).tolist()
    prices = np.round(np.exp(random.normal(3, 0.8, count)), 2).tolist()
    stocks = np.where(random.random(count) < SOLD_OUT, 0, random.integers(1, 500, count)).tolist()
    ages = random.integers(60, 1_000, count).tolist()
    for place in range(count):
        pk, aisle, brand = place + 1, aisles[place], f"Brand {brands[place] + 1}"
        words = [QUALITIES[each] for each in dict.fromkeys(qualities[place])]
        title = " ".join([brand, *words, NOUNS[aisle % AISLES], f"No {pk}"])
        yield (
            pk, f"P-{pk:06d}", title, title.lower().replace(" ", "-"), f"{title}, made to last.", brand,
            departments + aisle + 1, prices[place], stocks[place], "{}", "", True,
            now - timedelta(days=ages[place]), counts[pk], totals[pk],
        )  # fmt: skip


if __name__ == "__main__":
    main()
