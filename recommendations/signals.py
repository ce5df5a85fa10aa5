"""From what a shopper did with a product to one row of a history, the same for training and for serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import Floats, Ids, Times

RATING = "rating"


@dataclass(frozen=True, eq=False)
class Signals:
    """Columns, a row per signal: who (any ids), which product, a weight, stars (NaN unless rated), when."""

    shoppers: Ids
    products: Ids
    weights: Floats
    ratings: Floats
    times: Times

    def __len__(self) -> int:
        return len(self.products)


def weigh(
    kinds: NDArray[Any], values: Floats, *, ratings: Mapping[int, float], events: Mapping[str, float]
) -> Floats:
    """(n,) weight of each signal: by its stars where it is a rating, else by the kind of the event."""
    weights = np.zeros(len(kinds), np.float32)
    for kind, weight in events.items():
        weights[kinds == kind] = weight
    for stars, weight in ratings.items():
        weights[values == stars] = weight
    return weights


def combine(signals: Signals) -> Signals:
    """One row per shopper and product, sorted by shopper, product.

    A rating says more than any event: its weight counts alone. Otherwise the strongest event counts, unless
    the latest one is negative (a dismissal): then that one. The time is the latest signal's; of
    the signals of one second a negative one counts as the latest, so the order of the rows does not matter.
    """
    if not len(signals):
        return signals
    order = np.lexsort((-signals.weights, signals.times, signals.products, signals.shoppers))
    shoppers, products = signals.shoppers[order], signals.products[order]
    weights, ratings, times = signals.weights[order], signals.ratings[order], signals.times[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (shoppers[1:] != shoppers[:-1]) | (products[1:] != products[:-1])
    starts = np.flatnonzero(first)
    last = np.append(starts[1:], len(order)) - 1
    rated = np.isfinite(ratings)
    stars = np.fmax.reduceat(ratings, starts)
    by_rating = np.maximum.reduceat(np.where(rated, weights, -np.inf), starts)
    by_event = np.maximum.reduceat(np.where(rated, -np.inf, weights), starts)
    by_event = np.where(weights[last] < 0, weights[last], by_event)
    combined = np.where(np.isfinite(stars), by_rating, by_event).astype(np.float32)
    return Signals(shoppers[starts], products[starts], combined, stars.astype(np.float32), times[last])
