"""Shoppers' histories in one round trip: they are read for every list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from catalog.quick import rows_of
from feedback.models import Event
from feedback.standing import standing, taken_back

RATING = "rating"
PER_QUERY = 1000
# However old they are: what was bought, and what was never to be seen again.
NEVER_FORGOTTEN = (Event.Kind.PURCHASE, Event.Kind.DISMISS, Event.Kind.UNDISMISS)
# Product id, what was done, stars (0 unless rated), when in microseconds since 1970.
Row = tuple[int, str, int, int]
# SQLite keeps moments as text, with or without ".123456"; its date functions round to a thousandth.
MOMENT = {
    "sqlite": """CAST(strftime('%%s', substr({0}, 1, 19)) AS integer) * 1000000
        + CAST(substr(substr({0}, 21) || '000000', 1, 6) AS integer)""",
    "postgresql": "CAST(round(date_part('epoch', {0}) * 1000000) AS bigint)",
}
KINDS = ", ".join(f"'{kind}'" for kind in NEVER_FORGOTTEN)
# The newest events of one shopper are found by an index, those of many by numbering them.
RATINGS = """SELECT {who} product_id, 'rating', value, {rated} FROM feedback_rating WHERE {whose} UNION ALL"""
QUERY = """SELECT product_id, kind, 0, {occurred} FROM feedback_event WHERE {whose}
    AND (kind IN ({kinds}) OR occurred_at >= coalesce((SELECT occurred_at FROM feedback_event
        WHERE {whose} ORDER BY occurred_at DESC LIMIT 1 OFFSET %s), '0001-01-01 00:00:00'))"""
QUERY_OF_MANY = """SELECT shopper_id, product_id, kind, 0, {occurred} FROM
    (SELECT shopper_id, product_id, kind, occurred_at,
        row_number() OVER (PARTITION BY shopper_id ORDER BY occurred_at DESC) AS place
        FROM feedback_event WHERE {whose}) AS numbered WHERE place <= %s OR kind IN ({kinds})"""


def history_rows(shopper_id: int, *, newest: int) -> list[Row]:
    """All ratings of a shopper and the newest of their events that still stand, in no order. One query.

    However old, what they bought and what they never want to see again is among them. What takes an event
    back is newer than the event, so it is always there too.
    """
    query = _written(QUERY, who="", whose="shopper_id = %s")
    return _standing(rows_of(query, [shopper_id, shopper_id, shopper_id, newest - 1]))


def history_rows_of_many(shopper_ids: Sequence[int], *, newest: int) -> dict[int, list[Row]]:
    """shopper id -> `history_rows`, of those who have any. A query for every thousand shoppers."""
    found: dict[int, list[Row]] = defaultdict(list)
    for start in range(0, len(shopper_ids), PER_QUERY):
        part = list(shopper_ids[start : start + PER_QUERY])
        whose = f"shopper_id IN ({', '.join(['%s'] * len(part))})"
        with connection.cursor() as cursor:
            cursor.execute(_written(QUERY_OF_MANY, who="shopper_id, ", whose=whose), [*part, *part, newest])
            for shopper_id, *row in cursor.fetchall():
                found[shopper_id].append(tuple(row))
    return {shopper_id: _standing(rows) for shopper_id, rows in found.items()}


def _written(query: str, *, who: str, whose: str) -> str:
    moment = MOMENT[connection.vendor]
    moments = {"rated": moment.format("rated_at"), "occurred": moment.format("occurred_at")}
    return f"{RATINGS} {query}".format(kinds=KINDS, who=who, whose=whose, **moments)


def _standing(rows: list[Row]) -> list[Row]:
    """The rows less what was taken back and what takes it back."""
    deeds = [(0, product, kind, when) for product, kind, _, when in rows if kind != RATING]
    undone = taken_back(deeds)
    if not undone:
        return rows
    kept = [(product, kind, 0, when) for _, product, kind, when in standing(deeds, undone)]
    return [*(row for row in rows if row[1] == RATING), *kept]
