"""A shopper's history as the live model takes it, read at every request: a rating counts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from feedback.selectors import events_of, ratings_of
from recommendations.conf import Conf
from recommendations.engine.types import History
from recommendations.signals import RATING, Signals, combine, weigh

# Products a shopper has dealt with are not recommended again.
SETTLED = {RATING, "purchase", "dismiss"}
STRENGTH = ["dismiss", "view", "click", "basket", "wishlist", "purchase", RATING]


@dataclass(frozen=True, eq=False)
class ShopperHistory:
    """deeds: per row of the history, the strongest thing done. settled: ids of products to leave out."""

    history: History
    deeds: tuple[str, ...]
    settled: frozenset[int]

    def __len__(self) -> int:
        return len(self.history)


NOTHING = ShopperHistory(History.empty(), (), frozenset())


def history_of(shopper_id: int, settings: Conf) -> ShopperHistory:
    """Two queries: all ratings, and the newest events."""
    rows: list[tuple[int, str, float, datetime]] = [
        (product, RATING, value, when) for product, value, when in ratings_of(shopper_id)
    ]
    rows += [
        (product, kind, np.nan, when)
        for product, kind, when in events_of(shopper_id, newest=settings.history_events)
    ]
    if not rows:
        return NOTHING
    kinds = np.array([row[1] for row in rows], dtype=object)
    values = np.array([row[2] for row in rows], np.float32)
    products = np.array([row[0] for row in rows], np.int64)
    signals = combine(
        Signals(
            shoppers=np.zeros(len(rows), np.int64),
            products=products,
            weights=weigh(kinds, values, ratings=settings.rating_weights, events=settings.event_weights),
            ratings=values,
            times=np.array([int(row[3].timestamp()) for row in rows], np.int64),
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
    settled = frozenset(products[np.isin(kinds, list(SETTLED))].tolist())
    return ShopperHistory(
        history, tuple(strongest[product] for product in history.products.tolist()), settled
    )
