"""Surprise's SVD, as a rating predictor and as a ranker; the only file that imports Surprise."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.algorithms.latent import HIGHEST, LOWEST, FoldInRanker, FoldInRatings
from recommendations.engine.types import (
    Arrays,
    Floats,
    Interactions,
    Progress,
    RatingColumns,
    Vocabulary,
)

# Importing Surprise makes ~/.surprise_data, which fails where the home folder is read-only; it is never used
# here.
os.environ.setdefault("SURPRISE_DATA_FOLDER", tempfile.gettempdir())
import surprise

CHUNK = 65_536
Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[Any]]


@dataclass(frozen=True)
class SvdRatingsConfig:
    """factors, epochs, learning_rate, regularization: as in Surprise's SVD, for all its parameters alike.

    shopper_bias_regularization, shopper_regularization: lambda_bias and lambda of `FoldInRatings`, above 0. All were
    chosen together by the RMSE of the fold-in on MovieLens-100K, three folds of KFold(5, random_state=1); the
    published folds (random_state=0) were not looked at. Surprise's defaults (20 epochs of 0.005, regularization
    0.02) leave noise in the item factors, which a shopper folded in later cannot have been fitted to.
    """

    factors: int = 100
    epochs: int = 40
    learning_rate: float = 0.007
    regularization: float = 0.1
    shopper_bias_regularization: float = 5.0
    shopper_regularization: float = 8.0


@dataclass(frozen=True)
class SvdConfig:
    factors: int = 64
    epochs: int = 20
    learning_rate: float = 0.02
    regularization: float = 0.02
    item_bias: bool = True
    negatives: int = 4
    popularity_exponent: float = 0.5
    unobserved: float = 0.1
    shopper_regularization: float = 1.0


class _Epochs:
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
        self._draw = draw
        self._epochs = epochs
        self._progress = progress
        self._done = 0

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        shopper, product, label = self._draw()
        for start in range(0, len(label), CHUNK):
            part = slice(start, start + CHUNK)
            yield from zip(shopper[part].tolist(), product[part].tolist(), label[part].tolist(), strict=True)
        self._done += 1
        self._progress(self._done / self._epochs)


class SvdRanking:
    """Ranks by Surprise's SVD of preferences: what a shopper has, against products sampled from the rest."""

    name = "svd"
    config_class = SvdConfig

    def fit(
        self, interactions: Interactions, config: SvdConfig, *, seed: int, progress: Progress
    ) -> FoldInRanker:
        labels = np.clip(interactions.weights, 0, 1)
        touched = np.bincount(interactions.product, minlength=len(interactions.products))
        sampler = _Negatives(interactions, touched, config, seed)
        mean = float(labels.mean() / (1 + config.negatives)) if len(labels) else 0.0
        base, factors = _item_side(
            _Epochs(
                lambda: sampler.draw(labels), shoppers=len(interactions.shoppers),
                products=len(interactions.products), mean=mean, epochs=config.epochs, progress=progress,
            ),
            touched, seed=seed, n_factors=config.factors, n_epochs=config.epochs, lr_all=config.learning_rate,
            reg_all=config.regularization, **({} if config.item_bias else {"lr_bi": 0.0}),
        )  # fmt: skip
        return self._model(
            config, interactions.products, {"base": base + np.float32(mean), "factors": factors}
        )

    def restore(self, config: SvdConfig, products: Vocabulary, arrays: Arrays) -> FoldInRanker:
        return self._model(config, products, arrays)

    def _model(self, config: SvdConfig, products: Vocabulary, arrays: Arrays) -> FoldInRanker:
        return FoldInRanker(
            products, np.asarray(arrays["base"]), np.asarray(arrays["factors"]),
            unobserved=config.unobserved, regularization=config.shopper_regularization,
        )  # fmt: skip


