"""The only door from the database to the engine's training data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from catalog.models import Product
from feedback.selectors import event_columns, last_rating_change, rating_columns
from recommendations.conf import Conf
from recommendations.engine.types import Interactions, ItemFeatures, Vocabulary
from recommendations.features import features_of
from recommendations.signals import RATING, Signals, combine, signals_of

COLUMNS = ["shopper", "product", "kind", "value", "time"]


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
        order = np.lexsort((rows.products, rows.times, rows.shoppers))
        return Interactions(
            self.shoppers, self.products,
            self.shoppers.positions(rows.shoppers[order]), self.products.positions(rows.products[order]),
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
    """All consenting shoppers' feedback on visible products, up to `now`."""
    # Read first: a rating that comes in while the rows are read is counted again rather than forgotten.
    change_watermark = last_rating_change()
    frame = pd.concat([_ratings(now), _events(now)], ignore_index=True)
    # The catalogue a model knows, touched or not.
    features = features_of(Product.objects.public())
    frame = frame[frame["product"].isin(features.products.ids)]
    signals = signals_of(
        shoppers=frame["shopper"].to_numpy(np.int64),
        products=frame["product"].to_numpy(np.int64),
        kinds=frame["kind"].to_numpy(dtype=object),
        values=frame["value"].to_numpy(np.float32),
        times=frame["time"].to_numpy(np.int64),
        settings=settings,
    )
    shoppers = Vocabulary.of(signals.shoppers)
    return Dataset(signals, features.products, features, shoppers, now, change_watermark)


def _ratings(until: datetime) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(rating_columns(until), columns=["shopper", "product", "value", "time"])
    return frame.assign(kind=RATING, time=_seconds(frame["time"]), value=frame["value"].astype(np.float32))


def _events(until: datetime) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(event_columns(until), columns=["shopper", "product", "kind", "time"])
    return frame.assign(value=np.float32(np.nan), time=_seconds(frame["time"]))


def _seconds(times: pd.Series[datetime]) -> pd.Series[int]:
    """Unix seconds of a column of moments."""
    moments = pd.to_datetime(times, utc=True)
    return (moments - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
