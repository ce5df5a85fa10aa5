"""Folding in: what a fitted model computes from the histories handed to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Floats, History, Positions, Vocabulary

Matrix = NDArray[np.float64]
GRID_BITS, AT_A_TIME = 22, 8_000_000


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


def cosine_rows(factors: Floats, positions: Positions) -> Floats:
    """(positions, products) cosine of product vectors, 0 for a zero vector; a product's own entry is -inf."""
    lengths = np.linalg.norm(factors, axis=1)
    unit = factors / np.where(lengths > 0, lengths, 1)[:, None]
    return without_self((unit[positions] @ unit.T).astype(np.float32), positions)


def without_self(similarity: Floats, positions: Positions) -> Floats:
    """The similarity rows (changed in place) with each product's own entry at -inf."""
    similarity[np.arange(len(positions)), positions] = -np.inf
    return similarity


def on_grid(rows: NDArray[np.floating[Any]]) -> Matrix:
    """Each row rounded to GRID_BITS bits below its largest entry, in double precision.

    Products of such rows and their sums have no rounding at all, up to 2^(53 - 2 GRID_BITS) entries, so that
    a matrix product is the same to the last bit whatever order it is summed in: in a batch or alone, with
    one thread or many. The error, one in four million of the largest entry, is that of single precision.
    """
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0).astype(np.float64)
    step = np.ldexp(1.0, np.frexp(largest)[1] - GRID_BITS)
    return np.asarray(np.rint(rows / step) * step, np.float64)


def exact_scores(shoppers: Matrix, products: Matrix) -> Floats:
    """(shoppers, products) dot products of the rows of two `on_grid` tables; never more in double precision
    than AT_A_TIME of them."""
    scores = np.empty((len(shoppers), len(products)), np.float32)
    step = max(1, AT_A_TIME // max(1, len(products)))
    for start in range(0, len(shoppers), step):
        scores[start : start + step] = shoppers[start : start + step] @ products.T
    return scores
