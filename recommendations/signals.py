"""From what a shopper did with a product to one row of a history, the same for training and for serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.conf import Conf
from recommendations.engine.types import Floats, Ids, Times

RATING = "rating"
DAY = 86_400.0
FEW = 1_000
LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Signals:
    """Columns, a row per signal: who (any ids), which product, a weight, stars (NaN unless rated), when.

    half_lives: (n,) days after which the weight counts half, infinite for a signal that does not age; None
    where none does.
    """

    shoppers: Ids
    products: Ids
    weights: Floats
    ratings: Floats
    times: Times
    half_lives: Floats | None = None

    def __len__(self) -> int:
        return len(self.products)

    def rows(self, chosen: NDArray[np.bool_]) -> Signals:
        """The chosen rows, in their order."""
        return Signals(
            self.shoppers[chosen], self.products[chosen], self.weights[chosen], self.ratings[chosen],
            self.times[chosen], None if self.half_lives is None else self.half_lives[chosen],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SignalTables:
    """What the settings make of numbered kinds and of stars, for who makes a request's history.

    events: (kinds,) weights. ratings: (stars from 0,) weights. half_lives: (kinds,) days, infinite for what
    does not age.
    """

    events: NDArray[np.float64]
    ratings: NDArray[np.float64]
    half_lives: NDArray[np.float64]

    @classmethod
    def of(cls, settings: Conf, kinds: Sequence[str]) -> SignalTables:
        """kinds: names in the order of their numbers; `RATING` is one of them."""
        numbers = {kind: number for number, kind in enumerate(kinds)}
        every = np.arange(len(kinds))
        return cls(
            _by_kind(every, settings.event_weights, numbers, otherwise=0.0).astype(np.float64),
            _by_stars(settings.rating_weights).astype(np.float64),
            _by_kind(every, settings.half_life_days, numbers, otherwise=np.inf).astype(np.float64),
        )


def signals_of(
    *, shoppers: Ids, products: Ids, kinds: NDArray[Any], values: Floats, times: Times, settings: Conf,
    numbers: Mapping[str, int] | None = None,
) -> Signals:  # fmt: skip
    """What the settings make of rows as the database has them: the one door for training and serving.

    kinds: `RATING` or a kind of event, by name; by number where `numbers` has the number of each name.
    values: stars, NaN for an event. times: unix seconds.
    """
    weights = weigh(
        kinds, values, ratings=settings.rating_weights, events=settings.event_weights, numbers=numbers
    )
    half_lives: Floats | None = None
    if settings.half_life_days:
        half_lives = _by_kind(kinds, settings.half_life_days, numbers, otherwise=np.inf)
    return Signals(shoppers, products, weights, values, times, half_lives)


def weigh(
    kinds: NDArray[Any], values: Floats, *, ratings: Mapping[int, float], events: Mapping[str, float],
    numbers: Mapping[str, int] | None = None,
) -> Floats:  # fmt: skip
    """(n,) weight of each signal: by its stars where it is a rating, else by the kind of the event."""
    weights = _by_kind(kinds, events, numbers, otherwise=0.0)
    rated = np.flatnonzero(np.isfinite(values))
    if len(rated):
        weights[rated] = _by_stars(ratings)[values[rated].astype(np.int64)]
    return weights


def _by_stars(ratings: Mapping[int, float]) -> Floats:
    """(stars from 0,) the weight of a rating."""
    return np.array([ratings.get(stars, 0.0) for stars in range(max(ratings, default=0) + 1)], np.float32)


def _by_kind(
    kinds: NDArray[Any], values: Mapping[str, float], numbers: Mapping[str, int] | None, *, otherwise: float
) -> Floats:
    """(n,) the value of each row's kind."""
    if numbers is not None:
        table = np.full(max(numbers.values(), default=0) + 1, otherwise, np.float32)
        for kind, number in numbers.items():
            table[number] = values.get(kind, otherwise)
        found: Floats = table[kinds]
        return found
    found = np.full(len(kinds), otherwise, np.float32)
    for kind, value in values.items():
        found[kinds == kind] = value
    return found


