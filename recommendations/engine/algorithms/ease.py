"""EASE: the closed-form linear model of which products go together, and of which come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from recommendations.engine.algorithms.linear import ItemItemModel, restored
from recommendations.engine.regression import Emphasis, Moments, moments
from recommendations.engine.types import Arrays, Interactions, Progress, Vocabulary

DOUBLE_PRECISION_UP_TO = 6_000
BLOCK = 1_024
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class EaseConfig:
    """regularization: lambda, added to the diagonal of Z'Z; larger for fewer shoppers or more noise.

    dropout: p, 0 to below 1; the model learns to do without a share p of the history. shopper_exponent:
    beta; a shopper with r products counts r^-beta, so that the few who have much do not outweigh the others.
    popularity_exponent: gamma; scores are divided by (1 + popularity)^gamma. recency: a row of the history
    counts recency^age, in the order's past too; 1 for no decay. sequence: share, 0 to 1, of what came next
    against what is owned together. max_products: the catalogue size above which fitting is refused.
    """

    regularization: float = 200.0
    dropout: float = 0.0
    shopper_exponent: float = 0.0
    popularity_exponent: float = 0.0
    recency: float = 1.0
    sequence: float = 0.0
    max_products: int = 15_000

    def __post_init__(self) -> None:
        if self.regularization <= 0:
            raise ValueError("regularization must be above 0.")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout must be 0 or more and below 1.")
        if not 0 < self.recency <= 1:
            raise ValueError("recency must be above 0 and at most 1.")
        if not 0 <= self.sequence <= 1:
            raise ValueError("sequence must be from 0 to 1.")


class Ease:
    """score = x.B; B minimises sum_rows w |y - zB|^2 + sum_i L_i |B_i|^2 with diag(B) = 0, in closed form.

    z and y are rows of what shoppers have and of what they went on to (see `regression.moments`), w their
    shoppers' weights, L_i = p/(1-p) (Z'WZ)_ii + lambda. With P = (Z'WZ + L)^-1 and Q = P Z'WY:
    B_ij = Q_ij - P_ij Q_jj / P_jj, divided by (1 + (Z'WZ)_jj)^gamma. Without sequence Q is I - PL and B the
    well-known -P_ij / P_jj. B is dense: while fitting about three such matrices are in memory (15,000
    products: 0.9 GB each, in single precision), hence `EaseConfig.max_products`.
    Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019; Steck, "Autoencoders that don't
    overfit towards the identity", NeurIPS 2020; Choi et al., "Session-aware linear item-item models for
    session-based recommendation", WWW 2021.
    """

    name = "ease"
    config_class = EaseConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "regularization": (5.0, 20.0, 50.0, 150.0, 400.0),
        "dropout": (0.0, 0.3, 0.6),
        "shopper_exponent": (0.0, 0.4, 0.8),
        "popularity_exponent": (0.0, 0.1, 0.2),
        "recency": (1.0, 0.9, 0.8, 0.7),
        "sequence": (0.0, 0.5, 0.8),
    }

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """The dense products x products matrices decide."""
        return products <= EaseConfig.max_products

    def fit(
        self, interactions: Interactions, config: EaseConfig, *, seed: int, progress: Progress
    ) -> ItemItemModel:
        """Raises ValueError for a catalogue above `config.max_products`."""
        count = len(interactions.products)
        if count > config.max_products:
            raise ValueError(
                f"EASE needs a dense {count:,} x {count:,} matrix; max_products is {config.max_products:,}: "
                "use sparse_ease, item_knn or svd, or raise max_products if the memory is there."
            )
        emphasis = Emphasis(config.shopper_exponent, config.sequence, config.recency)
        sums = moments(interactions, emphasis)
        progress(0.2)
        popularity = sums.inputs.diagonal().astype(np.float64)
        penalties = config.dropout / (1 - config.dropout) * popularity + config.regularization
        inverse = _inverse(sums.inputs.toarray(), penalties)
        progress(0.7)
        weights = _weights(inverse, sums, ordered=config.sequence > 0)
        weights *= ((1 + popularity) ** -config.popularity_exponent).astype(weights.dtype)
        progress(1.0)
        return ItemItemModel(
            interactions.products, weights.astype(np.float32, copy=False), recency=config.recency
        )

    def restore(self, config: EaseConfig, products: Vocabulary, arrays: Arrays) -> ItemItemModel:
        return restored(products, arrays, recency=config.recency)


def _inverse(inputs: NDArray[np.float32], penalties: NDArray[np.float64]) -> Matrix:
    """(inputs + diag(penalties))^-1 of a positive definite matrix, in its place where precision allows."""
    count = len(inputs)
    if not count:
        return inputs
    double = count <= DOUBLE_PRECISION_UP_TO
    matrix: Matrix = np.asfortranarray(inputs.T, np.float64 if double else np.float32)
    matrix[np.diag_indices(count)] += penalties
    factor, invert = (lapack.dpotrf, lapack.dpotri) if double else (lapack.spotrf, lapack.spotri)
    matrix, failed = factor(matrix, lower=1, overwrite_a=1, clean=0)
    if failed:
        raise ValueError("EASE's matrix is not positive definite: raise regularization.")
    matrix, _ = invert(matrix, lower=1, overwrite_c=1)
    for start in range(0, count, BLOCK):
        own = slice(start, start + BLOCK)
        corner = np.tril(matrix[own, own])
        matrix[own, own] = corner + np.tril(corner, -1).T
        matrix[own, start + BLOCK :] = matrix[start + BLOCK :, own].T
    return matrix


def _weights(inverse: Matrix, sums: Moments, *, ordered: bool) -> Matrix:
    """B, of the inverse P, which is overwritten."""
    scale = np.diag(inverse).copy()
    if not ordered:
        inverse /= -scale
        np.fill_diagonal(inverse, 0)
        return inverse
    # P is symmetric, so that (Y'Z P)' is P Z'Y.
    free = np.asarray(sums.targets.T.tocsr().astype(inverse.dtype) @ inverse).T
    inverse *= np.diag(free) / scale
    free -= inverse
    np.fill_diagonal(free, 0)
    return free
