"""Linear item-item models as they serve: a matrix of what each product says about each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy import sparse

from recommendations.engine.foldin import recent_weights, weight_matrix, without_self
from recommendations.engine.types import Arrays, Explanation, Floats, History, Positions, Vocabulary

SparseFloats: TypeAlias = sparse.csr_matrix[np.float32]
SPARSE_PARTS = ("data", "indices", "indptr")


class ItemItemModel:
    """score_i = sum_j x_j B_ji over the history, with x_j = w_j recency^age_j.

    w are the signed weights of the history, so that a dislike lowers whatever the product stands for, and age
    counts as in `recent_weights`. The score is a sum over the history's rows: base 0 and one exact
    contribution each.
    """

    def __init__(self, products: Vocabulary, weights: Floats | SparseFloats, *, recency: float = 1.0) -> None:
        """weights: (products, products) B, dense or sparse; row j is what product j says about the others."""
        self.products = products
        self.weights = weights
        self.recency = recency

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, 0 for products nothing in the history says anything about."""
        scores = weight_matrix(histories, self.products, recency=self.recency) @ self.weights
        return np.asarray(scores.toarray() if sparse.issparse(scores) else scores, np.float32)

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base 0; row j contributes x_j B_ji."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        known, mask, weights = recent_weights(history, self.products, recency=self.recency)
        contributions[:, mask] = (self._part(known, positions) * weights[:, None]).T
        return Explanation(np.zeros(len(positions), np.float32), contributions)

    def similar(self, positions: Positions) -> Floats:
        """(positions, products): what having one product says about wanting each other, signed."""
        return without_self(self._part(positions, np.arange(len(self.products), dtype=np.int32)), positions)

    def arrays(self) -> Arrays:
        if isinstance(self.weights, np.ndarray):
            return {"weights": self.weights}
        return {part: getattr(self.weights, part) for part in SPARSE_PARTS}

    def _part(self, rows: Positions, columns: Positions) -> Floats:
        """A dense copy of some rows and columns."""
        if isinstance(self.weights, np.ndarray):
            return np.asarray(self.weights[np.ix_(rows, columns)], np.float32)
        return np.asarray(self.weights[rows][:, columns].toarray(), np.float32)


def restored(products: Vocabulary, arrays: Arrays, *, recency: float) -> ItemItemModel:
    """The model of which these are the `arrays`."""
    if "weights" in arrays:
        return ItemItemModel(products, np.asarray(arrays["weights"]), recency=recency)
    parts = tuple(np.asarray(arrays[part]) for part in SPARSE_PARTS)
    weights: SparseFloats = sparse.csr_matrix(parts, shape=(len(products), len(products)))
    return ItemItemModel(products, weights, recency=recency)
