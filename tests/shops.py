"""A small shop with a pattern that a model can learn, and models of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from catalog.models import Category, Product
from feedback.models import Shopper
from feedback.services import NewRating, rate_many, shoppers_named
from recommendations import dataset, registry
from recommendations.conf import conf
from recommendations.engine.algorithms.item_knn import ItemKnnConfig
from recommendations.engine.algorithms.svd import SvdConfig, SvdRatingsConfig
from recommendations.engine.fit import fit_bundle
from recommendations.models import ModelVersion
from tests.factories import NOW, make_category

# Small enough for a moment's fit.
CONFIGS: dict[str, Any] = {
    "svd": SvdConfig(factors=8, epochs=15, learning_rate=0.1),
    "item_knn": ItemKnnConfig(shrinkage=1.0),
}


@dataclass(frozen=True)
class Shop:
    """Gardeners like the garden's products and dislike the kitchen's; cooks the other way round."""

    garden: list[Product]
    kitchen: list[Product]
    gardeners: list[Shopper]
    cooks: list[Shopper]
    garden_department: Category
    kitchen_department: Category

    @property
    def products(self) -> list[Product]:
        return self.garden + self.kitchen

    def name(self, product: Product) -> str:
        return "garden" if product.pk in {each.pk for each in self.garden} else "kitchen"


def make_shop(*, products: int = 12, shoppers: int = 15, seed: int = 0) -> Shop:
    """`products` and `shoppers` of each taste; all rate about 8 products of theirs and 2 of the others'."""
    random = Random(seed)
    garden_department, kitchen_department = make_category("Garden"), make_category("Kitchen")
    garden = _stock("Rake", garden_department, products)
    kitchen = _stock("Pan", kitchen_department, products)
    gardeners = list(shoppers_named([f"gardener-{n:02}" for n in range(shoppers)], now=NOW).values())
    cooks = list(shoppers_named([f"cook-{n:02}" for n in range(shoppers)], now=NOW).values())
    ratings: list[NewRating] = []
    for people, liked, disliked in ((gardeners, garden, kitchen), (cooks, kitchen, garden)):
        for number, shopper in enumerate(people):
            chosen = [(each, random.choice([4, 5])) for each in random.sample(liked, min(8, products - 1))]
            chosen += [(each, random.choice([1, 2])) for each in random.sample(disliked, 2)]
            random.shuffle(chosen)
            ratings += [
                NewRating(shopper, product, value, NOW - timedelta(days=100 - 9 * place, minutes=number))
                for place, (product, value) in enumerate(chosen)
            ]
    rate_many(ratings, now=NOW - timedelta(days=1))
    return Shop(garden, kitchen, gardeners, cooks, garden_department, kitchen_department)


def publish_model(
    algorithm: str = "item_knn",
    *,
    now: datetime = NOW,
    seed: int = 0,
    finish: Callable[[ModelVersion], None] | None = None,
    predicts: bool = True,
) -> ModelVersion:
    """Fit the shop's feedback and make the model live, without a run and without a gate."""
    data = dataset.load(conf(), now=now)
    rows = data.interactions()
    bundle = fit_bundle(
        rows, algorithm, CONFIGS.get(algorithm), seed=seed,
        rating_algorithm="svd", rating_config=SvdRatingsConfig(factors=8, epochs=20),
    )  # fmt: skip
    if not predicts:
        # As in a shop where nobody has rated yet.
        bundle = replace(bundle, ratings=None)
    facts = registry.Facts(
        seed=seed, data_watermark=now, change_watermark=data.change_watermark, metrics={},
        shopper_count=len(data.shoppers), product_count=len(data.products), interaction_count=len(rows),
    )  # fmt: skip
    return registry.publish(bundle, facts, now=now, finish=finish)


def _stock(title: str, category: Category, count: int) -> list[Product]:
    made = [
        Product(
            sku=f"{title.upper()}-{n:03}", title=f"{title} {n}", slug=f"{title.lower()}-{n}",
            brand=f"{title}co", category=category, price=10 + n, stock=5,
            created_at=NOW - timedelta(days=200 + n),
        )
        for n in range(count)
    ]  # fmt: skip
    Product.objects.bulk_create(made)
    return list(Product.objects.filter(category=category).order_by("pk"))