class _Negatives:
    """Positives in random order, each with `negatives` products the shopper has no feedback on."""

    def __init__(
        self, interactions: Interactions, touched: NDArray[np.int64], config: SvdConfig, seed: int
    ) -> None:
        self._shopper = interactions.shopper
        self._product = interactions.product
        self._products = len(interactions.products)
        self._each = config.negatives
        self._random = np.random.default_rng(seed)
        popularity = np.where(touched > 0, touched, 0).astype(np.float64) ** config.popularity_exponent
        self._cumulative = np.cumsum(np.where(touched > 0, popularity, 0))
        self._seen = np.sort(self._keys(self._shopper, self._product))

    def draw(self, labels: Floats) -> Columns:
        shopper = np.repeat(self._shopper, self._each)
        uniform = self._random.random(len(shopper)) * self._cumulative[-1] if len(shopper) else np.empty(0)
        product = np.searchsorted(self._cumulative, uniform, side="right").astype(np.int32)
        keys = self._keys(shopper, product)
        found = np.minimum(np.searchsorted(self._seen, keys), len(self._seen) - 1)
        unseen = self._seen[found] != keys if len(keys) else np.empty(0, bool)
        columns = (
            np.concatenate([self._shopper, shopper[unseen]]),
            np.concatenate([self._product, product[unseen]]),
            np.concatenate([labels, np.zeros(int(unseen.sum()), np.float32)]),
        )
        order = self._random.permutation(len(columns[0]))
        return columns[0][order], columns[1][order], columns[2][order]

    def _keys(self, shopper: NDArray[np.int32], product: NDArray[np.int32]) -> NDArray[np.int64]:
        return shopper.astype(np.int64) * self._products + product


class SvdRatings:
    """Predicts ratings by Surprise's SVD of the rows that have one."""

    name = "svd"
    config_class = SvdRatingsConfig

    def fit(
        self, interactions: Interactions, config: SvdRatingsConfig, *, seed: int, progress: Progress
    ) -> FoldInRatings:
        rated = interactions.rows(np.isfinite(interactions.ratings))
        columns = (rated.shopper, rated.product, rated.ratings.astype(np.float64))
        mean = float(columns[2].mean()) if len(rated) else (LOWEST + HIGHEST) / 2
        item_bias, factors = _item_side(
            _Epochs(
                lambda: columns, shoppers=len(rated.shoppers), products=len(rated.products), mean=mean,
                epochs=config.epochs, progress=progress,
            ),
            np.bincount(rated.product, minlength=len(rated.products)), seed=seed, n_factors=config.factors,
            n_epochs=config.epochs, lr_all=config.learning_rate, reg_all=config.regularization,
        )  # fmt: skip
        arrays = {"mean": np.array([mean]), "item_bias": item_bias, "factors": factors}
        return self.restore(config, interactions.products, arrays)

    def restore(self, config: SvdRatingsConfig, products: Vocabulary, arrays: Arrays) -> FoldInRatings:
        return FoldInRatings(
            products, float(arrays["mean"][0]), np.asarray(arrays["item_bias"]),
            np.asarray(arrays["factors"]), bias_regularization=config.shopper_bias_regularization,
            regularization=config.shopper_regularization,
        )  # fmt: skip


def _item_side(
    data: _Epochs, touched: NDArray[np.int64], *, seed: int, **options: Any
) -> tuple[Floats, Floats]:
    """((products,) biases, (products, factors) factors) of a Surprise fit; 0 for products without a row.

    Surprise starts every factor at random and would leave those of untouched products there.
    """
    algorithm = surprise.SVD(random_state=seed, **options).fit(data)
    known = touched > 0
    bias = np.where(known, algorithm.bi, 0).astype(np.float32)
    return bias, np.where(known[:, None], algorithm.qi, 0).astype(np.float32)


NATIVE: dict[str, Callable[[int], Any]] = {
    "svd": lambda seed: surprise.SVD(random_state=seed),
    "svdpp": lambda seed: surprise.SVDpp(random_state=seed, cache_ratings=True),
    "knn_baseline": lambda _seed: surprise.KNNBaseline(verbose=False),
    "baseline_only": lambda _seed: surprise.BaselineOnly(verbose=False),
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
    return surprise.Trainset(
        by_shopper,
        by_product,
        len(shoppers),
        len(products),
        len(columns),
        (LOWEST, HIGHEST),
        shoppers,
        products,
    )
