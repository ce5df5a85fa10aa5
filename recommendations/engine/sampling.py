"""Products a shopper has no feedback on, drawn for models that learn from contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import Floats, Interactions, Positions


class Negatives:
    """Mixes products the shoppers have no feedback on into the feedback, drawn anew each time.

    The order is random, too: trained shopper by shopper, the taste of the last ones would win.
    """

    def __init__(
        self,
        interactions: Interactions,
        *,
        each: int,
        popularity_exponent: float,
        random: np.random.Generator,
    ) -> None:
        """each: draws for every row of feedback; those that hit a product of the shopper's own are left out.

        popularity_exponent: a product is drawn in proportion to its rows to this power (0: all alike);
        products without any row are never drawn.
        """
        self._rows = interactions
        self._each = each
        self._random = random
        rows = np.bincount(interactions.product, minlength=len(interactions.products)).astype(np.float64)
        self._cumulative = np.cumsum(np.where(rows > 0, rows**popularity_exponent, 0.0))
        self._taken = np.sort(self._pairs(interactions.shopper, interactions.product))

    def among(self, labels: Floats) -> tuple[Positions, Positions, Floats]:
        """(shopper, product, label): the feedback with `labels`, (rows,), and the negatives with 0."""
        if not len(self._rows):
            return self._rows.shopper, self._rows.product, labels
        shopper = np.repeat(self._rows.shopper, self._each)
        drawn = self._random.random(len(shopper)) * self._cumulative[-1]
        product = np.searchsorted(self._cumulative, drawn, side="right").astype(np.int32)
        pairs = self._pairs(shopper, product)
        found = np.minimum(np.searchsorted(self._taken, pairs), len(self._taken) - 1)
        unseen = self._taken[found] != pairs
        count = int(unseen.sum())
        order = self._random.permutation(len(labels) + count)
        return (
            np.concatenate([self._rows.shopper, shopper[unseen]])[order],
            np.concatenate([self._rows.product, product[unseen]])[order],
            np.concatenate([labels, np.zeros(count, np.float32)])[order],
        )

    def _pairs(self, shopper: Positions, product: Positions) -> NDArray[np.int64]:
        return shopper.astype(np.int64) * len(self._rows.products) + product
