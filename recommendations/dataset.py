"""The only door from the database to the engine's training data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import Product
from feedback.columns import NUMBERS, Columns, event_columns, rating_columns
from feedback.selectors import last_rating_change
from recommendations.conf import Conf
from recommendations.engine.types import UNKNOWN, Interactions, ItemFeatures, Positions, Times, Vocabulary
from recommendations.features import features_of
from recommendations.signals import RATING, Signals, combine, signals_of

# Of shopper, product, kind, stars and seconds.
TYPES = (np.int64, np.int64, np.int8, np.float32, np.int64)
RATING_NUMBER = len(NUMBERS)
KIND_NUMBERS = {**NUMBERS, RATING: RATING_NUMBER}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything known at the watermark. change_watermark: the last rating change that is in it."""

    signals: Signals
    products: Vocabulary
    features: ItemFeatures
    shoppers: Vocabulary
    watermark: datetime
    change_watermark: int

    def interactions(self) -> Interactions:
        """One row per shopper and product."""
        rows = combine(self.signals)
        shopper = self.shoppers.positions(rows.shoppers)
        order = _by_time(shopper, rows.times)
        return Interactions(
            self.shoppers, self.products, shopper[order], self.products.positions(rows.products[order]),
            rows.ratings[order], rows.weights[order], rows.times[order], self.features,
        )  # fmt: skip

    def split(self, fraction: float) -> tuple[Interactions, Interactions] | None:
        """`cut`, each side as interactions.

        Signals are cut before they are combined: what a shopper did later must not colour the earlier rows.
        """
        parts = self.cut(fraction)
        return None if parts is None else (parts[0].interactions(), parts[1].interactions())

    def cut(self, fraction: float) -> tuple[Dataset, Dataset] | None:
        """(before, after) the moment where the last `fraction` of the signals begins; None for no signals."""
        times = self.signals.times
        if not len(times):
            return None
        place = min(len(times) - 1, len(times) - round(len(times) * fraction))
        before = times < np.partition(times, place)[place]
        return self._of(before), self._of(~before)

    def _of(self, mask: np.ndarray) -> Dataset:
        return replace(self, signals=self.signals.rows(mask))


def load(settings: Conf, *, now: datetime) -> Dataset:
    """All consenting shoppers' feedback on visible products, up to `now`.

    Takes some 40 bytes for a row of feedback, however it is spread.
    """
    # Read first: a rating that comes in while the rows are read is counted again rather than forgotten.
    change_watermark = last_rating_change()
    # The catalogue a model knows, touched or not.
    features = features_of(Product.objects.public())
    read = _Read(features.products)
    for ratings in rating_columns(now):
        read.add(ratings, kinds=np.full(len(ratings), RATING_NUMBER, np.int8), stars=ratings.whats)
    for events in event_columns(now):
        read.add(events, kinds=events.whats, stars=np.nan)
    signals = read.signals(settings)
    shoppers = Vocabulary.of(signals.shoppers)
    return Dataset(signals, features.products, features, shoppers, now, change_watermark)


class _Read:
    """What was read so far: a list of portions for each column, as narrow as its values allow."""

    def __init__(self, products: Vocabulary) -> None:
        self._known = products
        self._columns: tuple[list[NDArray[Any]], ...] = tuple([np.empty(0, kind)] for kind in TYPES)

    def add(self, rows: Columns, *, kinds: NDArray[Any], stars: NDArray[Any] | float) -> None:
        """Keep the rows of known products. stars: NaN for what is no rating."""
        known = self._known.positions(rows.products) != UNKNOWN
        values = np.broadcast_to(np.asarray(stars), len(rows))
        columns = (rows.shoppers, rows.products, kinds, values, rows.seconds)
        for kept, column, kind in zip(self._columns, columns, TYPES, strict=True):
            kept.append(column[known].astype(kind))

    def signals(self, settings: Conf) -> Signals:
        """All of it; nothing is left here."""
        shoppers, products, kinds, values, times = (self._joined(column) for column in self._columns)
        return signals_of(
            shoppers=shoppers, products=products, kinds=kinds, values=values, times=times, settings=settings,
            numbers=KIND_NUMBERS,
        )  # fmt: skip

    @staticmethod
    def _joined(portions: list[NDArray[Any]]) -> NDArray[Any]:
        whole = np.concatenate(portions)
        # A column at a time: no more than one of them is in memory twice.
        portions.clear()
        return whole


def _by_time(shopper: Positions, times: Times) -> NDArray[np.int64]:
    """(n,) the order by shopper, then time, else as it is: both as one number, which sorts much faster.

    Ten million shoppers over a thousand years still fit into one.
    """
    if not len(times):
        return np.empty(0, np.int64)
    first = times.min()
    span = int(times.max() - first) + 1
    return np.argsort(shopper.astype(np.int64) * span + (times - first), kind="stable")
