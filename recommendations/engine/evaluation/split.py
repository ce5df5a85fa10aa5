"""What is learned from and what is asked: a cut in time, as it is when a shop serves tomorrow's visitors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import (
    Floats,
    History,
    Ids,
    Interactions,
    Positions,
    Vocabulary,
)


@dataclass(frozen=True, eq=False)
class Holdout:
    """Test shoppers: what was known of each before the cut, and what they went on to like and to rate.

    Every tuple has one entry a shopper. histories: before the cut, at least one row. relevant: positions in
    `products`, one or more, that were new to the shopper and of positive weight. The last three are the later
    explicit ratings, (n,) each: number of the shopper's history in `rating_histories`, position of the
    product, rating. repeats: for shops that recommend again what was bought: what the shopper had before and
    did not dislike is ranked, and relevant if they turned to it again.
    """

    products: Vocabulary
    shoppers: Ids
    histories: tuple[History, ...]
    relevant: tuple[Positions, ...]
    rating_histories: tuple[History, ...]
    rating_shopper: Positions
    rating_product: Positions
    ratings: Floats
    repeats: bool = False

    def __len__(self) -> int:
        return len(self.histories)

    def left_out(self, number: int, products: Vocabulary) -> Positions:
        """Positions in `products` of what is not ranked for a shopper, UNKNOWN where not in there."""
        history = self.histories[number]
        kept = history.products[history.weights <= 0] if self.repeats else history.products
        return products.positions(kept)


def settled_rows(train: Interactions, *, repeats: bool) -> NDArray[np.bool_]:
    """(rows,) whether the row's product is out of the question later: all, or with repeats the dislikes."""
    return train.weights <= 0 if repeats else np.ones(len(train), bool)


def time_split(
    interactions: Interactions, *, fraction: float = 0.2, at: int | None = None
) -> tuple[Interactions, Holdout]:
    """(rows before the cut, what came at or after it). Both vocabularies are kept whole.

    at: unix seconds of the cut; None puts it where the last `fraction` (above 0, below 1) of the rows begins,
    all rows of that very second included. Raises ValueError for a fraction outside that range.
    """
    if not 0 < fraction < 1:
        raise ValueError("fraction must be above 0 and below 1.")
    if at is None:
        at = _cut(interactions.times, fraction)
    before = interactions.times < at
    train = interactions.rows(before)
    return train, hold_out(train, interactions.rows(~before))


def _cut(times: NDArray[np.int64], fraction: float) -> int:
    if not len(times):
        return 0
    first = min(len(times) - 1, len(times) - round(len(times) * fraction))
    return int(np.partition(times, first)[first])


def hold_out(train: Interactions, later: Interactions, *, repeats: bool = False) -> Holdout:
    """What `later` asks of a model fitted on `train`; the two must share their vocabularies.

    repeats: as of `Holdout`; predicted ratings are asked of new products either way.

    For shops whose events repeat: `Interactions` keeps only the latest of a shopper's rows for a product, so
    cut the events first and build both sides from their own, lest a product bought before and after seem new.
    """
    if len(train.products) != len(later.products) or len(train.shoppers) != len(later.shoppers):
        raise ValueError("train and later must share their vocabularies; build both with the same catalogue.")
    width = len(train.products)
    returning = np.diff(train.starts)[later.shopper] > 0
    keys = later.shopper.astype(np.int64) * width + later.product
    new = ~np.isin(keys, train.shopper.astype(np.int64) * width + train.product)
    settled = train.rows(settled_rows(train, repeats=repeats))
    unsettled = ~np.isin(keys, settled.shopper.astype(np.int64) * width + settled.product)
    liked = later.rows(returning & unsettled & (later.weights > 0))
    rated = later.rows(returning & new & np.isfinite(later.ratings))
    testers, starts = np.unique(liked.shopper, return_index=True)
    raters, numbers = np.unique(rated.shopper, return_inverse=True)
    return Holdout(
        products=train.products,
        shoppers=train.shoppers.ids[testers],
        histories=tuple(train.history(shopper) for shopper in testers),
        relevant=tuple(np.split(liked.product, starts[1:])) if len(testers) else (),
        rating_histories=tuple(train.history(shopper) for shopper in raters),
        rating_shopper=numbers.astype(np.int32),
        rating_product=rated.product,
        ratings=rated.ratings,
        repeats=repeats,
    )
