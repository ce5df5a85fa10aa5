"""Surprise's SVD, as a rating predictor and as a ranker; the only file that imports Surprise.

It is fitted by a compiled loop of our own (`engine.sgd`), or by Surprise itself: the model is the same.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import sgd
from recommendations.engine.algorithms.latent import HIGHEST, LOWEST, FoldInRanker, FoldInRatings
from recommendations.engine.factors import ItemFactors
from recommendations.engine.sampling import Negatives
from recommendations.engine.types import (
    Arrays,
    Floats,
    Interactions,
    Positions,
    Progress,
    RatingColumns,
    Vocabulary,
)

CHUNK = 65_536
MOST_COMPILED = 2**31 - 1
"""Labels an epoch that the compiled loops can count."""
Columns = tuple[Positions, Positions, Floats]
OWN, SURPRISE = "own", "surprise"
"""Who fits: a compiled loop, or Surprise. The same model, up to the rounding of the arithmetic."""


@dataclass(frozen=True)
class SvdRatingsConfig:
    """factors, epochs, learning_rate, regularization: as in Surprise's SVD, for all its parameters alike.

    shopper_bias_regularization, shopper_regularization: lambda_bias and lambda of `FoldInRatings`, above 0.
    All were chosen together by the RMSE of the fold-in on MovieLens-100K, three folds of KFold(5,
    random_state=1), not by the folds that are published (random_state=0). With Surprise's defaults (20 epochs
    of 0.005, regularization 0.02) the best lambda gave an RMSE of 0.925 there, with these 0.912.
    """

    factors: int = 100
    epochs: int = 40
    learning_rate: float = 0.007
    regularization: float = 0.1
    shopper_bias_regularization: float = 5.0
    shopper_regularization: float = 8.0
    solver: str = OWN

    def __post_init__(self) -> None:
        _check_solver(self.solver)
        _check_counts(self, "factors", "epochs")
        _check_above_zero(self, "learning_rate", "shopper_bias_regularization", "shopper_regularization")


@dataclass(frozen=True)
class SvdConfig:
    """factors, epochs, learning_rate, regularization: as in Surprise's SVD, for all its parameters alike.

    negatives: products drawn for every row of feedback, in proportion to their popularity to the power of
    `popularity_exponent` (0: all alike, 1: as popular). unobserved, shopper_regularization: alpha0 and lambda
    of `FoldInRanker`. Chosen together by NDCG@10 and @20 of later purchases and likes on MovieLens-100K, a
    part of MovieLens-1M and Online Retail, each cut once more in time before the cut its published figures
    are of.
    """

    factors: int = 96
    epochs: int = 20
    learning_rate: float = 0.03
    regularization: float = 0.02
    negatives: int = 4
    popularity_exponent: float = 0.25
    unobserved: float = 0.2
    shopper_regularization: float = 2.0
    solver: str = OWN

    def __post_init__(self) -> None:
        _check_solver(self.solver)
        _check_counts(self, "factors", "epochs", "negatives")
        _check_above_zero(self, "learning_rate", "shopper_regularization")


def _check_solver(name: str) -> None:
    if name not in (OWN, SURPRISE):
        raise ValueError(f"solver must be {OWN!r} or {SURPRISE!r}, not {name!r}.")


def _check_counts(config: object, *names: str) -> None:
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be 1 or more.")


def _check_above_zero(config: object, *names: str) -> None:
    for name in names:
        if getattr(config, name) <= 0:
            raise ValueError(f"{name} must be above 0.")


class Epochs:
    """What Surprise's SVD reads of a trainset, drawn anew for every pass over the data.

    Surprise asks for `all_ratings` once an epoch. Giving it columns saves building its dicts of tuples, lets
    the negatives be drawn afresh each time, and is where progress is reported and work can be interrupted.
    """

    def __init__(
        self, draw: Callable[[], Columns], *, shoppers: int, products: int, mean: float, epochs: int,
        progress: Progress,
    ) -> None:  # fmt: skip
        self.n_users = shoppers
        self.n_items = products
        self.global_mean = mean
        self.draw = draw
        self.progress = progress
        self._epochs = epochs
        self._done = 0

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        shopper, product, label = self.draw()
        for start in range(0, len(label), CHUNK):
            part = slice(start, start + CHUNK)
            yield from zip(shopper[part].tolist(), product[part].tolist(), label[part].tolist(), strict=True)
        self._done += 1
        self.progress(self._done / self._epochs)


class SvdRanking:
    """Ranks by Surprise's SVD of preferences: what a shopper has, against products sampled from the rest.

    It is fitted on labels in 0..1: the weight of each row of feedback (0 for a dislike) and 0 for the
    negatives, so that ratings are not needed. The base of a product is what the average of the shoppers'
    vectors gives it, in place of item biases, with which NDCG was lower on the validation cuts.
    Served by `FoldInRanker`. Funk, "Netflix update: try this at home", 2006; Koren, Bell, Volinsky, "Matrix
    factorization techniques for recommender systems", IEEE Computer 42(8), 2009.
    """

    name = "svd"
    config_class = SvdConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "factors": (48, 96),
        "negatives": (4, 8),
        "popularity_exponent": (0.25, 0.75),
        "shopper_regularization": (2.0, 10.0),
    }
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """20 epochs of 5 labels a row, some 10 million labels a second; 4 million where Surprise fits."""
        return interactions <= 5_000_000 and shoppers + products <= 2_000_000

    def fit(
        self, interactions: Interactions, config: SvdConfig, *, seed: int, progress: Progress
    ) -> FoldInRanker:
        labels = np.clip(interactions.weights, 0, 1)
        negatives = negatives_of(interactions, config, seed=seed)
        data = Epochs(
            lambda: negatives.among(labels), shoppers=len(interactions.shoppers),
            products=len(interactions.products), epochs=config.epochs, progress=progress,
            mean=float(labels.sum()) / max(1, len(labels) * (1 + config.negatives)),
        )  # fmt: skip
        found = fitted(data, config, seed=seed, product_bias_rate=0.0)
        base = data.global_mean + found.products @ _average(found.shoppers, np.diff(interactions.starts) > 0)
        touched = np.bincount(interactions.product, minlength=len(interactions.products)) > 0
        # A product nobody has touched kept its random start: it goes last, and is near nothing.
        base = np.where(touched, base, base[touched].min(initial=0.0))
        factors = np.where(touched[:, None], found.products, 0)
        arrays = {"base": base.astype(np.float32), "factors": factors.astype(np.float32)}
        return self.restore(config, interactions.products, arrays)

    def restore(self, config: SvdConfig, products: Vocabulary, arrays: Arrays) -> FoldInRanker:
        return FoldInRanker(
            products, ItemFactors.restored(arrays),
            unobserved=config.unobserved, regularization=config.shopper_regularization,
        )  # fmt: skip


class SvdRatings:
    """Predicts ratings by Surprise's SVD of the rows that have one. Served by `FoldInRatings`.

    r_ui = mu + b_u + b_i + q_i.p_u, fitted by stochastic gradient descent; b_u and p_u are dropped after
    fitting. Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", IEEE Computer
    42(8), 2009.
    """

    name = "svd"
    config_class = SvdRatingsConfig

    def fit(
        self, interactions: Interactions, config: SvdRatingsConfig, *, seed: int, progress: Progress
    ) -> FoldInRatings:
        rated = interactions.rows(np.isfinite(interactions.ratings))
        mean = float(rated.ratings.mean(dtype=np.float64)) if len(rated) else (LOWEST + HIGHEST) / 2
        data = Epochs(
            lambda: (rated.shopper, rated.product, rated.ratings), shoppers=len(rated.shoppers),
            products=len(rated.products), mean=mean, epochs=config.epochs, progress=progress,
        )  # fmt: skip
        found = fitted(data, config, seed=seed, product_bias_rate=config.learning_rate)
        touched = np.bincount(rated.product, minlength=len(rated.products)) > 0
        arrays = {
            "mean": np.array([mean]),
            "item_bias": found.product_bias.astype(np.float32),
            "factors": np.where(touched[:, None], found.products, 0).astype(np.float32),
        }
        return self.restore(config, interactions.products, arrays)

    def restore(self, config: SvdRatingsConfig, products: Vocabulary, arrays: Arrays) -> FoldInRatings:
        return FoldInRatings(
            products, float(arrays["mean"][0]), np.asarray(arrays["item_bias"]),
            np.asarray(arrays["factors"]), bias_regularization=config.shopper_bias_regularization,
            regularization=config.shopper_regularization,
        )  # fmt: skip


def _loops(config: SvdConfig | SvdRatingsConfig) -> ModuleType | None:
    """The compiled loops, None where Surprise is to fit."""
    return sgd.kernels() if config.solver == OWN else None


def negatives_of(interactions: Interactions, config: SvdConfig, *, seed: int) -> Negatives:
    """The same draws, whoever fits."""
    loops, random = _loops(config), np.random.default_rng(seed)
    if loops is None or len(interactions) * (1 + config.negatives) > MOST_COMPILED:
        return Negatives(
            interactions, each=config.negatives, popularity_exponent=config.popularity_exponent, random=random
        )
    return sgd.CompiledNegatives(
        loops, interactions, each=config.negatives, popularity_exponent=config.popularity_exponent,
        random=random,
    )  # fmt: skip


def fitted(
    data: Epochs, config: SvdConfig | SvdRatingsConfig, *, seed: int, product_bias_rate: float
) -> sgd.Factors:
    """Surprise's SVD, fitted; its parameters but for the product biases learn at the config's rate.

    Raises ValueError where the learning rate is so high that the factors grew out of bounds.
    """
    loops, rate = _loops(config), config.learning_rate
    if loops is None:
        found = _by_surprise(data, config, seed=seed, product_bias_rate=product_bias_rate)
    else:
        found = sgd.descent(
            loops, data.draw, shoppers=data.n_users, products=data.n_items, factors=config.factors,
            mean=data.global_mean, epochs=config.epochs, seed=seed, progress=data.progress,
            steps=sgd.Steps(rate, rate, product_bias_rate, config.regularization),
        )  # fmt: skip
    if not (np.isfinite(found.products).all() and np.isfinite(found.product_bias).all()):
        raise ValueError(f"SVD did not converge: lower learning_rate, which is {config.learning_rate}.")
    return found


@cache
def _surprise() -> ModuleType:
    """The library, read by who fits or compares with it: other processes start sooner without."""
    # Importing it makes ~/.surprise_data, for downloads unused here; where the home is read-only, it fails.
    os.environ.setdefault("SURPRISE_DATA_FOLDER", tempfile.gettempdir())
    import surprise  # noqa: PLC0415

    found: ModuleType = surprise
    return found


def _by_surprise(
    data: Epochs, config: SvdConfig | SvdRatingsConfig, *, seed: int, product_bias_rate: float
) -> sgd.Factors:
    fitted = _surprise().SVD(
        n_factors=config.factors, n_epochs=config.epochs, lr_all=config.learning_rate,
        reg_all=config.regularization, random_state=seed, lr_bi=product_bias_rate,
    ).fit(data)  # fmt: skip
    return sgd.Factors(fitted.pu, fitted.qi, fitted.bu, fitted.bi)


def _average(vectors: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(factors,) mean of the chosen rows, 0 for none."""
    return np.asarray(vectors[chosen].sum(axis=0) / max(1, int(chosen.sum())), np.float64)


