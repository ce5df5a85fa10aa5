"""GF-CF: the graph of shoppers and products as a filter that smooths what a shopper has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.algorithms.linear import SPARSE_PARTS
from recommendations.engine.foldin import (
    GRID_BITS,
    exact_scores,
    on_grid,
    recent_weights,
    rounding,
    weight_matrix,
    without_self,
)
from recommendations.engine.neighbours import SparseFloats, gram, gram_work, largest
from recommendations.engine.spectrum import leading_eigenvectors
from recommendations.engine.topk import Places
from recommendations.engine.types import (
    Arrays,
    Explanation,
    Floats,
    History,
    Interactions,
    Positions,
    Progress,
    Roughly,
    Vocabulary,
)

GRAPH_SHARE = 0.5
MOST_ROWS, MOST_WORK = 10_000_000, 5e9


@dataclass(frozen=True)
class GraphFilterConfig:
    """neighbours: entries kept of every product's row of the graph; what is left out is its smallest part.

    factors: singular vectors of the ideal low-pass filter; 0 for none. ideal: alpha, how much it counts.
    shopper_exponent: 2a, how much less a shopper with many products says. popularity_exponent: b, how much
    less a popular product gets; what it says counts 1 - b less. shrinkage: added to the products' sums, so
    that what few shoppers have says little and gets little. edge_power: s, entries of the graph to this
    power: above 1 sharpens, below 1 evens out. recency: a row of the history counts recency^age.

    The defaults are for sparse data (validation part of Amazon Beauty: NDCG@20 .086, `Ease` .084, with the
    paper's exponents and no shrinkage .067); for dense data shopper_exponent 1, popularity_exponent .6, ideal
    3 and 64 factors were better (MovieLens-1M: .2065, by the defaults .19; `Ease` by its defaults .197).
    """

    neighbours: int = 400
    factors: int = 128
    ideal: float = 0.3
    shopper_exponent: float = 0.5
    popularity_exponent: float = 0.5
    shrinkage: float = 20.0
    edge_power: float = 1.0
    recency: float = 1.0

    def __post_init__(self) -> None:
        if self.neighbours < 1 or self.factors < 0:
            raise ValueError("neighbours must be 1 or more, factors 0 or more.")
        if self.ideal < 0 or self.shrinkage < 0 or self.edge_power <= 0:
            raise ValueError("ideal and shrinkage must be 0 or more and edge_power above 0.")
        if not 0 <= self.shopper_exponent <= 2 or not 0 <= self.popularity_exponent <= 1:
            raise ValueError("shopper_exponent must be from 0 to 2 and popularity_exponent from 0 to 1.")
        if not 0 < self.recency <= 1:
            raise ValueError("recency must be above 0 and at most 1.")


class GraphFilterModel:
    """score = x (W + L M'), W sparse, L and M (products, factors), for the recency-weighted history x."""

    def __init__(
        self, products: Vocabulary, graph: SparseFloats, says: Floats, gets: Floats, *, recency: float
    ) -> None:
        """graph: (products, products) W. says, gets: (products, factors) L and M, on the grid."""
        self.products = products
        self._graph = graph
        self._says = says
        self._gets = gets
        self._recency = recency

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, 0 for products nothing in the history says anything about."""
        weights = weight_matrix(histories, self.products, recency=self._recency)
        scores = exact_scores(on_grid(weights @ self._says), self._gets)
        near = sparse.csr_matrix(weights @ self._graph)
        rows = np.repeat(np.arange(len(histories)), np.diff(near.indptr))
        scores[rows, near.indices] += near.data
        return scores

    def roughly(self, history: History) -> Roughly:
        """The filter's part in single precision; the graph's is exact."""
        weights = weight_matrix([history], self.products, recency=self._recency)
        taste = on_grid(weights @ self._says)
        near = np.zeros(len(self.products), np.float32)
        found = sparse.csr_matrix(weights @ self._graph)
        near[found.indices] = found.data
        scores = self._gets @ taste[0].astype(np.float32)
        scores += near
        longest = self._longest * float(np.linalg.norm(taste))
        margin = rounding(taste.shape[1], longest, float(np.abs(near).max(initial=0)))

        def exact(places: Places) -> Floats:
            return np.asarray(exact_scores(taste, self._gets[places])[0] + near[places], np.float32)

        return Roughly(scores, margin, exact)

    @cached_property
    def _longest(self) -> float:
        """The greatest length of a row of M."""
        return float(np.sqrt(np.einsum("ij,ij->i", self._gets, self._gets).max(initial=0)))

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base 0; row j contributes x_j (W_ji + L_j.M_i)."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        known, mask, weights = recent_weights(history, self.products, recency=self._recency)
        contributions[:, mask] = (self._part(known, positions) * weights[:, None]).T
        return Explanation(np.zeros(len(positions), np.float32), contributions)

    def similar(self, positions: Positions) -> Floats:
        """(positions, products): what having one product says about wanting each other, signed."""
        return without_self(self._part(positions, np.arange(len(self.products), dtype=np.int32)), positions)

    def arrays(self) -> Arrays:
        parts = {part: getattr(self._graph, part) for part in SPARSE_PARTS}
        return {**parts, "says": self._says, "gets": self._gets, "grid": np.array([GRID_BITS])}

    def _part(self, rows: Positions, columns: Positions) -> Floats:
        near = self._graph[rows][:, columns].toarray()
        return np.asarray(near + self._says[rows] @ self._gets[columns].T, np.float32)


class GraphFilter:
    """score = x (P^s + alpha D^(b-1) V V' D^-b D), with P = D^(b-1) R' U^-2a R D^-b.

    R are the positive weights of shoppers and products, U and D the sums of its rows and columns; U^-2a is
    scaled to weigh as much in all as U^-1, and in P the shrinkage is added to D. P^s is by entry, without
    its diagonal, and only the largest `neighbours` entries of every row are kept. V are the leading right
    singular vectors of U^-a R D^-1/2, so that V V' is the ideal low-pass filter of the graph: it passes
    what many shoppers have in common and stops the rest. With 2a = 1, b = 1/2, s = 1 and no shrinkage it is
    GF-CF: Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021. b and s after
    Park et al., "Turbo-CF: matrix decomposition-free graph filtering for fast recommendation", SIGIR 2024.
    """

    name = "graph_filter"
    config_class = GraphFilterConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "ideal": (0.1, 0.3, 1.0, 3.0),
        "shopper_exponent": (0.2, 0.5, 1.0),
        "shrinkage": (1.0, 5.0, 20.0, 50.0),
        "popularity_exponent": (0.3, 0.4, 0.5, 0.6),
        "edge_power": (0.7, 1.0, 1.3),
        "recency": (1.0, 0.9, 0.8, 0.7),
        "factors": (32, 64, 128, 256),
    }
    needs: ClassVar[Mapping[str, str]] = {"recency": "order"}
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"popularity_exponent": 0.6, "edge_power": 1.3},
        {"popularity_exponent": 0.3},
        {"ideal": 0.0, "shopper_exponent": 0.5, "edge_power": 1.3},
        {"popularity_exponent": 0.3, "recency": 0.8},
    )
    """Dense data; sparse data; sparse data of narrow tastes, without the ideal filter; in an order."""

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Memory is bounded by runs of products; time follows what is owned together, and for the singular
        vectors the rows."""
        if max(interactions, 10 * products, 10 * shoppers) > MOST_ROWS:
            return False
        return products <= 100_000 and gram_work(shoppers, interactions) <= MOST_WORK

    def fit(
        self, interactions: Interactions, config: GraphFilterConfig, *, seed: int, progress: Progress
    ) -> GraphFilterModel:
        liked = interactions.rows(interactions.weights > 0).matrix()
        by_shopper = np.sqrt(_shares(np.asarray(liked.sum(axis=1)).ravel(), config.shopper_exponent))
        degrees = np.asarray(liked.sum(axis=0)).ravel()
        even: SparseFloats = sparse.csr_matrix(sparse.diags_array(by_shopper) @ liked)
        graph = _graph(even, degrees, config, lambda share: progress(GRAPH_SHARE * share))
        says, gets = _ideal(
            even, degrees, config, seed, lambda share: progress(GRAPH_SHARE + (1 - GRAPH_SHARE) * share)
        )
        progress(1.0)
        return GraphFilterModel(interactions.products, graph, says, gets, recency=config.recency)

    def restore(self, config: GraphFilterConfig, products: Vocabulary, arrays: Arrays) -> GraphFilterModel:
        parts = tuple(np.asarray(arrays[part]) for part in SPARSE_PARTS)
        graph: SparseFloats = sparse.csr_matrix(parts, shape=(len(products), len(products)))
        says, gets = np.asarray(arrays["says"]), np.asarray(arrays["gets"])
        if "grid" not in arrays:
            gets = on_grid(gets).astype(np.float32)
        return GraphFilterModel(products, graph, says, gets, recency=config.recency)


def _graph(
    even: SparseFloats, degrees: NDArray[np.float32], config: GraphFilterConfig, progress: Progress
) -> SparseFloats:
    """(products, products) what each product says about the others."""
    degrees = np.where(degrees > 0, degrees + config.shrinkage, 0).astype(np.float32)
    left = sparse.csr_matrix(even @ sparse.diags_array(_powers(degrees, config.popularity_exponent - 1)))
    right = sparse.csr_matrix(even @ sparse.diags_array(_powers(degrees, -config.popularity_exponent)))
    runs: list[SparseFloats] = [sparse.csr_matrix(np.zeros((0, even.shape[1]), np.float32))]
    for run, rows in gram(left, right, progress=progress):
        own = np.repeat(np.arange(run.start, run.stop), np.diff(rows.indptr))
        rows.data[rows.indices == own] = 0
        rows.eliminate_zeros()
        if config.edge_power != 1:
            rows.data **= np.float32(config.edge_power)
        runs.append(largest(rows, config.neighbours))
    return sparse.csr_matrix(sparse.vstack(runs, format="csr"), dtype=np.float32)


def _ideal(
    even: SparseFloats, degrees: NDArray[np.float32], config: GraphFilterConfig, seed: int, progress: Progress
) -> tuple[Floats, Floats]:
    """L and M of the ideal low-pass filter, alpha inside."""
    factors = config.factors if config.ideal else 0
    smooth = sparse.csr_matrix(even @ sparse.diags_array(_powers(degrees, -0.5)))
    vectors = leading_eigenvectors(smooth, factors, seed=seed, progress=progress)
    says = config.ideal * vectors * _powers(degrees, config.popularity_exponent - 1)[:, None]
    gets = vectors * _powers(degrees, 1 - config.popularity_exponent)[:, None]
    return says.astype(np.float32), on_grid(gets).astype(np.float32)


def _shares(sums: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """(shoppers,) how much each counts: sums^-exponent, of the same total as with an exponent of 1, lest the
    graph outgrow the ideal filter or the other way round."""
    shares = _powers(sums, -exponent)
    return np.asarray(shares * (np.count_nonzero(sums > 0) / max(1e-12, float(sums @ shares))), np.float32)


def _powers(values: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """values^exponent, 0 where there is nothing."""
    return np.where(values > 0, np.maximum(values, 1e-12) ** exponent, 0).astype(np.float32)
