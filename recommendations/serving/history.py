"""A shopper's history as the live model takes it, read at every request: a rating counts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from feedback.histories import Row, history_rows, history_rows_of_many
from recommendations.conf import Conf
from recommendations.engine.types import History
from recommendations.signals import RATING, combine, signals_of

PURCHASE, DISMISS = "purchase", "dismiss"
KINDS = (DISMISS, "view", "click", "basket", "wishlist", PURCHASE, RATING)
STRENGTH = {kind: number for number, kind in enumerate(KINDS)}
SECOND = 1_000_000


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
    """One query: all ratings, and the newest events. `now` tells which purchases may come again."""
    return _made_of(history_rows(shopper_id, newest=settings.history_events), settings, now=now)


def histories_of(shopper_ids: Sequence[int], settings: Conf, *, now: datetime) -> dict[int, ShopperHistory]:
    """shopper id -> `history_of`, of those who have one. A query for every thousand shoppers."""
    rows = history_rows_of_many(shopper_ids, newest=settings.history_events)
    return {shopper_id: _made_of(own, settings, now=now) for shopper_id, own in rows.items()}


def _made_of(rows: list[Row], settings: Conf, *, now: datetime) -> ShopperHistory:
    if not rows:
        return NOTHING
    ids, kinds, stars, moments = zip(*rows, strict=True)
    values = np.array(stars, np.float32)
    values[values == 0] = np.nan
    signals = combine(
        signals_of(
            shoppers=np.zeros(len(rows), np.int64),
            products=np.array(ids, np.int64),
            kinds=np.array([STRENGTH[kind] for kind in kinds], np.int64),
            values=values,
            times=np.array(moments, np.int64) // SECOND,
            settings=settings,
            numbers=STRENGTH,
        )
    )
    strongest: dict[int, str] = {}
    for product, kind in zip(ids, kinds, strict=True):
        if STRENGTH[kind] >= STRENGTH[strongest.get(product, DISMISS)]:
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
    lately = (now - settings.repeat_after).timestamp() * SECOND
    too_soon = {product for product, kind, _, when in rows if kind == PURCHASE and when > lately}
    disliked = {product for product, stars in rated.items() if settings.rating_weights.get(stars, 0.0) <= 0}
    return frozenset(dismissed | disliked | too_soon | (set(rated) - bought))
