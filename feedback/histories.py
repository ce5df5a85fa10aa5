"""One shopper's history in one round trip: it is read for every list."""

from __future__ import annotations

from django.db import connection

from feedback.models import Event
from feedback.standing import standing, taken_back

RATING = "rating"
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
QUERY = f"""SELECT product_id, '{RATING}', value, {{rated}} FROM feedback_rating WHERE shopper_id = %s
    UNION ALL
    SELECT product_id, kind, 0, {{occurred}} FROM feedback_event WHERE shopper_id = %s
    AND (kind IN ({KINDS}) OR occurred_at >= coalesce((SELECT occurred_at FROM feedback_event
        WHERE shopper_id = %s ORDER BY occurred_at DESC LIMIT 1 OFFSET %s), '0001-01-01 00:00:00'))"""  # noqa: S608 - constants


def history_rows(shopper_id: int, *, newest: int) -> list[Row]:
    """All ratings of a shopper and the newest of their events that still stand, in no order. One query.

    However old, what they bought and what they never want to see again is among them. What takes an event
    back is newer than the event, so it is always there too.
    """
    moment = MOMENT[connection.vendor]
    query = QUERY.format(rated=moment.format("rated_at"), occurred=moment.format("occurred_at"))
    with connection.cursor() as cursor:
        cursor.execute(query, [shopper_id, shopper_id, shopper_id, newest - 1])
        rows: list[Row] = cursor.fetchall()
    deeds = [(shopper_id, product, kind, when) for product, kind, _, when in rows if kind != RATING]
    undone = taken_back(deeds)
    if not undone:
        return rows
    kept = [(product, kind, 0, when) for _, product, kind, when in standing(deeds, undone)]
    return [*(row for row in rows if row[1] == RATING), *kept]
