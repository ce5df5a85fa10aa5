"""How sure a mean over shoppers is, and whether one model is really better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.evaluation.metrics import Values, mean_of_defined

RESAMPLES = 1_000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over shoppers, and the bounds of its interval; NaN where undefined."""

    value: float
    low: float
    high: float


def estimates(
    columns: dict[str, Values], *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> dict[str, Estimate]:
    """The mean of each column of per-shopper values, with the percentile interval of resampled shoppers.

    All columns are resampled alike. A shopper whose value is NaN does not count for that column. Efron,
    Tibshirani, "An introduction to the bootstrap", 1993.
    """
    if not columns:
        return {}
    table = np.column_stack(list(columns.values()))
    means = _resampled(table, seed=seed, resamples=resamples)
    bounds = np.full((2, table.shape[1]), np.nan)
    for number, column in enumerate(means.T):
        if np.isfinite(column).any():
            bounds[:, number] = np.nanquantile(column, [(1 - level) / 2, (1 + level) / 2])
    return {
        name: Estimate(mean_of_defined(values), float(low), float(high))
        for (name, values), low, high in zip(columns.items(), *bounds, strict=True)
    }


def paired(
    better: Values, worse: Values, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> Estimate:
    """The mean difference of two models asked about the same shoppers, in the same order.

    An interval wholly above 0 says that the first model is better. Raises ValueError for other lengths.
    """
    if len(better) != len(worse):
        raise ValueError("A paired comparison needs the same shoppers, in the same order, on both sides.")
    return estimates({"difference": better - worse}, seed=seed, resamples=resamples, level=level)[
        "difference"
    ]


def _resampled(table: NDArray[np.float64], *, seed: int, resamples: int) -> NDArray[np.float64]:
    """(resamples, columns) means of as many shoppers, drawn with replacement."""
    random = np.random.default_rng(seed)
    count = len(table)
    defined = np.isfinite(table).astype(np.float64)
    filled = np.where(defined > 0, table, 0.0)
    means = np.full((resamples, table.shape[1]), np.nan)
    for number in range(resamples if count else 0):
        times = np.bincount(random.integers(0, count, count), minlength=count).astype(np.float64)
        total = times @ defined
        np.divide(times @ filled, total, out=means[number], where=total > 0)
    return means
