"""A shopper's history as the live model takes it, read at every request: a rating counts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback.histories import KINDS as RECORDED
from feedback.histories import TAKING_BACK, Columns, columns_of, history_columns_of_many, history_text
from recommendations.conf import Conf
from recommendations.engine.compiled_history import history_made_of, history_told
from recommendations.engine.types import History
from recommendations.signals import RATING, SignalTables

PURCHASE, DISMISS = "purchase", "dismiss"
KINDS = (DISMISS, "view", "click", "basket", "wishlist", PURCHASE, RATING)
STRENGTH = {kind: number for number, kind in enumerate(KINDS)}
# By the number of the database's kind; what takes another back has gone with it.
BY_STRENGTH = np.array([STRENGTH.get(kind, STRENGTH[DISMISS]) for kind in RECORDED], np.int64)
TAKES_BACK = np.array([number in TAKING_BACK for number in range(len(RECORDED))])
SECOND = 1_000_000
Column = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ShopperHistory:
    """kinds: per row of the history, the number in KINDS of the strongest thing done. settled_ids: products
    to leave out, sorted."""

    history: History
    kinds: NDArray[np.int8]
    settled_ids: Column

    def __len__(self) -> int:
        return len(self.history)

    def deed(self, row: int) -> str:
        """The strongest thing done in that row of the history."""
        return KINDS[self.kinds.item(row)]

    @cached_property
    def deeds(self) -> tuple[str, ...]:
        """Per row of the history, the strongest thing done."""
        return tuple(KINDS[number] for number in self.kinds.tolist())

    @cached_property
    def settled(self) -> frozenset[int]:
        """`settled_ids` as a set."""
        return frozenset(self.settled_ids.tolist())


NOTHING = ShopperHistory(History.empty(), np.empty(0, np.int8), np.empty(0, np.int64))


def history_of(shopper_id: int, settings: Conf, *, now: datetime) -> ShopperHistory:
    """One query: all ratings, and the newest events. `now` tells which purchases may come again."""
    return history_in(history_text(shopper_id, newest=settings.history_events), settings, now=now)


def histories_of(shopper_ids: Sequence[int], settings: Conf, *, now: datetime) -> dict[int, ShopperHistory]:
    """shopper id -> `history_of`, of those who have one. A query for every thousand shoppers."""
    columns = history_columns_of_many(shopper_ids, newest=settings.history_events)
    return {shopper_id: history_from(own, settings, now=now) for shopper_id, own in columns.items()}


def history_in(told: str, settings: Conf, *, now: datetime) -> ShopperHistory:
    """`history_of`, of a text that was read already."""
    if not told:
        return NOTHING
    text = np.frombuffer(told.encode(), np.uint8)
    ids, ratings, weights, times, strongest, settled, is_all = history_told(
        text, BY_STRENGTH, TAKES_BACK, *_asked(settings, now)
    )
    if not is_all:
        return history_from(columns_of(told), settings, now=now)
    return ShopperHistory(History(ids, ratings, weights, times), strongest, settled)


def history_from(own: Columns, settings: Conf, *, now: datetime) -> ShopperHistory:
    """`history_of`, of columns that were read already."""
    return made_of(own.products, BY_STRENGTH[own.kinds], own.stars, own.moments, settings, now=now)


def made_of(
    products: Column, kinds: Column, stars: Column, moments: Column, settings: Conf, *, now: datetime
) -> ShopperHistory:
    """(n,) signals in any order -> `signals.combine` of them, oldest first, and what they settle.

    kinds: numbers of `STRENGTH`. stars: 0 unless rated. moments: microseconds since 1970. Settled is what was
    dismissed, rated or bought; where purchases are repeated, what was bought comes back after `repeat_after`,
    rated or not, but never what was dismissed or given few stars.
    """
    if not len(products):
        return NOTHING
    ids, ratings, weights, times, strongest, settled = history_made_of(
        products, kinds, stars, moments, *_asked(settings, now)
    )
    return ShopperHistory(History(ids, ratings, weights, times), strongest, settled)


def _asked(settings: Conf, now: datetime) -> tuple[Any, ...]:
    """As `history_made_of` takes it."""
    tables, again = _tables_of(settings), settings.repeat_purchases
    lately = (now - settings.repeat_after).timestamp() * SECOND if again else 0.0
    return (
        tables.events, tables.ratings, tables.half_lives,
        STRENGTH[DISMISS], STRENGTH[PURCHASE], STRENGTH[RATING], again, lately,
    )  # fmt: skip


_known: tuple[Conf, SignalTables] | None = None


def _tables_of(settings: Conf) -> SignalTables:
    """Those of the same settings again are not made again."""
    global _known
    known = _known
    if known is None or known[0] is not settings:
        known = _known = settings, SignalTables.of(settings, KINDS)
    return known[1]
