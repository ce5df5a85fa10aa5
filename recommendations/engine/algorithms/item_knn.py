"""Products that the same shoppers liked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.algorithms.linear import ItemItemModel, SparseFloats, restored
from recommendations.engine.types import (
    Arrays,
    Interactions,
    Progress,
    Vocabulary,
)


@dataclass(frozen=True)
class ItemKnnConfig:
    """neighbours: similar products kept a product. shrinkage: pulls similarities seen in few histories to 0.

    recency: a row of the history counts recency^age; 1 for no decay. block: products compared at a time;
    bounds the memory of fitting to block x products.
    """

    neighbours: int = 200
    shrinkage: float = 20.0
    recency: float = 1.0
    block: int = 512

    def __post_init__(self) -> None:
        if not 0 < self.recency <= 1:
            raise ValueError("recency must be above 0 and at most 1.")
        if self.neighbours < 1 or self.block < 1 or self.shrinkage < 0:
            raise ValueError("neighbours and block must be 1 or more, shrinkage 0 or more.")


class ItemKnn:
    """score_i = sum_j x_j S_ji over the history, with S_ji = v_j.v_i / (|v_j| |v_i| + shrinkage).

    v_i are the positive weights of product i over all shoppers; of S_i only the largest `neighbours` entries
    are kept. Deshpande, Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
    """

    name = "item_knn"
    config_class = ItemKnnConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "neighbours": (50, 200, 1000),
        "shrinkage": (0.0, 5.0, 20.0, 100.0),
        "recency": (1.0, 0.9, 0.8, 0.7),
    }
    needs: ClassVar[Mapping[str, str]] = {"recency": "order"}
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"neighbours": 1000, "shrinkage": 20.0},
        {"neighbours": 1000, "shrinkage": 20.0, "recency": 0.8},
    )

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Memory is bounded by the blocks; every product's row of similarities is sorted."""
        return products <= 50_000 and interactions <= 20_000_000

    def fit(
        self, interactions: Interactions, config: ItemKnnConfig, *, seed: int, progress: Progress
    ) -> ItemItemModel:
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
        stacked: SparseFloats = sparse.csr_matrix(sparse.vstack([empty, *columns]).T)
        return ItemItemModel(interactions.products, stacked, recency=config.recency)

    def restore(self, config: ItemKnnConfig, products: Vocabulary, arrays: Arrays) -> ItemItemModel:
        return restored(products, arrays, recency=config.recency)


def _neighbours(
    liked: sparse.csc_matrix[np.float32],
    lengths: NDArray[np.float32],
    own: NDArray[np.int64],
    config: ItemKnnConfig,
) -> SparseFloats:
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
