"""EASE for large catalogues: every product is regressed on its own few neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.algorithms.linear import ItemItemModel, SparseFloats, restored
from recommendations.engine.neighbours import gram_work
from recommendations.engine.regression import Moments, RegressionConfig, moments, penalties, product_scales
from recommendations.engine.types import Arrays, Interactions, Positions, Progress, Vocabulary

REPORT_EVERY = 500
DENSE_UP_TO = 8_000


@dataclass(frozen=True)
class SparseEaseConfig(RegressionConfig):
    """neighbours: products each product is regressed on; time grows with its square and more.

    On validation parts 200 gave an NDCG 2 % above that of 100 on dense data (MovieLens-1M, where `Ease` is
    better still) and no clear gain on sparse data.
    """

    neighbours: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.neighbours < 1:
            raise ValueError("neighbours must be 1 or more.")


class SparseEase:
    """As `Ease`, with B_ij = 0 but for the `neighbours` best i of each j.

    The neighbours N of j are the products that would explain it best alone: those of the largest
    (Z'WY)_ij^2 / A_ii, A = Z'WZ + L. Their weights are the exact ridge solution
    B_Nj = A_NN^-1 (Z'WY)_Nj. With as many neighbours as products it is EASE, but for pairs that never occur
    together, which stay at 0. Time is about products x (neighbours^3 / 3 + what is looked up); no dense
    matrix of products is made.
    Ning, Karypis, "SLIM: sparse linear methods for top-N recommender systems", ICDM 2011 (there with feature
    selection and a lasso); Steck, WWW 2019.
    """

    name = "sparse_ease"
    config_class = SparseEaseConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "regularization": (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 800.0),
        "dropout": (0.0, 0.3, 0.5, 0.6, 0.7, 0.8),
        "shopper_exponent": (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0),
        "popularity_exponent": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
        "recency": (1.0, 0.95, 0.9, 0.8, 0.7, 0.6),
        "sequence": (0.0, 0.3, 0.5, 0.7, 0.85),
        "trend": (0.0, 0.5, 1.0, 1.3),
        "neighbours": (50, 100),
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
        """The table of what is owned together decides (some 20 bytes a pair, 40 with sequence), and the
        number of regressions: about a millisecond each."""
        pairs = min(products**2, gram_work(shoppers, interactions))
        return products <= 100_000 and pairs <= 150_000_000

    def fit(
        self, interactions: Interactions, config: SparseEaseConfig, *, seed: int, progress: Progress
    ) -> ItemItemModel:
        sums = moments(interactions, config)
        progress(0.2)
        columns = _columns(sums, penalties(sums, config), config.neighbours, progress)
        scales = product_scales(interactions, sums, config)
        weights: SparseFloats = sparse.csr_matrix(columns.multiply(scales[:, None]).T, dtype=np.float32)
        progress(1.0)
        return ItemItemModel(interactions.products, weights, recency=config.recency)

    def restore(self, config: SparseEaseConfig, products: Vocabulary, arrays: Arrays) -> ItemItemModel:
        return restored(products, arrays, recency=config.recency)


def _columns(
    sums: Moments, diagonal: NDArray[np.float64], neighbours: int, progress: Progress
) -> SparseFloats:
    """(products, products) B', a row for every product that is scored."""
    count = len(diagonal)
    alone = 1 / np.sqrt(sums.inputs.diagonal() + diagonal)
    # Of what is owned together alone, the targets are the inputs, and symmetric.
    targets = sums.inputs if sums.targets is sums.inputs else sums.targets.T.tocsr()
    lookup = _DenseLookup(sums.inputs, diagonal) if count <= DENSE_UP_TO else _Lookup(sums.inputs, diagonal)
    indices: list[Positions] = []
    data: list[NDArray[np.float32]] = []
    for product in range(count):
        own = slice(targets.indptr[product], targets.indptr[product + 1])
        near, value = _best(targets.indices[own], targets.data[own], alone, product, neighbours)
        indices.append(near)
        data.append(_solved(lookup.square(near), value))
        if product % REPORT_EVERY == 0:
            progress(0.2 + 0.8 * product / count)
    ends = np.cumsum([0, *(len(near) for near in indices)])
    parts = (
        np.concatenate([np.empty(0, np.float32), *data]), np.concatenate([np.empty(0, np.int32), *indices]),
        ends,
    )  # fmt: skip
    return sparse.csr_matrix(parts, shape=(count, count))


def _best(
    candidates: Positions,
    values: NDArray[np.float32],
    alone: NDArray[np.float64],
    product: int,
    neighbours: int,
) -> tuple[Positions, NDArray[np.float32]]:
    """The neighbours of a product, by position, and their entries; of equals the first."""
    others = (candidates != product) & (values != 0)
    candidates, values = candidates[others], values[others]
    if len(candidates) > neighbours:
        gain = np.abs(values) * alone[candidates]
        edge = np.partition(gain, len(gain) - neighbours)[len(gain) - neighbours]
        above, level = np.flatnonzero(gain > edge), np.flatnonzero(gain == edge)
        first = level[np.argsort(candidates[level])][: neighbours - len(above)]
        kept = np.concatenate([above, first])
        candidates, values = candidates[kept], values[kept]
    order = np.argsort(candidates)
    return candidates[order], values[order]


class _DenseLookup:
    """Squares cut out of Z'WZ + L, where a dense copy of it is no matter."""

    def __init__(self, inputs: SparseFloats, diagonal: NDArray[np.float64]) -> None:
        self._matrix = inputs.toarray()
        self._diagonal = diagonal

    def square(self, chosen: Positions) -> NDArray[np.float64]:
        """(chosen, chosen), in the order of Fortran; at least its lower triangle is filled."""
        square = np.asarray(self._matrix[np.ix_(chosen, chosen)].T, np.float64, order="F")
        square[np.diag_indices(len(chosen))] += self._diagonal[chosen]
        return square


class _Lookup:
    """Small dense squares cut out of the sparse Z'WZ + L, whose long rows are never walked through."""

    def __init__(self, inputs: SparseFloats, diagonal: NDArray[np.float64]) -> None:
        inputs.sort_indices()
        self._inputs = inputs
        self._own = inputs.diagonal().astype(np.float64) + diagonal
        self._lengths = np.diff(inputs.indptr)

    def square(self, chosen: Positions) -> NDArray[np.float64]:
        """(chosen, chosen), in the order of Fortran; both triangles are filled.

        The matrix is symmetric: a pair is looked up in the shorter of its two rows.
        """
        size = len(chosen)
        order = np.argsort(self._lengths[chosen], kind="stable")
        sought = chosen[order]
        starts, lengths = self._inputs.indptr[sought].tolist(), self._lengths[sought].tolist()
        table = np.zeros((size, size))
        for number in range(size - 1):
            row = slice(starts[number], starts[number] + lengths[number])
            columns, others = self._inputs.indices[row], sought[number + 1 :]
            places = columns.searchsorted(others)
            places[places == len(columns)] = 0
            found = self._inputs.data[row][places]
            found[columns[places] != others] = 0
            table[number, number + 1 :] = found
        table += table.T
        table[np.diag_indices(size)] = self._own[sought]
        square = np.empty((size, size), order="F")
        square[np.ix_(order, order)] = table
        return square


def _solved(square: NDArray[np.float64], value: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(value):
        return value
    _, solution, failed = scipy.linalg.lapack.dposv(square, value.astype(np.float64), lower=1, overwrite_a=1)
    if failed:
        raise ValueError("A regression on neighbours is not positive definite: raise regularization.")
    return np.asarray(solution, np.float32)
