"""iALS: factors of what shoppers have, held against everything they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.factors import ItemFactors
from recommendations.engine.types import Arrays, Floats, Interactions, Progress, Vocabulary

FLOATS_AT_A_TIME = 1_000_000
Confidences = sparse.csr_matrix[np.float32]


@dataclass(frozen=True)
class AlsConfig:
    """unobserved: alpha0, the weight of "does not have it" for every pair.

    regularization: the penalty of a vector for every unit of weight in its row or column, observed and
    unobserved alike: lambda (sum of own weights + alpha0 x size of the other side); this frequency-scaled
    form is the better one throughout in Rendle et al. The defaults are a compromise of what was best on
    validation parts of a dense data set (MovieLens-1M: 0.2 and 0.01) and a sparse one (Amazon Beauty: 0.03
    and 0.003 or less, where 0.01 shrinks everything to 0): choose them by `search`.
    """

    factors: int = 128
    epochs: int = 10
    unobserved: float = 0.1
    regularization: float = 0.005

    def __post_init__(self) -> None:
        if self.factors < 1 or self.epochs < 1:
            raise ValueError("factors and epochs must be 1 or more.")
        if self.unobserved <= 0 or self.regularization <= 0:
            raise ValueError("unobserved and regularization must be above 0.")


class Als:
    """Minimises sum_{u,i in data} w_ui (1 - p_u.q_i)^2 + alpha0 sum_{u,i} (p_u.q_i)^2 + the penalties of
    `AlsConfig`, by solving for all p_u, then for all q_i, and so on.

    w_ui are the positive weights. All pairs are summed at the price of the data's, through Q'Q and P'P.
    Starts from random Q; the shoppers' side is dropped after fitting. Served by `FoldInRanker` with base 0
    and the penalties of a shopper's row. Hu, Koren, Volinsky, "Collaborative filtering for implicit feedback
    datasets", ICDM 2008; Rendle, Krichene, Zhang, Koren, "Revisiting the performance of iALS on item
    recommendation benchmarks", RecSys 2022.
    """

    name = "als"
    config_class = AlsConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "factors": (64, 128, 256),
        "unobserved": (0.003, 0.01, 0.03, 0.1, 0.2, 0.5),
        "regularization": (0.001, 0.0025, 0.005, 0.01),
    }
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"unobserved": 0.2, "regularization": 0.01},
        {"unobserved": 0.03, "regularization": 0.0025},
        {"unobserved": 0.2, "regularization": 0.01, "factors": 256},
        {"unobserved": 0.03, "regularization": 0.005, "factors": 256},
    )
    """Dense data, sparse data, and both with more factors."""

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """On one core 50 rows with 10 entries each, or 300 entries of long rows, take a millisecond an epoch
        with 128 factors: 600,000 rows or 10 million entries are a few minutes."""
        return shoppers + products <= 600_000 and interactions <= 10_000_000

    def fit(
        self, interactions: Interactions, config: AlsConfig, *, seed: int, progress: Progress
    ) -> FoldInRanker:
        liked = interactions.rows(interactions.weights > 0).matrix()
        had = sparse.csr_matrix(liked.T)
        products = len(interactions.products)
        random = np.random.default_rng(seed)
        scale = 1 / np.sqrt(config.factors)
        factors = random.normal(scale=scale, size=(products, config.factors)).astype(np.float32)
        # A product nobody has stays at 0: its solution, whatever the rest.
        factors[np.diff(had.indptr) == 0] = 0
        steps = 2 * config.epochs
        for step in range(0, steps, 2):
            people = _solved(liked, factors, config, _stretch(progress, step, steps))
            factors = _solved(had, people, config, _stretch(progress, step + 1, steps))
        progress(1.0)
        base = np.zeros(products, np.float32)
        return self.restore(config, interactions.products, {"base": base, "factors": factors})

    def restore(self, config: AlsConfig, products: Vocabulary, arrays: Arrays) -> FoldInRanker:
        return self.of(config, products, ItemFactors.restored(arrays))

    def of(self, config: AlsConfig, products: Vocabulary, table: ItemFactors) -> FoldInRanker:
        """The model that serves from a table."""
        unobserved = config.regularization * config.unobserved * len(products)
        return FoldInRanker(
            products, table,
            # Above 0 without products, too.
            unobserved=config.unobserved, regularization=unobserved or 1.0, by_row=config.regularization,
        )  # fmt: skip


def _solved(rows: Confidences, fixed: Floats, config: AlsConfig, progress: Progress) -> Floats:
    """(rows, factors): the best vector of every row against the fixed other side.

    In the eigenvectors of the other side's Gram matrix everything but the row's own data is diagonal, so that
    a row of n entries takes an n x n system where n is less than the number of factors. Rows of the same
    length are solved together.
    """
    gram = fixed.T.astype(np.float64) @ fixed
    values, turn = np.linalg.eigh(gram)
    turned = np.asarray(fixed @ turn, np.float32)
    held = np.maximum(values, 0) * config.unobserved
    penalties = config.regularization * (
        np.asarray(rows.sum(axis=1)).ravel() + config.unobserved * len(fixed)
    )
    solved = np.zeros((rows.shape[0], fixed.shape[1]), np.float32)
    done = 0
    for own, length in _alike(np.diff(rows.indptr), fixed.shape[1]):
        entries = rows.indptr[own][:, None] + np.arange(length)
        diagonal = (held + penalties[own][:, None]).astype(np.float32)
        solved[own] = _vectors(turned[rows.indices[entries]], rows.data[entries], diagonal)
        done += len(own) * length
        progress(done / max(1, rows.nnz))
    return np.asarray(solved @ turn.T.astype(np.float32), np.float32)


def _alike(lengths: NDArray[np.integer[Any]], factors: int) -> Iterator[tuple[NDArray[np.int64], int]]:
    """(row numbers, entries of each) for all rows that have any, as many of one length as memory allows."""
    order = np.argsort(lengths, kind="stable")
    found, starts = np.unique(lengths[order], return_index=True)
    ends = [*starts[1:], len(order)]
    for length, first, end in zip(found.tolist(), starts, ends[: len(found)], strict=True):
        group = order[first:end]
        step = max(1, FLOATS_AT_A_TIME // max(1, length * factors))
        for start in range(0, len(group) if length else 0, step):
            yield group[start : start + step], length


def _vectors(features: Floats, weights: Floats, diagonal: Floats) -> Floats:
    """(rows, factors): the p of each row minimising sum_j c_j (1 - x_j.p)^2 + p'Dp, by the smaller of its two
    systems; features: (rows, entries, factors) x. weights: (rows, entries) c. diagonal: (rows, factors) D."""
    entries, factors = features.shape[1:]
    if entries < factors:
        lifted = features / diagonal[:, None]
        system = lifted @ features.transpose(0, 2, 1)
        system[:, np.arange(entries), np.arange(entries)] += 1 / weights
        vectors = (np.linalg.solve(system, np.ones_like(weights)[:, :, None]).transpose(0, 2, 1) @ lifted)[
            :, 0
        ]
    else:
        weighted = features * weights[:, :, None]
        system = weighted.transpose(0, 2, 1) @ features
        system[:, np.arange(factors), np.arange(factors)] += diagonal
        vectors = np.linalg.solve(system, weighted.sum(axis=1)[:, :, None])[:, :, 0]
    if not np.isfinite(vectors).all():
        raise ValueError("ALS met a system without a solution: raise regularization.")
    return np.asarray(vectors, np.float32)


def _stretch(progress: Progress, step: int, steps: int) -> Progress:
    return lambda share: progress((step + share) / steps)
