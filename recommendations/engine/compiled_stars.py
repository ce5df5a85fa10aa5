"""A shopper's vectors in every draw of a Bayesian factor model, and the stars they give."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

PLACES, STARS, DRAWS = read_only("int32"), read_only("float32"), read_only("float32", 3)
# Sums may be made in any order: several products at once, and no more of floating point's rules given up.
SUMS = {"reassoc", "contract"}


@compiled("void(float64[:, :, ::1])", fastmath=SUMS)
def decompose_each(systems: Any) -> None:
    """The systems, (size, size, draws), symmetric and positive definite, become their Cholesky factors.

    Their lower halves are looked at. The draws lie side by side so that the processor works on several at
    once.
    """
    size, draws = systems.shape[0], systems.shape[2]
    for row in range(size):
        for column in range(row + 1):
            for inner in range(column):
                for draw in range(draws):
                    systems[row, column, draw] -= systems[row, inner, draw] * systems[column, inner, draw]
            for draw in range(draws):
                if row == column:
                    systems[row, row, draw] = np.sqrt(systems[row, row, draw])
                else:
                    systems[row, column, draw] /= systems[column, column, draw]


@compiled("void(float64[:, :, ::1], float64[:, ::1])", fastmath=SUMS)
def solve_each(factors: Any, right: Any) -> None:
    """`right`, (size, draws), becomes the solution of each draw's system, given their Cholesky factors."""
    size, draws = right.shape
    for row in range(size):
        for inner in range(row):
            for draw in range(draws):
                right[row, draw] -= factors[row, inner, draw] * right[inner, draw]
        for draw in range(draws):
            right[row, draw] /= factors[row, row, draw]
    for row in range(size - 1, -1, -1):
        for draw in range(draws):
            right[row, draw] /= factors[row, row, draw]
        for inner in range(row):
            for draw in range(draws):
                right[inner, draw] -= factors[row, inner, draw] * right[row, draw]


@compiled(
    f"float64[:, ::1]({PLACES}, {STARS}, float64, {DRAWS}, {DRAWS}, {read_only('float64', 3)})", fastmath=SUMS
)
def vectors_of_each(known: Any, stars: Any, mean: float, vectors: Any, pulls: Any, precisions: Any) -> Any:
    """(factors + 1, draws) the vector and bias p of each draw, as `BayesRatingsModel` says.

    known: (n,) positions of a history's products, below 0 for those the model does not know. stars: (n,), NaN
    where not rated.
    """
    draws, size = vectors.shape[1], vectors.shape[2]
    told = np.flatnonzero((known >= 0) & np.isfinite(stars))
    root = np.sqrt(max(1, len(told)))
    right, feature, residual = np.zeros((size, draws)), np.ones((size, draws)), np.empty(draws)
    systems = precisions.transpose((1, 2, 0)).copy()
    for number in range(len(told)):
        own, given = known[told[number]], np.float64(stars[told[number]])
        for draw in range(draws):
            residual[draw] = given - mean - vectors[own, draw, size - 1]
            for row in range(size - 1):
                feature[row, draw] = vectors[own, draw, row]
            for row in range(size):
                right[row, draw] += feature[row, draw] * residual[draw] + pulls[own, draw, row] / root
        for row in range(size):
            for column in range(row + 1):
                for draw in range(draws):
                    systems[row, column, draw] += feature[row, draw] * feature[column, draw]
    decompose_each(systems)
    solve_each(systems, right)
    return right


@compiled(f"float32[::1](float64[:, ::1], {PLACES}, float64, {DRAWS}, float64, float64)", fastmath=SUMS)
def stars_at(own: Any, wanted: Any, mean: float, vectors: Any, lowest: float, highest: float) -> Any:
    """(k,) stars for the wanted positions: the mean over the draws of mu + b + [q, 1].p, clipped.

    own: (factors + 1, draws) the shopper's vectors.
    """
    draws, size = vectors.shape[1], vectors.shape[2]
    found, bias = np.empty(len(wanted), np.float32), 0.0
    for draw in range(draws):
        bias += own[size - 1, draw]
    # As the products' vectors lie in memory.
    weights = np.ones((draws, size))
    for draw in range(draws):
        for row in range(size - 1):
            weights[draw, row] = own[row, draw]
    for number in range(len(wanted)):
        total = bias
        for draw in range(draws):
            for row in range(size):
                total += weights[draw, row] * vectors[wanted[number], draw, row]
        found[number] = min(max(mean + total / draws, lowest), highest)
    return found
