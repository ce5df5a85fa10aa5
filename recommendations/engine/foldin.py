"""Folding in: what a fitted model computes from the histories handed to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Floats, History, Positions, Vocabulary

Matrix = NDArray[np.float64]
GRID_BITS, HALF, CACHED = 22, 0.5, 131_072
ROUNDING, SLACK = 2.0**-24, 16
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


def recent_weights(
    history: History, products: Vocabulary, *, recency: float = 1.0
) -> tuple[Positions, NDArray[np.bool_], Floats]:
    """(positions of the known products, mask of the rows they come from, weight x recency^age of each).

    recency: above 0, up to 1 for no decay. The age of a row is the number of different times after its own
    among the known rows: a basket ages as one, however large, and an unknown product ages nothing.
    """
    positions, mask = history.known_to(products)
    weights = history.weights[mask]
    if recency == 1.0 or not len(weights):
        return positions, mask, weights
    moments = np.unique(history.times[mask], return_inverse=True)[1]
    decay = np.power(recency, (moments.max() - moments).astype(np.float32))
    return positions, mask, (weights * decay).astype(np.float32)


def weight_matrix(
    histories: Sequence[History], products: Vocabulary, *, recency: float = 1.0
) -> sparse.csr_matrix[np.float32]:
    """(histories, products) sparse signed weights; products the vocabulary does not know are left out.

    recency: as of `recent_weights`.
    """
    positions: list[Positions] = []
    weights: list[Floats] = []
    for history in histories:
        known, _, own = recent_weights(history, products, recency=recency)
        positions.append(known)
        weights.append(own)
    ends = np.cumsum([0, *(len(known) for known in positions)])
    data = np.concatenate([np.empty(0, np.float32), *weights])
    columns = np.concatenate([np.empty(0, np.int32), *positions])
    return sparse.csr_matrix((data, columns, ends), shape=(len(histories), len(products)))


def ridge_shares(features: Matrix, residuals: Matrix, confidence: Matrix, *, precision: Matrix) -> Matrix:
    """The weighted ridge solution, split by history row: (factors, n), whose row sums are the shopper's
    vector.

    The vector p minimises sum_j c_j (r_j - x_j.p)^2 + p'Pp, so p = A^-1 sum_j c_j r_j x_j with
    A = P + sum_j c_j x_j x_j'. As p is a sum over the history's rows, so is every score made of it.

    features: (n, factors) x. residuals, confidence: (n,) r and c, c >= 0. precision: (factors, factors) P,
    positive definite. Hu, Koren, Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM
    2008.
    """
    weighted = features * confidence[:, None]
    system = precision + weighted.T @ features
    return np.asarray(np.linalg.solve(system, (weighted * residuals[:, None]).T), np.float64)


def cosine_rows(factors: Floats, positions: Positions, *, lengths: Floats | None = None) -> Floats:
    """(positions, products) cosine of product vectors, 0 for a zero vector; a product's own entry is -inf.

    lengths: (products,) of the vectors, where they were computed before.
    """
    own = np.linalg.norm(factors, axis=1) if lengths is None else lengths
    safe = np.where(own > 0, own, 1)
    alike = (factors[positions] / safe[positions, None]) @ factors.T
    alike /= safe
    return without_self(np.asarray(alike, np.float32), positions)


def without_self(similarity: Floats, positions: Positions) -> Floats:
    """The similarity rows (changed in place) with each product's own entry at -inf."""
    similarity[np.arange(len(positions)), positions] = -np.inf
    return similarity


def on_grid(rows: NDArray[np.floating[Any]]) -> Matrix:
    """Each row rounded to GRID_BITS bits below its largest entry, in double precision.

    Products of such rows and their sums have no rounding at all, up to 2^(53 - 2 GRID_BITS) entries, so that
    a matrix product is the same to the last bit whatever order it is summed in: in a batch or alone, with
    one thread or many. The error, one in four million of the largest entry, is that of single precision,
    which holds such rows without loss. Rows that are on the grid stay as they are.
    """
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0).astype(np.float64)
    part, exponent = np.frexp(largest)
    # A power of two is the end of its own range, not the start of the next.
    step = np.ldexp(1.0, exponent - (part == HALF) - GRID_BITS)
    return np.asarray(np.rint(rows / step) * step, np.float64)


def rounding(size: int, dot: float, others: float) -> float:
    """At most how far a dot product of `size` entries plus others is off in single precision, and after.

    dot: the greatest product of the two vectors' lengths. others: the greatest absolute value of what is
    added to it. Every product and every sum rounds once, and in the end the exact score, too. Below the
    smallest normal number the steps are fixed, not a share.
    """
    return ROUNDING * ((size + SLACK) * dot + SLACK * others) + SMALLEST_NORMAL


def exact_scores(shoppers: Matrix, *tables: NDArray[np.floating[Any]]) -> Floats:
    """(shoppers, products) dot products of rows that are `on_grid`, the products' given as one table or as
    several side by side.

    The tables may be in single precision, which costs a row on the grid nothing; never more than a part of
    them is in double precision.
    """
    scores = np.empty((len(shoppers), len(tables[0])), np.float32)
    # So many rows stay in the processor's cache while they are used.
    step = max(1, CACHED // max(1, shoppers.shape[1], len(shoppers)))
    for start in range(0, len(tables[0]), step):
        part, done = slice(start, start + step), 0
        total = np.zeros((len(shoppers), len(tables[0][part])))
        for table in tables:
            own = slice(done, done := done + table.shape[1])
            total += shoppers[:, own] @ table[part].astype(np.float64).T
        scores[:, part] = total
    return scores
