"""Products that the same shoppers liked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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

Similarities = sparse.csr_matrix[np.float32]


@dataclass(frozen=True)
class ItemKnnConfig:
    """neighbours: similar products kept a product. shrinkage: pulls similarities seen in few histories to 0.

    block: products compared at a time; bounds the memory of fitting to block x products.
    """

    neighbours: int = 200
    shrinkage: float = 20.0
    block: int = 512

    def __post_init__(self) -> None:
        if self.neighbours < 1 or self.block < 1 or self.shrinkage < 0:
            raise ValueError("neighbours and block must be 1 or more, shrinkage 0 or more.")


class ItemKnnModel:
    """score_i = sum_j w_j S_ji over the history, with S_ji = x_j.x_i / (|x_j| |x_i| + shrinkage).

    x_i are the positive weights of product i over all shoppers; of S_i only the largest `neighbours` entries
    are kept. Linear in the history's signed weights, so a dislike lowers whatever is similar.
    Deshpande, Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
    """

    def __init__(self, products: Vocabulary, similarities: Similarities) -> None:
        self.products = products
        self.similarities = similarities

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, 0 where no neighbour is in the history."""
        scores = weight_matrix(histories, self.products) @ self.similarities
        return np.asarray(scores.toarray(), np.float32)

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base 0; row j contributes its weight times its similarity to the product."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        known, mask = history.known_to(self.products)
        shares = self.similarities[known][:, positions].toarray() * history.weights[mask][:, None]
        contributions[:, mask] = shares.T
        return Explanation(np.zeros(len(positions), np.float32), contributions)

    def similar(self, positions: Positions) -> Floats:
        """(positions, products) shrunk cosine, 0 to 1, 0 for products that are not neighbours."""
        return without_self(np.asarray(self.similarities[positions].toarray(), np.float32), positions)

    def arrays(self) -> Arrays:
        return {
            "data": self.similarities.data,
            "indices": self.similarities.indices,
            "indptr": self.similarities.indptr,
        }


class ItemKnn:
    """Fits and restores `ItemKnnModel`."""

    name = "item_knn"
    config_class = ItemKnnConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "neighbours": (50, 200, 1000),
        "shrinkage": (0.0, 5.0, 20.0, 100.0),
    }

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Memory is bounded by the blocks; every product's row of similarities is sorted."""
        return products <= 50_000 and interactions <= 20_000_000

    def fit(
        self, interactions: Interactions, config: ItemKnnConfig, *, seed: int, progress: Progress
    ) -> ItemKnnModel:
        liked = interactions.matrix(np.maximum(interactions.weights, 0)).tocsc()
        liked.eliminate_zeros()
        lengths = np.sqrt(np.asarray(liked.multiply(liked).sum(axis=0)).ravel())
        count = len(interactions.products)
        columns = []
        for start in range(0, count, config.block):
            own = np.arange(start, min(start + config.block, count))
            columns.append(_neighbours(liked, lengths, own, config))
            progress((own[-1] + 1) / count)
        # Rows of `columns` are the products scored, hence the transpose: S[j, i] is what j in the history
        # gives i.
        empty = sparse.csr_matrix(np.zeros((0, count), np.float32))
        stacked: Similarities = sparse.csr_matrix(sparse.vstack([empty, *columns]).T)
        return ItemKnnModel(interactions.products, stacked)

    def restore(self, config: ItemKnnConfig, products: Vocabulary, arrays: Arrays) -> ItemKnnModel:
        parts = tuple(np.asarray(arrays[key]) for key in ("data", "indices", "indptr"))
        return ItemKnnModel(products, sparse.csr_matrix(parts, shape=(len(products), len(products))))


def _neighbours(
    liked: sparse.csc_matrix[np.float32],
    lengths: NDArray[np.float32],
    own: NDArray[np.int64],
    config: ItemKnnConfig,
) -> Similarities:
    """(own, products) similarities of a block of products, all but the largest few set to 0."""
    dots = (liked[:, own].T @ liked).toarray()
    scale = np.outer(lengths[own], lengths) + config.shrinkage
    block = np.divide(dots, scale, out=np.zeros_like(dots), where=scale > 0)
    block[np.arange(len(own)), own] = 0
    if config.neighbours < block.shape[1]:
        # Stable, so that a refit of the same data keeps the same of two equally similar products.
        order = np.argsort(-block, axis=1, kind="stable")
        np.put_along_axis(block, order[:, config.neighbours :], 0, axis=1)
    return sparse.csr_matrix(block.astype(np.float32))
