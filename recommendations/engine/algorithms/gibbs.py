"""Draws from the posterior of a factor model of ratings, each given the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.foldin import Matrix
from recommendations.engine.types import Interactions

BLOCK = 20_000
NOISE_BLOCK = 4_096
CONJUGATE_STEPS = 5
PRIOR_SCALE = 0.1
Table = sparse.csr_matrix[np.float64]


@dataclass(frozen=True, eq=False)
class Draw:
    """The item side of one sweep: what folding a shopper in needs.

    products: (products, factors + 1) [q, b], 0 for products without ratings. precision: (factors + 1,
    factors + 1) C, the noise of a rating x the precision of a shopper's vector. pulls: (products,
    factors + 1) C y.
    """

    products: Matrix
    pulls: Matrix
    precision: Matrix


class _Side:
    """Shoppers, or products: a vector and a bias each, [v, b], around what their rows' pattern foretells."""

    def __init__(self, who: Table, *, factors: int, presence: float) -> None:
        """who: (own, other) sparse ones. presence: the ridge penalty of the pattern's coefficients."""
        self.who = who
        self.vectors = np.zeros((who.shape[0], factors + 1))
        self.foretold = np.zeros_like(self.vectors)
        self.coefficients = np.zeros((who.shape[1], factors + 1))
        self.precision = np.eye(factors + 1) / PRIOR_SCALE
        self._presence = presence
        counts = np.maximum(1, np.diff(who.indptr))
        self._pattern = sparse.csr_matrix(sparse.diags(1 / np.sqrt(counts)) @ who)
        self._turned = sparse.csr_matrix(self._pattern.T)

    def features(self) -> Matrix:
        """[v, 1]: what the other side's [v, b] is multiplied with."""
        return np.column_stack([self.vectors[:, :-1], np.ones(len(self.vectors))])

    def biases(self) -> Matrix:
        """b, side by side: picking a million of them out of the vectors takes several times as long."""
        return self.vectors[:, -1].copy()

    def draw(self, target: Table, features: Matrix, noise: float, random: np.random.Generator) -> None:
        """New vectors given the other side's features, then new hyper-parameters given the vectors.

        target: (own, other) what [v, b].[features] should be.
        """
        size = features.shape[1]
        upper = np.triu_indices(size)
        products = features[:, upper[0]] * features[:, upper[1]]
        right = np.asarray(target @ features) / noise + self.foretold @ self.precision
        for start in range(0, len(right), BLOCK):
            own = slice(start, start + BLOCK)
            system = np.empty((len(right[own]), size, size))
            system[:, upper[0], upper[1]] = np.asarray(self.who[own] @ products) / noise
            system[:, upper[1], upper[0]] = system[:, upper[0], upper[1]]
            system += self.precision
            # For A = LL', L'^-1 (L^-1 b + z) has the mean A^-1 b and the covariance A^-1.
            root = np.linalg.cholesky(system)
            white = np.linalg.solve(root, right[own, :, None])
            white += random.normal(size=white.shape)
            self.vectors[own] = np.linalg.solve(root.transpose(0, 2, 1), white)[:, :, 0]
        self._learn_pattern()
        self.precision = _wishart(self.vectors - self.foretold, random)

    def _learn_pattern(self) -> None:
        """Ridge regression of the vectors on who is there, from the last coefficients on."""
        self.coefficients = _ridge(
            self._pattern, self._turned, self.vectors, self._presence, start=self.coefficients
        )
        self.foretold = np.asarray(self._pattern @ self.coefficients)


