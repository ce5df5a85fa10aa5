"""Rating prediction by k-fold cross-validation, on the very folds the Surprise project publishes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.evaluation import metrics
from recommendations.engine.types import Floats, Progress, RatingColumns, silent

Predict = Callable[[RatingColumns, RatingColumns], NDArray[np.float64] | Floats]
"""(train, test) -> (n,) predicted rating of each test row, whose own rating must not be looked at."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class FoldErrors:
    """Errors in stars: the mean over the folds, and each fold's own."""

    rmse: float
    mae: float
    rmse_by_fold: tuple[float, ...]
    mae_by_fold: tuple[float, ...]


def folds(count: int, *, n_splits: int = 5, seed: int = 0) -> Iterator[tuple[Rows, Rows]]:
    """(train rows, test rows) of each fold; the same as Surprise's KFold(n_splits, random_state=seed) of
    `count` rows.

    Surprise shuffles with numpy's legacy generator, which is hence used here, too. Raises ValueError for
    fewer than 2 folds or more folds than rows.
    """
    if not 2 <= n_splits <= count:
        raise ValueError(f"n_splits must be from 2 to the number of ratings ({count}).")
    order = np.arange(count)
    np.random.RandomState(seed).shuffle(order)
    for test in np.array_split(np.arange(count), n_splits):
        train = np.concatenate([order[: test[0]], order[test[-1] + 1 :]])
        yield train, order[test]


def cross_validate(
    ratings: RatingColumns, predict: Predict, *, n_splits: int = 5, seed: int = 0, progress: Progress = silent
) -> FoldErrors:
    """The errors of `predict`, fold by fold. The order of the rows decides the folds."""
    rmses, maes = [], []
    for train, test in folds(len(ratings), n_splits=n_splits, seed=seed):
        asked = ratings.rows(test)
        predicted = predict(ratings.rows(train), asked)
        rmses.append(metrics.rmse(predicted, asked.ratings))
        maes.append(metrics.mae(predicted, asked.ratings))
        progress(len(rmses) / n_splits)
    return FoldErrors(float(np.mean(rmses)), float(np.mean(maes)), tuple(rmses), tuple(maes))
