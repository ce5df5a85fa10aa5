"""Bayesian matrix factorisation of ratings: predicts from several draws of the factors at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.algorithms.gibbs import draws_of
from recommendations.engine.algorithms.latent import HIGHEST, LOWEST
from recommendations.engine.compiled_stars import stars_of, vectors_of_each
from recommendations.engine.compiling import is_compiled
from recommendations.engine.foldin import Matrix
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

IS_COMPILED = is_compiled(vectors_of_each)


@dataclass(frozen=True)
class BayesRatingsConfig:
    """burn_in: sweeps thrown away first. draws: sweeps kept, one draw of the factors each.

    presence_regularization: ridge penalty of what is told by *which* products are rated and by whom.
    Chosen by the RMSE on MovieLens-100K, two folds of KFold(5, random_state=1), not by the folds that are
    published (random_state=0).
    """

    factors: int = 8
    burn_in: int = 12
    draws: int = 32
    presence_regularization: float = 10.0

    def __post_init__(self) -> None:
        if self.factors < 1 or self.draws < 1 or self.burn_in < 0:
            raise ValueError("factors and draws must be 1 or more, burn_in 0 or more.")
        if self.presence_regularization <= 0:
            raise ValueError("presence_regularization must be above 0.")


class BayesRatingsModel:
    """r_i = mean over draws s of mu + b_is + [q_is, 1].p_s(H), clipped to 1..5.

    p_s(H), a vector and a bias, is the ridge solution of the residuals r_j - mu - b_js over the n rated rows,
    drawn to m_s = sum_j y_js / sqrt(n), what rating these very products tells:
    p_s = A_s^-1 sum_j ([q_js, 1] (r_j - mu - b_js) + v_js / sqrt(n)), with
    A_s = C_s + sum_j [q_js, 1] [q_js, 1]' and v_js = C_s y_js. A sum over the rated rows, so an unclipped
    prediction is its base, mu + mean b_is, plus one exact contribution a row.
    """

    def __init__(
        self, products: Vocabulary, mean: float, vectors: Floats, pulls: Floats, precisions: Matrix
    ) -> None:
        """vectors: (products, draws, factors + 1) [q, b]. pulls: the same shape, v.

        precisions: (draws, factors + 1, factors + 1) C.
        """
        self.products = products
        self.mean = mean
        self.vectors = vectors
        self.pulls = pulls
        self.precisions = precisions
        self._flat = vectors.reshape(len(products), -1)

    def predict(self, histories: Sequence[History]) -> Floats:
        """(histories, products) in 1..5; the base for a history without ratings."""
        ratings = np.empty((len(histories), len(self.products)), np.float32)
        for row, history in zip(ratings, histories, strict=True):
            shopper = self._shopper(history)
            row[:] = self.mean + shopper[:, -1].mean() + self._flat @ _averaging(shopper)
        return np.clip(ratings, LOWEST, HIGHEST)

    def predict_at(self, history: History, positions: Positions) -> Floats:
        """(k,) in 1..5: `predict` of these products alone."""
        if not IS_COMPILED:
            shopper, own = self._shopper(history), self._flat[positions]
            plain = self.mean + shopper[:, -1].mean() + own @ _averaging(shopper)
            return np.asarray(np.clip(plain, LOWEST, HIGHEST), np.float32)
        found: Floats = stars_of(
            history.positions_in(self.products), np.ascontiguousarray(history.ratings, np.float32),
            np.ascontiguousarray(positions, np.int32), self.mean, self.vectors, self.pulls, self.precisions,
            LOWEST, HIGHEST,
        )  # fmt: skip
        return found

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Of the rating before clipping: base mu + mean b_i, and the contribution of each rated row."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        _, mask = self._rated(history)
        right, system = self._systems(history)
        own = self.vectors[positions].astype(np.float64)
        features = own.transpose(1, 2, 0).copy()
        features[:, -1] = 1
        through = np.linalg.solve(system, features)
        contributions[:, mask] = np.tensordot(through, right, axes=((0, 1), (0, 1))) / len(system)
        base = self.mean + own[:, :, -1].mean(axis=1)
        return Explanation(base.astype(np.float32), contributions)

    def arrays(self) -> Arrays:
        return {
            "mean": np.array([self.mean], np.float64),
            "vectors": self.vectors,
            "pulls": self.pulls,
            "precisions": self.precisions,
        }

    def _rated(self, history: History) -> tuple[Positions, NDArray[np.bool_]]:
        """(positions of the known products with a rating, mask of the rows they come from)."""
        positions = history.positions_in(self.products)
        mask = (positions >= 0) & np.isfinite(history.ratings)
        return positions[mask], mask

    def _shopper(self, history: History) -> Matrix:
        """(draws, factors + 1) the vector and bias p of each draw."""
        if IS_COMPILED:
            each: Matrix = vectors_of_each(
                history.positions_in(self.products), np.ascontiguousarray(history.ratings, np.float32),
                self.mean, self.vectors, self.pulls, self.precisions,
            )  # fmt: skip
            return each.T
        right, system = self._systems(history)
        return np.asarray(np.linalg.solve(system, right.sum(axis=2, keepdims=True))[:, :, 0], np.float64)

    def _systems(self, history: History) -> tuple[Matrix, Matrix]:
        """(draws, factors + 1, rows) right-hand side of each row, (draws, factors + 1, factors + 1) A."""
        known, mask = self._rated(history)
        vectors = self.vectors[known].astype(np.float64).transpose(1, 2, 0)
        residuals = history.ratings[mask].astype(np.float64) - self.mean - vectors[:, -1:]
        features = vectors.copy()
        features[:, -1] = 1
        pulls = self.pulls[known].astype(np.float64).transpose(1, 2, 0) / np.sqrt(max(1, len(known)))
        return features * residuals + pulls, self.precisions + features @ features.transpose(0, 2, 1)


class BayesRatings:
    """Predicts ratings by the mean of Gibbs samples of a factor model with implicit feedback on both sides.

    As many draws of the item side are kept as `BayesRatingsConfig` says; of the shoppers' side nothing is.
    The sampler is in `gibbs.py`. Salakhutdinov, Mnih, "Bayesian probabilistic matrix factorization using
    Markov chain Monte Carlo", ICML 2008; Rendle, Zhang, Koren, "On the difficulty of evaluating baselines",
    2019 (which finds it hard to beat once it is told who rated what).
    """

    name = "bayes"
    config_class = BayesRatingsConfig

    def fit(
        self, interactions: Interactions, config: BayesRatingsConfig, *, seed: int, progress: Progress
    ) -> BayesRatingsModel:
        rated = interactions.rows(np.isfinite(interactions.ratings))
        count, size = len(interactions.products), config.factors + 1
        mean = float(rated.ratings.mean(dtype=np.float64)) if len(rated) else (LOWEST + HIGHEST) / 2
        vectors = np.zeros((count, config.draws, size), np.float32)
        pulls = np.zeros_like(vectors)
        precisions = np.tile(np.eye(size), (config.draws, 1, 1))
        sweeps = config.burn_in + config.draws
        drawn = draws_of(
            rated, mean=mean, factors=config.factors, sweeps=sweeps if len(rated) else 0,
            presence=config.presence_regularization, random=np.random.default_rng(seed),
        )  # fmt: skip
        for sweep, draw in enumerate(drawn):
            kept = sweep - config.burn_in
            if kept >= 0:
                vectors[:, kept], pulls[:, kept] = draw.products, draw.pulls
                precisions[kept] = draw.precision
            progress((sweep + 1) / sweeps)
        progress(1.0)
        return BayesRatingsModel(interactions.products, mean, vectors, pulls, precisions)

    def restore(self, config: BayesRatingsConfig, products: Vocabulary, arrays: Arrays) -> BayesRatingsModel:
        return BayesRatingsModel(
            products, float(arrays["mean"][0]),
            *(np.asarray(arrays[key]) for key in ("vectors", "pulls", "precisions")),
        )  # fmt: skip


def _averaging(shopper: Matrix) -> Floats:
    """(draws x (factors + 1),): what a product's flat vectors are multiplied with for the mean of q.p + b."""
    weights = shopper / len(shopper)
    weights[:, -1] = 1 / len(shopper)
    return weights.ravel().astype(np.float32)
