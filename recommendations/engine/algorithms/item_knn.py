"""Products that the same shoppers liked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from recommendations.engine.algorithms.linear import ItemItemModel, SparseFloats, restored
from recommendations.engine.neighbours import gram, gram_work, largest
from recommendations.engine.types import Arrays, Interactions, Progress, Vocabulary

MOST_WORK = 5e9


@dataclass(frozen=True)
class ItemKnnConfig:
    """neighbours: similar products kept a product. shrinkage: pulls similarities seen in few histories to 0.

    recency: a row of the history counts recency^age; 1 for no decay.
    """

    neighbours: int = 200
    shrinkage: float = 20.0
    recency: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.recency <= 1:
            raise ValueError("recency must be above 0 and at most 1.")
        if self.neighbours < 1 or self.shrinkage < 0:
            raise ValueError("neighbours must be 1 or more, shrinkage 0 or more.")


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
        """Memory is bounded by runs of products; time follows what is owned together."""
        return products <= 100_000 and gram_work(shoppers, interactions) <= MOST_WORK

    def fit(
        self, interactions: Interactions, config: ItemKnnConfig, *, seed: int, progress: Progress
    ) -> ItemItemModel:
        liked = interactions.rows(interactions.weights > 0).matrix()
        lengths = np.sqrt(np.asarray(liked.multiply(liked).sum(axis=0)).ravel())
        count = len(interactions.products)
        # Rows of `columns` are the products scored, hence the transpose: S[j, i] is what j in the history
        # gives i.
        columns: list[SparseFloats] = [sparse.csr_matrix(np.zeros((0, count), np.float32))]
        for run, dots in gram(liked, liked, progress=progress):
            own = np.repeat(np.arange(run.start, run.stop), np.diff(dots.indptr))
            dots.data /= lengths[own] * lengths[dots.indices] + np.float32(config.shrinkage)
            dots.data[dots.indices == own] = 0
            columns.append(largest(dots, config.neighbours))
        progress(1.0)
        stacked: SparseFloats = sparse.csr_matrix(sparse.vstack(columns).T)
        stacked.eliminate_zeros()
        return ItemItemModel(interactions.products, stacked, recency=config.recency)

    def restore(self, config: ItemKnnConfig, products: Vocabulary, arrays: Arrays) -> ItemItemModel:
        return restored(products, arrays, recency=config.recency)