def aged(signals: Signals) -> Signals:
    """The signals with weight x 2^(-age / half-life), which no longer age.

    The age of a signal is the time to the newest one of the same shopper, not to now: a history is then the
    same whenever it is looked at (training, a cut of the past, a cached list), and someone who comes back
    after a year finds the taste they left with. A dislike ages as its kind does.
    """
    if signals.half_lives is None or not len(signals):
        return replace(signals, half_lives=None)
    age_days = (_newest_of_each(signals) - signals.times) / DAY
    weights = signals.weights * np.exp2(-age_days / signals.half_lives)
    return replace(signals, weights=weights.astype(np.float32), half_lives=None)


def _newest_of_each(signals: Signals) -> Times:
    """(n,) or one number for all: the time of the newest signal of the row's shopper."""
    if (signals.shoppers == signals.shoppers[0]).all():
        return np.asarray(signals.times.max())
    _, shopper = np.unique(signals.shoppers, return_inverse=True)
    newest = np.full(int(shopper.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(newest, shopper, signals.times)
    return newest[shopper]


def combine(signals: Signals) -> Signals:
    """One row per shopper and product, sorted by shopper, product; the weights `aged`.

    A rating says more than any event: its weight counts alone. Otherwise the strongest event counts, unless
    the latest one is negative (a dismissal): then that one. The time is the latest signal's; of
    the signals of one second a negative one counts as the latest, so the order of the rows does not matter.
    """
    signals = aged(signals)
    if not len(signals):
        return signals
    order = _pair_order(signals)
    shoppers, products = signals.shoppers[order], signals.products[order]
    weights, ratings, times = signals.weights[order], signals.ratings[order], signals.times[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (shoppers[1:] != shoppers[:-1]) | (products[1:] != products[:-1])
    starts = np.flatnonzero(first)
    last = np.append(starts[1:], len(order)) - 1
    rated = np.isfinite(ratings)
    stars = np.fmax.reduceat(ratings, starts)
    by_rating = np.maximum.reduceat(np.where(rated, weights, -np.inf), starts)
    by_event = np.maximum.reduceat(np.where(rated, -np.inf, weights), starts)
    by_event = np.where(weights[last] < 0, weights[last], by_event)
    combined = np.where(np.isfinite(stars), by_rating, by_event).astype(np.float32)
    return Signals(shoppers[starts], products[starts], combined, stars.astype(np.float32), times[last])


def _pair_order(signals: Signals) -> NDArray[np.int64]:
    """(n,) the order by shopper, product, time and falling weight.

    Of many signals pairs are sorted as one number each, and the rest only where a pair is repeated: a tenth
    of the time of sorting by four columns.
    """
    by = (-signals.weights, signals.times, signals.products, signals.shoppers)
    pairs = _numbered_pairs(signals) if len(signals) > FEW else None
    if pairs is None:
        return np.lexsort(by)
    order = np.argsort(pairs)
    found = pairs[order]
    same = found[1:] == found[:-1]
    repeated = np.zeros(len(order), bool)
    repeated[1:] = same
    repeated[:-1] |= same
    own = order[repeated]
    order[repeated] = own[np.lexsort((*(column[own] for column in by[:2]), found[repeated]))]
    return order


def _numbered_pairs(signals: Signals) -> NDArray[np.int64] | None:
    """(n,) one number for shopper and product, in their order; None for words, and ids too far apart."""
    if not all(ids.dtype.kind == "i" for ids in (signals.shoppers, signals.products)):
        return None
    first, start = int(signals.shoppers.min()), int(signals.products.min())
    width = int(signals.products.max()) - start + 1
    if (int(signals.shoppers.max()) - first + 1) * width > LARGEST:
        return None
    return np.asarray((signals.shoppers - first) * width + (signals.products - start), np.int64)
