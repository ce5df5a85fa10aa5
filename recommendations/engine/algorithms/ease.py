"""EASE: the closed-form linear model of which products go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recommendations.engine.foldin import weight_matrix, without_self
from recommendations.engine.types import (
    Arrays,
    Explanation,
    Floats,
    History,
    Interactions,
    Positions,
    Progress,
    Vocabulary,
)


@dataclass(frozen=True)
class EaseConfig:
    """regularization: added to the diagonal of X'X; larger for fewer shoppers or more noise.

    max_products: the catalogue size above which fitting is refused.
    """

    regularization: float = 200.0
    max_products: int = 10_000

    def __post_init__(self) -> None:
        if self.regularization <= 0:
            raise ValueError("regularization must be above 0.")


class EaseModel:
    """score = x.B with B minimising |X - XB|^2 + lambda |B|^2, diag(B) = 0: B_ij = -P_ij / P_jj, P = (X'X +
    lambda I)^-1.

    X are the shoppers' positive weights, x the signed weights of the history. B is dense: 4 bytes x
    products^2 are kept and about 16 bytes x products^2 used while fitting (10,000 products: 0.4 GB and 1.6
    GB), hence `EaseConfig.max_products`. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW
    2019.
    """

    def __init__(self, products: Vocabulary, weights: Floats) -> None:
        self.products = products
        self.weights = weights

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, about 0 to 1 for a history of weights about 1."""
        return np.asarray(weight_matrix(histories, self.products) @ self.weights, np.float32)

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base 0; row j contributes its weight times B_ji."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        known, mask = history.known_to(self.products)
        shares = self.weights[np.ix_(known, positions)] * history.weights[mask][:, None]
        contributions[:, mask] = shares.T
        return Explanation(np.zeros(len(positions), np.float32), contributions)

    def similar(self, positions: Positions) -> Floats:
        """(positions, products): what having one product says about wanting each other, signed."""
        return without_self(np.array(self.weights[positions], np.float32), positions)

    def arrays(self) -> Arrays:
        return {"weights": self.weights}


class Ease:
    """Fits and restores `EaseModel`."""

    name = "ease"
    config_class = EaseConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {"regularization": (50.0, 100.0, 200.0, 400.0, 800.0)}

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """The dense products x products matrix decides."""
        return products <= EaseConfig.max_products

    def fit(
        self, interactions: Interactions, config: EaseConfig, *, seed: int, progress: Progress
    ) -> EaseModel:
        """Raises ValueError for a catalogue above `config.max_products`."""
        count = len(interactions.products)
        if count > config.max_products:
            raise ValueError(
                f"EASE needs a dense {count:,} x {count:,} matrix; max_products is {config.max_products:,}: "
                "use item_knn or svd, or raise max_products if the memory is there."
            )
        liked = interactions.matrix(np.maximum(interactions.weights, 0)).astype(np.float64)
        gram = (liked.T @ liked).toarray()
        gram[np.diag_indices(count)] += config.regularization
        progress(0.1)
        inverse = np.linalg.inv(gram)
        progress(0.9)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        progress(1.0)
        return EaseModel(interactions.products, weights.astype(np.float32))

    def restore(self, config: EaseConfig, products: Vocabulary, arrays: Arrays) -> EaseModel:
        return EaseModel(products, np.asarray(arrays["weights"]))
