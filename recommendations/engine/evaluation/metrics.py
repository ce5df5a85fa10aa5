"""How good a ranking or a rating is. NaN means undefined (nobody to ask); a miss is 0.

Ranking metrics take `hits`, a (shoppers, k) table of whether the product shown at each place was relevant,
and `sizes`, the (shoppers,) number of relevant products, 1 or more; they give one value a shopper, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import Floats, Positions, Ranking

Hits = NDArray[np.bool_]
Sizes = NDArray[np.int64]
Values = NDArray[np.float64]


def hits_of(rankings: Sequence[Ranking], relevant: Sequence[Positions], k: int) -> Hits:
    """(shoppers, k): whether each place holds a relevant product; places left empty are misses."""
    table = np.zeros((len(rankings), k), dtype=bool)
    for row, ranking, wanted in zip(table, rankings, relevant, strict=True):
        shown = ranking.positions[:k]
        row[: len(shown)] = np.isin(shown, wanted)
    return table


def recall(hits: Hits, sizes: Sizes) -> Values:
    """Hits among the k shown / relevant products."""
    return np.asarray(hits.sum(axis=1) / sizes, np.float64)


def ndcg(hits: Hits, sizes: Sizes) -> Values:
    """sum over hits of 1 / log2(1 + place), divided by that sum for min(sizes, k) hits in the first places.

    Järvelin, Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002.
    """
    discounts = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.cumsum(discounts)[np.minimum(sizes, hits.shape[1]) - 1]
    return np.asarray((hits @ discounts) / best, np.float64)


def hit_rate(hits: Hits) -> Values:
    """1 where any of the k shown was relevant."""
    return np.asarray(hits.any(axis=1), np.float64)


def reciprocal_rank(hits: Hits) -> Values:
    """1 / place of the first hit, 0 without one."""
    return np.where(hits.any(axis=1), 1 / (1 + hits.argmax(axis=1)), 0.0)


def average_precision(hits: Hits, sizes: Sizes) -> Values:
    """Mean over all relevant products of the precision at the place of each, 0 for those not shown."""
    places = np.arange(1, hits.shape[1] + 1)
    return np.asarray((hits * (np.cumsum(hits, axis=1) / places)).sum(axis=1) / sizes, np.float64)


def coverage(rankings: Sequence[Ranking], k: int, products: int) -> float:
    """Share of the catalogue among the first k of anybody's ranking; NaN for no rankings or products."""
    if not rankings or not products:
        return float("nan")
    shown = np.concatenate([ranking.positions[:k] for ranking in rankings])
    return len(np.unique(shown)) / products


def mean(values: Values) -> float:
    """The mean over shoppers; NaN for none."""
    return float(values.mean()) if len(values) else float("nan")


def mean_of_defined(values: Values) -> float:
    """The mean over the shoppers whose value is defined; NaN for none."""
    return mean(values[~np.isnan(values)])


def rmse(predicted: Floats | Values, actual: Floats | Values) -> float:
    """Root mean squared error, in the unit of the ratings; NaN for no ratings."""
    return float(np.sqrt(mean((np.asarray(predicted, np.float64) - actual) ** 2)))


def mae(predicted: Floats | Values, actual: Floats | Values) -> float:
    """Mean absolute error, in the unit of the ratings; NaN for no ratings."""
    return mean(np.abs(np.asarray(predicted, np.float64) - actual))
