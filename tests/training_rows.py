"""The columns training reads, as rows that a test can name: (shopper id, product id, what, when)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from feedback.columns import KINDS, Columns, event_columns, joined, rating_columns

Row = tuple[int, int, Any, datetime]


def rating_rows(until: datetime) -> list[Row]:
    """What: the stars."""
    return _rows(joined(rating_columns(until)))


def event_rows(until: datetime) -> list[Row]:
    """What: the kind."""
    return [(*row[:2], KINDS[row[2]], row[3]) for row in _rows(joined(event_columns(until)))]


def _rows(columns: Columns) -> list[Row]:
    whole = (columns.shoppers, columns.products, columns.whats, columns.moments)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    rows = zip(*(column.tolist() for column in whole), strict=True)
    return [(who, product, what, start + timedelta(microseconds=when)) for who, product, what, when in rows]
