"""A small shop with two tastes, learned by the real training: who likes gardens likes no kitchens."""

from __future__ import annotations

import random
from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from catalog.models import Category, Product
from feedback.models import Event, Rating, Shopper
from feedback.services import recount_ratings
from tests.factories import make_category, make_product, make_shopper

PRODUCTS_EACH, SHOPPERS_EACH = 16, 20


@dataclass(frozen=True)
class Shop:
    garden: Category
    kitchen: Category
    products: dict[str, list[Product]]
    gardener: Shopper
    cook: Shopper


def open_shop() -> Shop:
    """The two departments and their shoppers' feedback, without a model."""
    departments = {name: make_category(name.capitalize()) for name in ("garden", "kitchen")}
    products = {
        name: [
            make_product(f"{name.capitalize()} thing {number}", sku=f"{name}-{number}", category=department,
                         brand=f"{name} brand", price=f"{10 + number}.50", stock=20)
            for number in range(PRODUCTS_EACH)
        ]
        for name, department in departments.items()
    }  # fmt: skip
    fans = {name: _fans(name, products) for name in departments}
    recount_ratings()
    return Shop(departments["garden"], departments["kitchen"], products, fans["garden"], fans["kitchen"])


def open_trained_shop() -> Shop:
    shop = open_shop()
    call_command("train_model", stdout=StringIO())
    return shop


def _fans(liked: str, products: dict[str, list[Product]]) -> Shopper:
    """Shoppers who like one department; the first of them is returned."""
    chance, now = random.Random(liked), timezone.now()
    shoppers = [make_shopper(f"{liked}-fan-{number}") for number in range(SHOPPERS_EACH)]
    ratings, purchases = [], []
    for shopper in shoppers:
        for name, things in products.items():
            for product in chance.sample(things, 9 if name == liked else 4):
                value = chance.choice([4, 5, 5]) if name == liked else chance.choice([1, 1, 2])
                ratings.append(Rating(shopper=shopper, product=product, value=value, rated_at=now))
        # Each order is of things that go together; what shares orders by chance alone is no pattern.
        together = chance.choice([(0, 1, 3), (2, 4, 5)])
        order = f"order-of-{shopper.external_id}"
        purchases += [
            Event(shopper=shopper, product=product, kind="purchase", order_ref=order, occurred_at=now)
            for product in (products[liked][number] for number in together)
        ]
    Rating.objects.bulk_create(ratings)
    Event.objects.bulk_create(purchases)
    return shoppers[0]
