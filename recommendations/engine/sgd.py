"""Surprise's SVD by a compiled loop: the same start, the same updates in the same order, the same model.

What differs from Surprise is the order in which a sum of products is added up, some 1e-15 of a factor. Where
numba cannot be had, `kernels` says so once and there is none: then Surprise itself fits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.compiling import read_all
from recommendations.engine.sampling import Negatives
from recommendations.engine.types import UNKNOWN, Floats, Interactions, Positions, Progress

logger = logging.getLogger(__name__)
Matrix = NDArray[np.float64]
Columns = tuple[Positions, Positions, Floats]
# Of Surprise: the factors start as draws from a normal distribution around 0.
START_SCALE = 0.1
# Rows between two looks at whether somebody interrupts, some tenths of a second.
CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Factors:
    """What is fitted. shoppers, products: (n, factors). shopper_bias, product_bias: (n,)."""

    shoppers: Matrix
    products: Matrix
    shopper_bias: Matrix
    product_bias: Matrix


@dataclass(frozen=True)
class Steps:
    """How far one row moves what it touches; regularization of all of them."""

    rate: float
    shopper_bias_rate: float
    product_bias_rate: float
    regularization: float


@cache
def kernels() -> ModuleType | None:
    """The compiled loops; None, with one line in the log, where numba cannot be imported or compile."""
    try:
        loops = import_module("recommendations.engine.kernels")
        read_all(loops.__name__)
    except Exception as error:
        logger.warning("SVD is fitted by Surprise, several times slower: numba is not usable (%s)", error)
        return None
    return loops


def descent(
    loops: ModuleType, draw: Callable[[], Columns], *, shoppers: int, products: int, factors: int,
    mean: float, epochs: int, steps: Steps, seed: int, progress: Progress,
) -> Factors:  # fmt: skip
    """Fits r_ui = mean + b_u + b_i + p_u.q_i by stochastic gradient descent, as `surprise.SVD` does.

    loops: `kernels()`. draw: the rows of the next epoch (positions of shopper and product, label), in the
    order in which they are learned. Interrupts are taken between chunks of rows.
    """
    # The random state of Surprise, in the order in which it draws.
    random = np.random.RandomState(seed)
    found = Factors(
        shoppers=random.normal(0, START_SCALE, (shoppers, factors)),
        products=random.normal(0, START_SCALE, (products, factors)),
        shopper_bias=np.zeros(shoppers),
        product_bias=np.zeros(products),
    )
    for epoch in range(epochs):
        shopper, product, label = (np.ascontiguousarray(column) for column in draw())
        for start in range(0, len(label), CHUNK):
            end = min(start + CHUNK, len(label))
            loops.descend(
                shopper, product, label, start, end, mean, found.shopper_bias, found.product_bias,
                found.shoppers, found.products, steps.rate, steps.product_bias_rate, steps.shopper_bias_rate,
                steps.regularization,
            )  # fmt: skip
            progress((epoch + end / len(label)) / epochs)
        progress((epoch + 1) / epochs)
    return found


class CompiledNegatives(Negatives):
    """The very draws of `Negatives`, several times faster and in less memory.

    What `among` gives is written over by its next call.
    """

    def __init__(
        self, loops: ModuleType, interactions: Interactions, *, each: int, popularity_exponent: float,
        random: np.random.Generator,
    ) -> None:  # fmt: skip
        """loops: `kernels()`; the rest as in `Negatives`."""
        super().__init__(interactions, each=each, popularity_exponent=popularity_exponent, random=random)
        self._loops = loops
        draws = len(interactions) * each
        self._drawn = np.empty(min(CHUNK, draws))
        self._marks = np.full(len(self._cumulative), UNKNOWN, np.int32)
        self._shopper, self._product = np.empty(draws, np.int32), np.empty(draws, np.int32)
        self._mixed = (
            np.empty(draws + len(interactions), np.int32),
            np.empty(draws + len(interactions), np.int32),
            np.empty(draws + len(interactions), np.float32),
        )
        cells = len(self._cumulative)
        borders = np.linspace(0.0, self._cumulative[-1] if cells else 0.0, cells + 1)
        self._guide = np.searchsorted(self._cumulative, borders).astype(np.int32)
        self._starts = np.asarray(interactions.starts, np.int64)

    def among(self, labels: Floats) -> Columns:
        """As `Negatives.among`."""
        if not len(self._rows):
            return self._rows.shopper, self._rows.product, labels
        kept = self._draw()
        order = np.arange(len(labels) + kept, dtype=np.int32)
        self._random.shuffle(order)
        mixed_shopper, mixed_product, mixed_label = self._mixed
        mixed = mixed_shopper[: len(order)], mixed_product[: len(order)], mixed_label[: len(order)]
        self._loops.mix(
            order, self._rows.shopper, self._rows.product, np.asarray(labels, np.float32), self._shopper,
            self._product, *mixed,
        )  # fmt: skip
        return mixed

    def _draw(self) -> int:
        """Draws, and how many fell on products the shopper does not have."""
        kept, draws = 0, len(self._shopper)
        for first in range(0, draws, CHUNK):
            drawn = self._random.random(out=self._drawn[: min(CHUNK, draws - first)])
            drawn *= self._cumulative[-1]
            kept = self._loops.reject(
                drawn, first, self._each, self._rows.shopper, self._rows.product, self._starts,
                self._cumulative, self._guide, self._marks, kept, self._shopper, self._product,
            )  # fmt: skip
        return kept
