"""Connections to PostgreSQL for single statements, by libpq's own calls: a tenth of what a cursor and a pool
cost. A thread has one for reading, which can do nothing else, and one for writing if it ever writes.

Outside of transactions only: what a transaction has written is seen by its own connection alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Error, OperationalError, connect, conninfo
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

# What else Django hands to psycopg is about its cursors.
NOT_LIBPQS = ("context", "cursor_factory", "prepare_threshold", "autocommit", "row_factory")
# A statement that is not known (any more), or whose table has another shape since it was planned.
PLANNED_ANEW = {b"26000", b"0A000"}
SQLSTATE = ord("C")
# By the number of the type; everything else is text.
Kind = Callable[[bytes], Any]
KINDS: dict[int, Kind] = {
    16: b"t".__eq__, 20: int, 21: int, 23: int, 26: int, 700: float, 701: float
}  # fmt: skip
Place = tuple[Any, ...]


class Reader:
    """Statements prepared once each. Belongs to one thread."""

    def __init__(self, address: bytes) -> None:
        """Raises psycopg.OperationalError."""
        # Libpq's own call would keep all threads waiting for a server that does not answer.
        self._connection = connect(address.decode(), autocommit=True)
        self._process = os.getpid()
        self._server = self._connection.pgconn
        self._names: dict[str, bytes] = {}
        self._kinds: dict[str, list[Kind]] = {}
        self._numbers = count()

    @property
    def is_dead(self) -> bool:
        return self._server.status != ConnStatus.OK

    def rows(self, statement: str, values: Sequence[bytes]) -> list[tuple[Any, ...]]:
        """Raises psycopg.Error, with what the server said."""
        found = self._answer(statement, values)
        if found.status != ExecStatus.TUPLES_OK and found.error_field(SQLSTATE) in PLANNED_ANEW:
            del self._names[statement]
            self._kinds.pop(statement, None)
            found = self._answer(statement, values)
        if found.status != ExecStatus.TUPLES_OK:
            raise error_from_result(found)
        kinds = self._kinds.get(statement)
        if kinds is None:
            kinds = self._kinds[statement] = [
                KINDS.get(found.ftype(column), bytes.decode) for column in range(found.nfields)
            ]
        value, columns = found.get_value, list(enumerate(kinds))
        return [
            tuple([None if (got := value(row, column)) is None else kind(got) for column, kind in columns])
            for row in range(found.ntuples)
        ]

    def _answer(self, statement: str, values: Sequence[bytes]) -> PGresult:
        name = self._names.get(statement)
        if name is None:
            name = b"shopreco_%d" % next(self._numbers)
            prepared = self._server.prepare(name, _numbered(statement))
            if prepared.status != ExecStatus.COMMAND_OK:
                raise error_from_result(prepared)
            self._names[statement] = name
        return self._server.exec_prepared(name, values)

    def close(self) -> None:
        self._connection.close()

    def __del__(self) -> None:
        # With its thread. After a fork it is the parent's, which goes on using it.
        if getattr(self, "_process", None) == os.getpid():
            self.close()


_local = threading.local()


def rows_of(
    database: BaseDatabaseWrapper, statement: str, values: Sequence[bytes], *, writes: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a statement with "%s" for the values, on this thread's own connection.

    A connection that was lost is made again, once: reading twice does no harm. What writes is a transaction
    of its own; whether it was committed is not known when the connection is lost. Raises Django's errors.
    """
    with database.wrap_database_errors:
        reader = _reader_of(database, writes=writes)
        try:
            return reader.rows(statement, values)
        except Error as error:
            if not reader.is_dead:
                raise
            forget()
            if writes:
                # Libpq itself does not say what kind of error it is.
                raise OperationalError(str(error)) from error
            return _reader_of(database, writes=False).rows(statement, values)


def forget() -> None:
    """Close this thread's connections, if it has any."""
    readers: dict[bool, Reader] = getattr(_local, "readers", {})
    while readers:
        readers.popitem()[1].close()


def _reader_of(database: BaseDatabaseWrapper, *, writes: bool) -> Reader:
    known = database.settings_dict
    place: Place = (os.getpid(), known["HOST"], known["PORT"], known["NAME"])
    if getattr(_local, "place", None) != place:
        # After a fork they are the parent's, which must not be told that they end.
        if hasattr(_local, "place") and _local.place[0] == os.getpid():
            forget()
        _local.readers, _local.place = {}, place
    readers: dict[bool, Reader] = _local.readers
    if writes not in readers:
        readers[writes] = Reader(_address_of(database, writes=writes))
    return readers[writes]


def _address_of(database: BaseDatabaseWrapper, *, writes: bool) -> bytes:
    parameters = database.get_connection_params()
    for name in NOT_LIBPQS:
        parameters.pop(name, None)
    if not writes:
        told = str(parameters.get("options", ""))
        parameters["options"] = f"{told} -c default_transaction_read_only=on".strip()
    return conninfo.make_conninfo(**parameters).encode()


@lru_cache(maxsize=256)
def _numbered(statement: str) -> bytes:
    """The statement with PostgreSQL's own marks: $1, $2 ..."""
    first, *others = statement.split("%s")
    marked = "".join(f"${number}{part}" for number, part in enumerate(others, 1))
    return (first + marked).replace("%%", "%").encode()