NATIVE: dict[str, Callable[[int], Any]] = {
    "svd": lambda seed: _surprise().SVD(random_state=seed),
    "svdpp": lambda seed: _surprise().SVDpp(random_state=seed, cache_ratings=True),
    "knn_baseline": lambda _seed: _surprise().KNNBaseline(verbose=False),
    "baseline_only": lambda _seed: _surprise().BaselineOnly(verbose=False),
}


def native_ratings(name: str, train: RatingColumns, test: RatingColumns, *, seed: int) -> NDArray[np.float64]:
    """What Surprise's own algorithm predicts for each row of `test`, from its own shopper side: (n,) in 1..5.

    For published comparisons only. name: a key of `NATIVE`.
    """
    algorithm = NATIVE[name](seed).fit(_trainset(train))
    pairs = zip(test.shoppers.tolist(), test.products.tolist(), strict=True)
    return np.array([algorithm.predict(shopper, product).est for shopper, product in pairs])


def _trainset(columns: RatingColumns) -> Any:
    """Surprise's trainset of the rows in order, numbered by first appearance as Surprise itself does."""
    shoppers: dict[Any, int] = {}
    products: dict[Any, int] = {}
    by_shopper, by_product = defaultdict(list), defaultdict(list)
    rows = zip(columns.shoppers.tolist(), columns.products.tolist(), columns.ratings.tolist(), strict=True)
    for shopper_id, product_id, rating in rows:
        shopper = shoppers.setdefault(shopper_id, len(shoppers))
        product = products.setdefault(product_id, len(products))
        by_shopper[shopper].append((product, rating))
        by_product[product].append((shopper, rating))
    return _surprise().Trainset(
        by_shopper,
        by_product,
        len(shoppers),
        len(products),
        len(columns),
        (LOWEST, HIGHEST),
        shoppers,
        products,
    )
