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
    silent,
)

# Importing Surprise makes ~/.surprise_data, which fails where the home folder is read-only; it is never used here.
os.environ.setdefault("SURPRISE_DATA_FOLDER", tempfile.gettempdir())
import surprise

CHUNK = 65_536
Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[Any]]


@dataclass(frozen=True)
class SvdRatingsConfig:
    """Surprise's own defaults, and the ridge of the fold-in.

    factors, epochs, learning_rate, regularization: as Surprise's SVD. shopper_bias_regularization and
    shopper_regularization: lambda_bias and lambda of `FoldInRatings`.
    """

    factors: int = 100
    epochs: int = 20
    learning_rate: float = 0.005
    regularization: float = 0.02
    shopper_bias_regularization: float = 3.0
    shopper_regularization: float = 1.0


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

    Surprise asks for `all_ratings` once an epoch. Giving it columns saves building its dicts of tuples, lets the
    negatives be drawn afresh each time, and is where progress is reported and work can be interrupted.
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
            yield from zip(
                shopper[part].tolist(), product[part].tolist(), label[part].tolist(), strict=True
            )
        self._done += 1
        self._progress(self._done / self._epochs)
