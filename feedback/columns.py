"""All feedback as columns of numbers: for training, which reads millions of rows.

Rows come from the database in portions, as whole numbers only: no object for a moment or a kind is ever made,
and no more than a portion of rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Case, Func, QuerySet, SmallIntegerField, When
from django.db.models.sql.compiler import SQLCompiler
from numpy.typing import NDArray

from feedback.models import TAKES_BACK, Event, Rating

# PostgreSQL sends the next portion while this one is worked on; larger ones were slower.
PORTION = 5_000
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Whole = NDArray[np.int64]
KINDS: tuple[str, ...] = tuple(Event.Kind.values)
"""A kind of event by its number in `Columns.whats`."""
NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
UNDOES = {NUMBERS[undo]: NUMBERS[done] for undo, done in TAKES_BACK.items()}


@dataclass(frozen=True, eq=False)
class Columns:
    """(rows,) each: ids of shoppers and products, what (stars, or the number of a kind of event), when.

    moments: microseconds since 1970.
    """

    shoppers: Whole
    products: Whole
    whats: Whole
    moments: Whole

    def __len__(self) -> int:
        return len(self.shoppers)

    def rows(self, chosen: NDArray[np.bool_]) -> Columns:
        """The chosen rows, in their order."""
        return Columns(self.shoppers[chosen], self.products[chosen], self.whats[chosen], self.moments[chosen])

    @property
    def seconds(self) -> Whole:
        """Unix seconds, rounded down."""
        return self.moments // SECOND


class Microseconds(Func):
    """The microseconds since 1970 of a moment, exactly, as the database counts them."""

    arity = 1
    output_field = BigIntegerField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        # A double holds them to a quarter of one.
        moment, values = compiler.compile(self.source_expressions[0])
        return f"round(date_part('epoch', {moment}) * {SECOND})::bigint", tuple(values)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        # Kept as text, "2026-01-31 10:00:00" with or without ".123456"; the date functions round to a
        # thousandth, which may be the next second.
        moment, values = compiler.compile(self.source_expressions[0])
        seconds = f"CAST(strftime('%%s', substr({moment}, 1, 19)) AS INTEGER)"
        rest = f"CAST(substr({moment} || '.000000', 21, 6) AS INTEGER)"
        return f"({seconds} * {SECOND} + {rest})", (*values, *values)


def rating_columns(until: datetime) -> Iterator[Columns]:
    """Every rating of a consenting shopper up to then, in portions and no order; `whats` are the stars."""
    ratings = Rating.objects.filter(shopper__consent=True).order_by()
    return _portions(
        ratings.values_list("shopper_id", "product_id", "value", Microseconds("rated_at")), until
    )


def event_columns(until: datetime) -> Iterator[Columns]:
    """A consenting shopper's events up to then that still stand, in portions and no order.

    Those that take others back are left out themselves; the rule is that of `standing`.
    """
    events = Event.objects.filter(shopper__consent=True).order_by()
    cases = [When(kind=kind, then=number) for kind, number in NUMBERS.items()]
    deeds = events.values_list(
        "shopper_id",
        "product_id",
        Case(*cases, output_field=SmallIntegerField()),
        Microseconds("occurred_at"),
    )
    undone = _Undone(joined(_portions(deeds.filter(kind__in=list(TAKES_BACK)), until)))
    for portion in _portions(deeds.exclude(kind__in=list(TAKES_BACK)), until):
        yield portion.rows(undone.spares(portion))


def joined(portions: Iterator[Columns]) -> Columns:
    """All portions as one."""
    read = list(portions) or [Columns(*np.empty((4, 0), np.int64))]
    return Columns(
        np.concatenate([each.shoppers for each in read]), np.concatenate([each.products for each in read]),
        np.concatenate([each.whats for each in read]), np.concatenate([each.moments for each in read]),
    )  # fmt: skip


class _Undone:
    """Which events were taken back, and when last."""

    def __init__(self, undoing: Columns) -> None:
        self._shoppers, self._products = np.unique(undoing.shoppers), np.unique(undoing.products)
        undone = np.array([UNDOES[what] for what in undoing.whats.tolist()], np.int64)
        keys = self._keys(undoing.shoppers, undoing.products, undone)
        order = np.lexsort((undoing.moments, keys))
        keys = keys[order]
        last = np.ones(len(keys), bool)
        last[:-1] = keys[1:] != keys[:-1]
        self._known, self._ends = keys[last], undoing.moments[order][last]

    def spares(self, events: Columns) -> NDArray[np.bool_]:
        """(rows,) whether an event still stands: it is later than any taking back of its kind."""
        if not len(self._known):
            return np.ones(len(events), bool)
        keys = self._keys(events.shoppers, events.products, events.whats)
        place = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        spared: NDArray[np.bool_] = (self._known[place] != keys) | (events.moments > self._ends[place])
        return spared

    def _keys(self, shoppers: Whole, products: Whole, whats: Whole) -> Whole:
        """One number for shopper, product and kind; -1 where the shopper or the product is in no undoing."""
        if not len(self._shoppers):
            return np.full(len(shoppers), -1)
        shopper = np.minimum(np.searchsorted(self._shoppers, shoppers), len(self._shoppers) - 1)
        product = np.minimum(np.searchsorted(self._products, products), len(self._products) - 1)
        known = (self._shoppers[shopper] == shoppers) & (self._products[product] == products)
        return np.where(known, (shopper * len(self._products) + product) * len(KINDS) + whats, -1)


def _portions(rows: QuerySet[Any, Any], until: datetime) -> Iterator[Columns]:
    """The rows of four whole numbers, read as they are needed, without those of later moments.

    Not left to the database: nearly all rows are earlier, but SQLite would take its index of moments to find
    them, and jump from one row to another all over the table.
    """
    statement, values = rows.query.sql_with_params()
    end = (until - EPOCH) // timedelta(microseconds=1)
    with _one_transaction(), connection.chunked_cursor() as cursor:
        cursor.execute(statement, values)
        while portion := cursor.fetchmany(PORTION):
            read = Columns(*np.array(portion, np.int64).T.copy())
            yield read.rows(read.moments <= end)


def _one_transaction() -> AbstractContextManager[Any]:
    """Outside of one, PostgreSQL writes the whole answer down first, lest the cursor outlive it.

    SQLite would lock out whoever writes, and has no need.
    """
    return transaction.atomic(savepoint=False) if connection.vendor == "postgresql" else nullcontext()
