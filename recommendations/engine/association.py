"""How strongly two products belong together, from how often they share an order. Pure counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
SURE = 3.84
"""The log-likelihood ratio that chance reaches once in 20 pairs (chi-squared, 1 degree of freedom)."""


def lift(both: Numbers, own: Numbers, other: Numbers, orders: float, *, shrink: float = 1.0) -> Numbers:
    """(n,) n_ij / (n_i n_j / n + shrink): how much oftener together than if unrelated.

    both, own, other: (n,) orders with both products, with the one, with the other. The added `shrink` keeps
    pairs that were seen once or twice from the top.
    """
    return np.asarray(both / (own * other / max(1.0, orders) + shrink), np.float64)


def log_likelihood_ratio(both: Numbers, own: Numbers, other: Numbers, orders: float) -> Numbers:
    """(n,) 2 sum_cells k ln(k / expected) of the 2 x 2 table, 0 where they meet as seldom as chance has it.

    Sound for rare events, where chi-squared is not. Dunning, "Accurate methods for the statistics of surprise
    and coincidence", Computational Linguistics 19(1), 1993.
    """
    total = max(1.0, orders)
    cells = (both, own - both, other - both, total - own - other + both)
    expected = (
        own * other / total, own * (total - other) / total, (total - own) * other / total,
        (total - own) * (total - other) / total,
    )  # fmt: skip
    ratio = 2 * sum(_k_ln(cell, mean) for cell, mean in zip(cells, expected, strict=True))
    return np.asarray(np.where(both * total > own * other, np.maximum(ratio, 0.0), 0.0), np.float64)


def affinity(both: Numbers, other: Numbers, *, exponent: float) -> Numbers:
    """(n,) n_ij / n_j^exponent: from how many orders they share (0) to what share of the other's orders (1).

    In between, what is bought with everything loses and what is bought with nothing but this does not win by
    a handful of orders.
    """
    return np.asarray(both / np.maximum(other, 1.0) ** exponent, np.float64)


def _k_ln(cell: Numbers, expected: Numbers) -> Numbers:
    """k ln(k / expected), 0 for k = 0."""
    usable = (cell > 0) & (expected > 0)
    ratio = np.divide(cell, expected, out=np.ones_like(cell, np.float64), where=usable)
    return np.where(usable, cell * np.log(ratio), 0.0)
