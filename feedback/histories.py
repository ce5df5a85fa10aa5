"""Shoppers' histories in one round trip, as columns: they are read for every list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.quick import MICROSECONDS, rows_of
from feedback.models import TAKES_BACK, Event
from feedback.standing import standing, taken_back

RATING = "rating"
KINDS = (RATING, *(str(kind) for kind in Event.Kind))
"""What was done, by its number."""
NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
TAKING_BACK = frozenset(NUMBERS[kind] for kind in TAKES_BACK)
PER_QUERY = 1000
# However old they are: what was bought, and what was never to be seen again.
NEVER_FORGOTTEN = (Event.Kind.PURCHASE, Event.Kind.DISMISS, Event.Kind.UNDISMISS)
# Product id, what was done, stars (0 unless rated), when in microseconds since 1970.
Row = tuple[int, str, int, int]
Integers = NDArray[np.int64]
# A history as one text, column after column: reading it takes a tenth of the time of its rows.
JOINED = {"sqlite": "group_concat({0})", "postgresql": "array_to_string(array_agg({0}), ',')"}
FORGOTTEN_NEVER = ", ".join(f"'{kind}'" for kind in NEVER_FORGOTTEN)
NUMBER = f"CASE kind {' '.join(f'''WHEN '{kind}' THEN {number}''' for kind, number in NUMBERS.items())} END"
# The newest events of one shopper are found by an index, those of many by numbering them.
RATINGS = """SELECT {who} product_id, 0 AS kind, value AS stars, {rated} AS moment FROM feedback_rating
    WHERE {whose} UNION ALL"""
EVENTS = """SELECT product_id, {number}, 0, {occurred} FROM feedback_event WHERE {whose}
    AND (kind IN ({kinds}) OR occurred_at >= coalesce((SELECT occurred_at FROM feedback_event
        WHERE {whose} ORDER BY occurred_at DESC LIMIT 1 OFFSET %s), '0001-01-01 00:00:00'))"""
EVENTS_OF_MANY = """SELECT shopper_id, product_id, {number}, 0, {occurred} FROM
    (SELECT shopper_id, product_id, kind, occurred_at,
        row_number() OVER (PARTITION BY shopper_id ORDER BY occurred_at DESC) AS place
        FROM feedback_event WHERE {whose}) AS numbered WHERE place <= %s OR kind IN ({kinds})"""
COLUMNS = ("product_id", "kind", "stars", "moment")


@dataclass(frozen=True, eq=False)
class Columns:
    """A history as the database has it, a row per rating and event, in no order.

    products: (n,) ids. kinds: (n,) places in KINDS. stars: (n,) 0 unless rated. moments: (n,) microseconds
    since 1970.
    """

    products: Integers
    kinds: Integers
    stars: Integers
    moments: Integers

    def __len__(self) -> int:
        return len(self.products)

    def rows(self) -> list[Row]:
        columns = (self.products, self.kinds, self.stars, self.moments)
        parts = zip(*(column.tolist() for column in columns), strict=True)
        return [(product, KINDS[kind], stars, moment) for product, kind, stars, moment in parts]


NOTHING = Columns(*(np.empty(0, np.int64) for _ in COLUMNS))


def history_columns(shopper_id: int, *, newest: int) -> Columns:
    """All ratings of a shopper and the newest of their events that still stand. One query.

    However old, what they bought and what they never want to see again is among them. What takes an event
    back is newer than the event, so it is always there too.
    """
    return columns_of(history_text(shopper_id, newest=newest))


def history_text(shopper_id: int, *, newest: int) -> str:
    """`history_columns` as a text for `columns_of`, "" for none."""
    query = _written(EVENTS, connection.vendor, who="", whose="shopper_id = %s")
    ((told,),) = rows_of(query, [shopper_id, shopper_id, shopper_id, newest - 1])
    return told or ""


def history_beside_shopper() -> str | None:
    """A query of one text, for `columns_of`: the history of the shopper of a row `s` beside it, as
    `history_columns`; "%s" for how many of the newest events, less one. None where that takes a query of its
    own."""
    if connection.vendor != "postgresql":
        return None
    return _written(EVENTS, connection.vendor, who="", whose="shopper_id = s.id")


def columns_of(told: str | None) -> Columns:
    """A history from its text: numbers with commas between them, the products first, then kinds, stars and
    moments."""
    return _standing(_read(told))


def history_columns_of_many(shopper_ids: Sequence[int], *, newest: int) -> dict[int, Columns]:
    """shopper id -> `history_columns`, of those who have any. A query for every thousand shoppers."""
    found: dict[int, Columns] = {}
    for start in range(0, len(shopper_ids), PER_QUERY):
        part = list(shopper_ids[start : start + PER_QUERY])
        whose = f"shopper_id IN ({', '.join(['%s'] * len(part))})"
        with connection.cursor() as cursor:
            query = _written(EVENTS_OF_MANY, connection.vendor, who="shopper_id,", whose=whose)
            cursor.execute(query, [*part, *part, newest])
            found |= {shopper_id: columns_of(told) for shopper_id, told in cursor.fetchall()}
    return found


def history_rows(shopper_id: int, *, newest: int) -> list[Row]:
    """`history_columns`, row by row."""
    return history_columns(shopper_id, newest=newest).rows()


@lru_cache(maxsize=8)
def _written(events: str, vendor: str, *, who: str, whose: str) -> str:
    """who: "shopper_id," for a history of each, "" for the history of one."""
    moment, joined = MICROSECONDS[vendor], JOINED[vendor]
    moments = {"rated": moment.format("rated_at"), "occurred": moment.format("occurred_at")}
    rows = f"{RATINGS} {events}".format(kinds=FORGOTTEN_NEVER, number=NUMBER, who=who, whose=whose, **moments)
    columns = " || ',' || ".join(joined.format(column) for column in COLUMNS)
    by = " GROUP BY shopper_id" if who else ""
    return f"SELECT {who} {columns} FROM ({rows}) AS deeds{by}"  # noqa: S608 - put together of constants only


def _read(told: str | None) -> Columns:
    if not told:
        return NOTHING
    numbers: Integers = np.fromstring(told, np.int64, sep=",")
    return Columns(*numbers.reshape(len(COLUMNS), -1))


def _standing(found: Columns) -> Columns:
    """The rows less what was taken back and what takes it back."""
    if TAKING_BACK.isdisjoint(found.kinds.tolist()):
        return found
    rows = found.rows()
    deeds = [(0, product, kind, when) for product, kind, _, when in rows if kind != RATING]
    kept = [(product, kind, 0, when) for _, product, kind, when in standing(deeds, taken_back(deeds))]
    kept += [row for row in rows if row[1] == RATING]
    if not kept:
        return NOTHING
    products, kinds, stars, moments = (np.array(column) for column in zip(*kept, strict=True))
    return Columns(products, np.array([NUMBERS[kind] for kind in kinds.tolist()]), stars, moments)
