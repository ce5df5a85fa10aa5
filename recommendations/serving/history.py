"""A shopper's history as the live model takes it, read at every request: a rating counts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from feedback.selectors import events_of, ratings_of
from recommendations.conf import Conf
from recommendations.engine.types import History
from recommendations.signals import RATING, combine, signals_of

PURCHASE, DISMISS = "purchase", "dismiss"
STRENGTH = ["dismiss", "view", "click", "basket", "wishlist", "purchase", RATING]

# Product id, what was done, stars (NaN unless rated), when.
Row = tuple[int, str, float, datetime]


@dataclass(frozen=True, eq=False)
class ShopperHistory:
    """deeds: per row of the history, the strongest thing done. settled: ids of products to leave out."""

    history: History
    deeds: tuple[str, ...]
    settled: frozenset[int]

    def __len__(self) -> int:
        return len(self.history)


NOTHING = ShopperHistory(History.empty(), (), frozenset())


def history_of(shopper_id: int, settings: Conf, *, now: datetime) -> ShopperHistory:
    """Two queries: all ratings, and the newest events. `now` tells which purchases may come again."""
    rows: list[Row] = [(product, RATING, value, when) for product, value, when in ratings_of(shopper_id)]
    rows += [
        (product, kind, np.nan, when)
        for product, kind, when in events_of(shopper_id, newest=settings.history_events)
    ]
    if not rows:
        return NOTHING
    kinds = np.array([row[1] for row in rows], dtype=object)
    values = np.array([row[2] for row in rows], np.float32)
    products = np.array([row[0] for row in rows], np.int64)
    times = np.array([int(row[3].timestamp()) for row in rows], np.int64)
    signals = combine(
        signals_of(
            shoppers=np.zeros(len(rows), np.int64),
            products=products,
            kinds=kinds,
            values=values,
            times=times,
            settings=settings,
        )
    )
    strongest: dict[int, str] = {}
    for product, kind in zip(products.tolist(), kinds.tolist(), strict=True):
        if STRENGTH.index(kind) >= STRENGTH.index(strongest.get(product, "dismiss")):
            strongest[product] = kind
    order = np.lexsort((signals.products, signals.times))
    history = History(
        signals.products[order], signals.ratings[order], signals.weights[order], signals.times[order]
    )
    return ShopperHistory(
        history,
        tuple(strongest[product] for product in history.products.tolist()),
        _settled(rows, settings, now=now),
    )


def _settled(rows: list[Row], settings: Conf, *, now: datetime) -> frozenset[int]:
    """Ids of the products the shopper has dealt with: dismissed, rated or bought.

    In a shop where purchases are repeated, what was bought comes back after `repeat_after`, rated or not;
    never what was dismissed or given few stars.
    """
    dismissed = {product for product, kind, _, _ in rows if kind == DISMISS}
    rated = {product: value for product, kind, value, _ in rows if kind == RATING}
    bought = {product for product, kind, _, _ in rows if kind == PURCHASE}
    if not settings.repeat_purchases:
        return frozenset(dismissed | set(rated) | bought)
    lately = now - settings.repeat_after
    too_soon = {product for product, kind, _, when in rows if kind == PURCHASE and when > lately}
    disliked = {
        product for product, stars in rated.items() if settings.rating_weights.get(int(stars), 0.0) <= 0
    }
    return frozenset(dismissed | disliked | too_soon | (set(rated) - bought))
