"""Bulk inserts that leave the comparing to the database.

`bulk_create(update_conflicts=True)` overwrites whatever is there: an old rating from a file would undo a
newer one given in the shop. `ON CONFLICT ... DO UPDATE ... WHERE` decides that in the row itself, at once,
however large the table is and whoever writes at the same time. SQLite and PostgreSQL share the syntax.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model

Row = Sequence[Any]
_ROWS_PER_STATEMENT = 1000


@dataclass(frozen=True)
class Upsert:
    """Insert `columns`; a row whose `unique` columns are known is left, or updated where `newer` holds."""

    model: type[Model]
    columns: tuple[str, ...]
    unique: tuple[str, ...]
    updates: tuple[str, ...] = ()
    newer: str = ""

    def insert(self, rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], int]]:
        """Write what is new; for each statement its rows and how many of them were new."""
        return self._run(rows, "DO NOTHING")

    def update(self, rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], int]]:
        """Write what is newer; for each statement its rows and how many of them were written."""
        quote = connection.ops.quote_name
        table = quote(self.model._meta.db_table)
        sets = ", ".join(f"{quote(column)} = EXCLUDED.{quote(column)}" for column in self.updates)
        return self._run(rows, f"DO UPDATE SET {sets} WHERE {self.newer.format(table=table)}")

    def _run(self, rows: Sequence[Row], conflict: str) -> Iterator[tuple[Sequence[Row], int]]:
        quote = connection.ops.quote_name
        limit = connection.features.max_query_params or _ROWS_PER_STATEMENT * len(self.columns)
        size = min(_ROWS_PER_STATEMENT, limit // len(self.columns))
        names = ", ".join(map(quote, self.columns))
        keys = ", ".join(map(quote, self.unique))
        placeholders = f"({', '.join(['%s'] * len(self.columns))})"
        # Every name in the statement comes from the models; every value is a parameter.
        start = f"INSERT INTO {quote(self.model._meta.db_table)} ({names}) VALUES "  # noqa: S608
        with connection.cursor() as cursor:
            for first in range(0, len(rows), size):
                part = rows[first : first + size]
                statement = f"{start}{', '.join([placeholders] * len(part))} ON CONFLICT ({keys}) {conflict}"
                cursor.execute(statement, [value for row in part for value in row])
                yield part, cursor.rowcount
