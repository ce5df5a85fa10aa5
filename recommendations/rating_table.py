"""Surprise's published comparison: k-fold RMSE and MAE of rating predictors on a file of ratings."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from recommendations.engine.algorithms.catalogue import RATING_ALGORITHMS, rating_algorithm_named
from recommendations.engine.algorithms.svd import NATIVE, native_ratings
from recommendations.engine.evaluation.ratings import FoldErrors, cross_validate
from recommendations.engine.types import Floats, Interactions, Progress, RatingColumns, silent

FOLD_INS = {f"{name}_fold_in": name for name in sorted(RATING_ALGORITHMS, reverse=True)}
NAMES = (*NATIVE, *FOLD_INS)
SEPARATORS = ("::", "\t", ";", ",")
BATCH = 256


class NotRatingsError(Exception):
    """The file does not hold ratings; the message says what was expected."""


def read_ratings(path: Path) -> RatingColumns:
    """Ratings in the file's own order: user, item, rating[, time], with or without a header, gzipped or not.

    Separated by tabs, `::`, semicolons or commas. Raises NotRatingsError.
    """
    if not path.is_file():
        raise NotRatingsError(
            f"{path} is not a file. Give the ratings themselves, such as MovieLens' u.data."
        )
    try:
        opener: Callable[..., object] = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="latin-1") as file:  # type: ignore[attr-defined]
            first = file.readline()
        separator = next((each for each in SEPARATORS if first.count(each) >= 2), None)
        if separator is None:
            raise ValueError("no separator")
        frame = pd.read_csv(
            path, sep=separator, engine="python" if separator == "::" else "c", header=None,
            skiprows=0 if _is_number(first.split(separator)[2]) else 1, usecols=[0, 1, 2],
            encoding="latin-1", dtype={0: str, 1: str, 2: np.float32},
        )  # fmt: skip
        if frame.isna().to_numpy().any():
            raise ValueError("a row without shopper, product or rating")
    except (ValueError, OSError, EOFError) as error:
        raise NotRatingsError(
            f"{path} does not hold ratings. Expected user, item, rating[, time] separated by tabs, '::', "
            "semicolons or commas."
        ) from error
    return RatingColumns(
        frame[0].to_numpy(np.str_), frame[1].to_numpy(np.str_), frame[2].to_numpy(np.float32)
    )


def errors_of(
    name: str, ratings: RatingColumns, *, n_splits: int, seed: int, progress: Progress
) -> FoldErrors:
    """k-fold errors of one of `NAMES`; the folds are those of Surprise's KFold with the same seed."""

    def predict(train: RatingColumns, test: RatingColumns) -> Floats:
        if name in FOLD_INS:
            return fold_in(train, test, FOLD_INS[name], seed=seed)
        return native_ratings(name, train, test, seed=seed).astype(np.float32)

    return cross_validate(ratings, predict, n_splits=n_splits, seed=seed, progress=progress)


def fold_in(train: RatingColumns, test: RatingColumns, algorithm: str, *, seed: int) -> Floats:
    """(n,) predictions as the shop makes them: the item side alone is kept, and shoppers are folded in.

    algorithm: one of the engine's rating algorithms, with its default settings. A shopper or product that
    is not in `train` is predicted the mean of all ratings.
    """
    count = len(train)
    interactions = Interactions.from_columns(
        train.shoppers, train.products,
        ratings=train.ratings, weights=np.ones(count, np.float32), times=np.arange(count),
    )  # fmt: skip
    predictor = rating_algorithm_named(algorithm)
    model = predictor.fit(interactions, predictor.config_class(), seed=seed, progress=silent)
    shopper = interactions.shoppers.positions(test.shoppers)
    product = interactions.products.positions(test.products)
    predicted = np.full(len(test), train.ratings.mean(dtype=np.float64), np.float32)
    for start in range(0, len(interactions.shoppers), BATCH):
        numbers = range(start, min(start + BATCH, len(interactions.shoppers)))
        table = model.predict([interactions.history(number) for number in numbers])
        asked = (shopper >= start) & (shopper < start + len(table)) & (product >= 0)
        predicted[asked] = table[shopper[asked] - start, product[asked]]
    return predicted


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
