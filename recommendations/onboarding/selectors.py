"""The products a new shopper is asked about, and how far they have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from catalog.models import Product
from feedback.models import Shopper
from feedback.selectors import rating_values
from recommendations.conf import Conf, conf
from recommendations.engine.fit import ONBOARDING
from recommendations.engine.onboarding import QUESTIONS, choose
from recommendations.serving import shelf
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Filters, Item, Strategy
from recommendations.serving.service import EVERYTHING, lately, products_of, recommend_for
from recommendations.serving.snapshot import Snapshot, current

SHOWN, WANTED, PREVIEWED = 20, 5, 6


@dataclass(frozen=True)
class Questions:
    """Products worth asking about, most worth asking first; model_version: None where no model chose them."""

    products: tuple[Product, ...]
    model_version: int | None


@dataclass(frozen=True)
class Onboarding:
    """The page: what is asked, product id -> stars given, and the first places of the list so far.

    has_taste: whether the list is the shopper's own yet.
    """

    products: tuple[Product, ...]
    ratings: dict[int, int]
    list_so_far: tuple[Item, ...]
    has_taste: bool
    wanted: int = WANTED

    @property
    def rated(self) -> int:
        """How many of those asked about, up to as many as are wanted."""
        return min(len(self.ratings), self.wanted)

    @property
    def is_done(self) -> bool:
        return len(self.ratings) >= self.wanted


def questions(*, now: datetime, limit: int = SHOWN, snapshot: Snapshot | None = None) -> Questions:
    """The live model's choice, as far as the shop has it; without a model what is popular, by department.

    The same for everybody and, as long as the model and the stock stay, at every call: what a shopper has
    rated stays in it.
    """
    settings, snapshot = conf(), snapshot or current()
    model = snapshot.model
    chosen = _chosen_by(model) if model else _popular(settings, now=now)
    places = {pk: -float(number) for number, pk in enumerate(chosen)}
    rules = snapshot.rules_at(now).without_pins()
    shown = shelf.places(places, EVERYTHING, rules, (), snapshot)[:limit]
    products = products_of([place.product_id for place in shown])
    return Questions(
        tuple(products[place.product_id] for place in shown if place.product_id in products),
        model.version if model else None,
    )


def onboarding_for(shopper: Shopper | None, *, now: datetime) -> Onboarding:
    """Where a shopper, or a visitor without any feedback, stands."""
    snapshot = current()
    asked = questions(now=now, snapshot=snapshot).products
    ids = frozenset(product.pk for product in asked)
    ratings = rating_values(shopper, ids)
    items: tuple[Item, ...] = ()
    if shopper is not None and shopper.feedback_version:
        found = recommend_for(
            shopper, now=now, filters=Filters(exclude=ids), limit=PREVIEWED, snapshot=snapshot
        )
        items = found.items if found.strategy == Strategy.PERSONAL else ()
    return Onboarding(asked, ratings, items, bool(items))


def _chosen_by(model: LiveModel) -> list[int]:
    """The ids in the model's own artefact; one from before there were any has its most popular products."""
    if chosen := model.bundle.metadata.get(ONBOARDING):
        return [int(pk) for pk in chosen]
    popularity = model.bundle.popularity.model.arrays()["popularity"]
    best = np.argsort(-popularity, kind="stable")[:QUESTIONS]
    ids: list[int] = model.bundle.products.ids[best].tolist()
    return ids


def _popular(settings: Conf, *, now: datetime) -> list[int]:
    """What shoppers turned to lately, or like, or what is new, from all over the shop."""
    ids = list(lately(settings, now=now)[0])[: 4 * QUESTIONS]
    rows = Product.objects.filter(pk__in=ids).values_list("pk", "category__parent_id", "category_id")
    department = {pk: parent or own or 0 for pk, parent, own in rows}
    chosen = choose(
        np.arange(len(ids), 0, -1, dtype=np.float64),
        np.ones(len(ids)),
        np.array([department.get(pk, 0) for pk in ids], np.int64),
        count=QUESTIONS,
    )
    return [ids[place] for place in chosen.tolist()]
