"""EASE: the closed-form linear model of which products go together, and of which come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from recommendations.engine.algorithms.linear import ItemItemModel, restored
from recommendations.engine.regression import Moments, RegressionConfig, moments, penalties, product_scales
from recommendations.engine.types import Arrays, Interactions, Progress, Vocabulary

DOUBLE_PRECISION_UP_TO = 6_000
BLOCK = 1_024
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class EaseConfig(RegressionConfig):
    """max_products: the catalogue size above which fitting is refused."""

    max_products: int = 15_000


class Ease:
    """score = x.B; B minimises sum_rows w |y - zB|^2 + sum_i L_i |B_i|^2 with diag(B) = 0, in closed form.

    z and y are rows of what shoppers have and of what they went on to (see `regression.moments`), w their
    shoppers' weights, L_i their `penalties`. With P = (Z'WZ + L)^-1 and Q = P Z'WY:
    B_ij = Q_ij - P_ij Q_jj / P_jj, times the `product_scales` of j. Without sequence Q is I - PL and B the
    well-known -P_ij / P_jj. B is dense: while fitting about three such matrices are in memory (15,000
    products: 0.9 GB each, in single precision), hence `EaseConfig.max_products`.
    Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019; Steck, "Autoencoders that don't
    overfit towards the identity", NeurIPS 2020; Choi et al., "Session-aware linear item-item models for
    session-based recommendation", WWW 2021.
    """

    name = "ease"
    config_class = EaseConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "regularization": (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 800.0),
        "dropout": (0.0, 0.3, 0.5, 0.6, 0.7, 0.8),
        "shopper_exponent": (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0),
        "popularity_exponent": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
        "recency": (1.0, 0.95, 0.9, 0.8, 0.7, 0.6),
        "sequence": (0.0, 0.3, 0.5, 0.7, 0.85),
        "trend": (0.0, 0.5, 1.0, 1.3),
    }
    needs: ClassVar[Mapping[str, str]] = {"recency": "order", "sequence": "order", "trend": "time"}
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"dropout": 0.5, "shopper_exponent": 0.7, "popularity_exponent": 0.1},
        {"regularization": 100.0, "dropout": 0.5, "shopper_exponent": 0.4},
        {"regularization": 20.0, "dropout": 0.3, "shopper_exponent": 0.4},
        {"regularization": 50.0, "dropout": 0.6, "popularity_exponent": 0.2, "recency": 0.7, "sequence": 0.5},
        {"recency": 0.7, "trend": 1.0},
    )
    """Dense, as ratings are; sparse; very sparse; one after the other; bought again and again in seasons."""

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
        sums = moments(interactions, config)
        progress(0.2)
        inverse = _inverse(sums.inputs.toarray(), penalties(sums, config))
        progress(0.7)
        weights = _weights(inverse, sums, ordered=config.sequence > 0)
        weights *= product_scales(interactions, sums, config).astype(weights.dtype)
        progress(1.0)
        return ItemItemModel(
            interactions.products, weights.astype(np.float32, copy=False), recency=config.recency
        )

    def restore(self, config: EaseConfig, products: Vocabulary, arrays: Arrays) -> ItemItemModel:
        return restored(products, arrays, recency=config.recency)


def _inverse(inputs: NDArray[np.float32], diagonal: NDArray[np.float64]) -> Matrix:
    """(inputs + diagonal)^-1 of a positive definite matrix, in its place where precision allows."""
    count = len(inputs)
    if not count:
        return inputs
    double = count <= DOUBLE_PRECISION_UP_TO
    matrix: Matrix = np.asfortranarray(inputs.T, np.float64 if double else np.float32)
    matrix[np.diag_indices(count)] += diagonal
    lapack = scipy.linalg.lapack
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
