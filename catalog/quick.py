"""Single statements that are asked thousands of times a second: prepared once per connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection


def rows_of(statement: str, values: Sequence[Any]) -> list[Any]:
    """The rows of a SELECT. Raises what Django's cursor raises.

    On PostgreSQL by a cursor of psycopg's own, which has the server plan a statement once; Django's sends the
    values inside the text, so that each is another statement. Whoever watches queries sees them all the same.
    """
    is_prepared = connection.vendor == "postgresql" and settings.SHOPRECO_PREPARED_STATEMENTS
    if not is_prepared or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    return _prepared(statement, values)


def _prepared(statement: str, values: Sequence[Any]) -> list[Any]:
    from psycopg import Cursor  # noqa: PLC0415 - a shop on SQLite may do without

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall()