def draws_of(
    rated: Interactions, *, mean: float, factors: int, sweeps: int, presence: float,
    random: np.random.Generator,
) -> Iterator[Draw]:  # fmt: skip
    """One draw a sweep, of r_ui = mean + b_u + b_i + p_u.q_i + noise; `rated` has a rating in every row.

    [p_u, b_u] ~ N(sum_{j rated by u} y_j / sqrt(n_u), .), and the products alike with the shoppers who rated
    them; covariances and the noise are drawn, too (inverse Wishart and inverse gamma), y by ridge regression.
    """
    count = len(rated.products)
    columns = np.argsort(rated.product, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(rated.product, minlength=count))])
    shape = (len(rated.shoppers), count)
    ones = np.ones(len(rated))
    shoppers = _Side(_table(ones, rated.product, rated.starts, shape), factors=factors, presence=presence)
    products = _Side(
        _table(ones, rated.shopper[columns], starts, shape[::-1]), factors=factors, presence=presence
    )
    shoppers.vectors[:, :-1] = random.normal(scale=PRIOR_SCALE, size=(shape[0], factors))
    products.vectors[:, :-1] = random.normal(scale=PRIOR_SCALE, size=(count, factors))
    ratings = rated.ratings.astype(np.float64) - mean
    noise = float(ratings @ ratings) / max(1, len(ratings)) or 1.0
    untouched = np.diff(starts) == 0
    for _ in range(sweeps):
        own = ratings - products.biases()[rated.product]
        shoppers.draw(_table(own, rated.product, rated.starts, shape), products.features(), noise, random)
        own = (ratings - shoppers.biases()[rated.shopper])[columns]
        products.draw(
            _table(own, rated.shopper[columns], starts, shape[::-1]), shoppers.features(), noise, random
        )
        noise = _noise(ratings, rated, shoppers, products, random)
        precision = noise * shoppers.precision
        kept = np.where(untouched[:, None], 0, products.vectors)
        yield Draw(kept, shoppers.coefficients @ precision, precision)


def _table(
    values: Matrix, columns: NDArray[np.int32], starts: NDArray[np.int64], shape: tuple[int, int]
) -> Table:
    return sparse.csr_matrix((values, columns, starts), shape=shape)


def _noise(
    ratings: Matrix, rated: Interactions, shoppers: _Side, products: _Side, random: np.random.Generator
) -> float:
    """A draw of the variance of a rating around the model."""
    error = np.empty_like(ratings)
    # In blocks: the vectors of all rows at once would be many times the ratings, and slow to fill.
    for start in range(0, len(ratings), NOISE_BLOCK):
        own = slice(start, start + NOISE_BLOCK)
        people, things = shoppers.vectors[rated.shopper[own]], products.vectors[rated.product[own]]
        both = np.einsum("nf,nf->n", people[:, :-1], things[:, :-1])
        error[own] = ratings[own] - people[:, -1] - things[:, -1] - both
    # As if there had been one more rating, off by half a star: two ratings alone could be fitted perfectly.
    return float((0.25 + error @ error) / 2 / random.gamma((1 + len(ratings)) / 2))


def _wishart(vectors: Matrix, random: np.random.Generator) -> Matrix:
    """A draw of the precision of vectors around 0, by Bartlett's decomposition."""
    count, size = vectors.shape
    freedom = count + size + 2
    scatter = vectors.T @ vectors + (size + 2) * PRIOR_SCALE * np.eye(size)
    draw = np.tril(random.normal(size=(size, size)), -1)
    draw[np.diag_indices(size)] = np.sqrt(random.chisquare(freedom - np.arange(size)))
    root = np.linalg.cholesky(np.linalg.inv(scatter)) @ draw
    return np.asarray(root @ root.T)


def _ridge(pattern: Table, turned: Table, wanted: Matrix, penalty: float, *, start: Matrix) -> Matrix:
    """Towards the Y minimising |wanted - pattern Y|^2 + penalty |Y|^2: a few conjugate gradient steps."""
    solution = start.copy()
    residual = turned @ (wanted - pattern @ solution) - penalty * solution
    direction, size = residual.copy(), np.sum(residual**2, axis=0)
    for _ in range(CONJUGATE_STEPS):
        onward = turned @ (pattern @ direction) + penalty * direction
        step = size / np.maximum(np.sum(direction * onward, axis=0), np.finfo(float).tiny)
        solution += step * direction
        residual -= step * onward
        before, size = size, np.sum(residual**2, axis=0)
        direction = residual + size / np.maximum(before, np.finfo(float).tiny) * direction
    return solution
