"""Single statements that are asked thousands of times a second: prepared once per connection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import local
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# SQLite keeps moments as text, with or without ".123456"; its date functions round to a thousandth.
MICROSECONDS = {
    "sqlite": """CAST(strftime('%%s', substr({0}, 1, 19)) AS integer) * 1000000
        + CAST(substr(substr({0}, 21) || '000000', 1, 6) AS integer)""",
    "postgresql": "CAST(round(date_part('epoch', {0}) * 1000000) AS bigint)",
}
"""A moment as microseconds since 1970."""
AMONG = {"sqlite": "IN (SELECT value FROM json_each(%s))", "postgresql": "= ANY (%s::bigint[])"}
"""One of many ids, told as `ids_among`: the same statement however many there are."""


class _Own(local):
    """What a thread keeps."""

    database: BaseDatabaseWrapper | None = None


_own = _Own()


def database() -> BaseDatabaseWrapper:
    """This thread's connection as Django has it, `connections["default"]`: looked up there once, since that
    serves coroutines, too, and takes ten times as long. Not for coroutines."""
    found = _own.database
    if found is None:
        found = _own.database = connections[DEFAULT_DB_ALIAS]
    return found


def ids_among(ids: Sequence[int]) -> str:
    told = ",".join(map(str, ids))
    return f"{{{told}}}" if database().vendor == "postgresql" else f"[{told}]"


def rows_of(statement: str, values: Sequence[str | int], *, writes: bool = False) -> list[Any]:
    """The rows of a statement, "%s" for each value: numbers, truth, text. Raises what Django's cursor raises.

    writes: whether it changes anything. On PostgreSQL, outside of transactions, by a connection that is kept
    for that, see `catalog.reader`. Who watches queries sees them all the same.
    """
    own = database()
    if _is_plain(own):
        encoded = [str(value).encode() for value in values]
        # libpq takes text up to its first NUL.
        if not any(b"\0" in value for value in encoded):
            found: list[Any] = _reader().rows_of(own, statement, encoded, writes=writes)
            return found
    with own.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _is_plain(own: BaseDatabaseWrapper) -> bool:
    return (
        own.vendor == "postgresql"
        and not own.in_atomic_block
        and not own.queries_logged
        and settings.SHOPRECO_PREPARED_STATEMENTS
    )


@cache
def _reader() -> ModuleType:
    """A shop on SQLite does without psycopg."""
    from catalog import reader  # noqa: PLC0415

    return reader


def forget() -> None:
    """Close what this thread keeps, as a new process."""
    if database().vendor == "postgresql":
        _reader().forget()
    _own.database = None
