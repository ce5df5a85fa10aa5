"""The reading connection on a real PostgreSQL: what it brings, and what it gets over."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from environs import Env

from catalog import reader
from tests.flows.postgres import pg_ctl, running_postgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url(bin_dir: Path) -> Iterator[str]:
    with running_postgres(bin_dir) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE thing (id bigint, name text, is_old boolean, price float8)")
            connection.execute("INSERT INTO thing VALUES (1, 'Ä b', true, 2.5), (2, NULL, false, NULL)")
        yield address


@pytest.fixture
def database(url: str) -> Iterator[BaseDatabaseWrapper]:
    known: dict[str, Any] = {
        "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {}, "TIME_ZONE": None, "TEST": {}, "USER": "", "PASSWORD": "", "HOST": "", "PORT": "",
    }  # fmt: skip
    os.environ["READER_URL"] = url
    known |= Env().dj_db_url("READER_URL")
    known["OPTIONS"] = {"connect_timeout": 3, "pool": {"max_size": 2}, "options": "-c statement_timeout=200"}
    yield load_backend("django.db.backends.postgresql").DatabaseWrapper(known, "default")
    reader.forget()
    del os.environ["READER_URL"]


def ask(database: BaseDatabaseWrapper, statement: str, *values: bytes) -> list[tuple[Any, ...]]:
    return reader.rows_of(database, statement, values)


def test_numbers_truth_text_and_nothing_come_as_what_they_are(database: BaseDatabaseWrapper) -> None:
    everything = "SELECT id, name, is_old, price FROM thing WHERE id >= %s ORDER BY id"
    assert ask(database, everything, b"1") == [(1, "Ä b", True, 2.5), (2, None, False, None)]
    assert ask(database, everything, b"2") == [(2, None, False, None)]
    assert ask(database, everything, b"3") == []
    assert ask(database, "SELECT count(*) FROM thing WHERE name LIKE '%%b'") == [(1,)]


def test_a_value_is_never_a_part_of_the_statement(database: BaseDatabaseWrapper) -> None:
    found = ask(database, "SELECT count(*) FROM thing WHERE name = %s", b"x' OR 'a' = 'a")
    assert found == [(0,)]


def test_it_only_reads(database: BaseDatabaseWrapper, url: str) -> None:
    with pytest.raises(DatabaseError, match="read-only"):
        ask(database, "DELETE FROM thing RETURNING id")
    assert ask(database, "SELECT count(*) FROM thing") == [(2,)]


def test_another_one_writes_and_each_statement_is_committed(database: BaseDatabaseWrapper, url: str) -> None:
    added = "INSERT INTO thing (id, name) VALUES (%s, %s) RETURNING id"
    assert reader.rows_of(database, added, [b"3", b"new"], writes=True) == [(3,)]
    with psycopg.connect(url, autocommit=True) as other:
        assert other.execute("DELETE FROM thing WHERE id = 3 RETURNING name").fetchall() == [("new",)]
    pids = [
        reader.rows_of(database, "SELECT pg_backend_pid()", [], writes=writes)
        for writes in (True, False, True)
    ]
    assert pids[0] == pids[2] != pids[1]


def test_what_only_the_commit_finds_out_is_an_error_too(database: BaseDatabaseWrapper, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE TABLE of (id bigint PRIMARY KEY)")
        other.execute("CREATE TABLE part (whole bigint REFERENCES of DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(IntegrityError, match="not present"):
            reader.rows_of(database, "INSERT INTO part VALUES (%s) RETURNING whole", [b"7"], writes=True)
        assert other.execute("SELECT count(*) FROM part").fetchall() == [(0,)]


def test_what_writes_is_not_said_twice_when_the_connection_is_lost(
    database: BaseDatabaseWrapper, url: str
) -> None:
    added = "INSERT INTO thing (id) VALUES (%s) RETURNING pg_backend_pid()"
    ((pid,),) = reader.rows_of(database, added, [b"9"], writes=True)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(OperationalError):
            reader.rows_of(database, added, [b"9"], writes=True)
        assert reader.rows_of(database, added, [b"9"], writes=True) != [(pid,)]
        assert other.execute("DELETE FROM thing WHERE id = 9 RETURNING id").fetchall() == [(9,), (9,)]


def test_what_is_wrong_is_djangos_error_and_the_next_statement_is_answered(
    database: BaseDatabaseWrapper,
) -> None:
    with pytest.raises(DatabaseError, match="nowhere"):
        ask(database, "SELECT * FROM nowhere")
    with pytest.raises(DataError):
        ask(database, "SELECT name FROM thing WHERE id = %s", b"many")
    with pytest.raises(OperationalError, match="statement timeout"):
        ask(database, "SELECT pg_sleep(%s)", b"5")
    assert ask(database, "SELECT count(*) FROM thing") == [(2,)]


def test_a_table_of_another_shape_is_planned_anew(database: BaseDatabaseWrapper, url: str) -> None:
    whole = "SELECT * FROM growing"
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE TABLE growing AS SELECT 1 AS one")
        assert ask(database, whole) == [(1,)]
        other.execute("ALTER TABLE growing ADD COLUMN two text DEFAULT 'b'")
        assert ask(database, whole) == [(1, "b")]


def test_every_thread_has_a_connection_of_its_own(database: BaseDatabaseWrapper) -> None:
    pids: list[Any] = []

    def work() -> None:
        pids.append(ask(database, "SELECT pg_backend_pid()")[0][0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    work()
    work()
    assert pids[0] != pids[1] == pids[2]


def test_a_server_that_was_started_again_is_asked_again(
    database: BaseDatabaseWrapper, url: str, bin_dir: Path
) -> None:
    count = "SELECT count(*) FROM thing"
    assert ask(database, count) == [(2,)]
    pg_ctl(url, bin_dir, "-m", "fast", "restart")
    assert ask(database, count) == [(2,)]


def test_a_server_that_is_away_is_djangos_error_until_it_is_back(
    database: BaseDatabaseWrapper, url: str, bin_dir: Path
) -> None:
    count = "SELECT count(*) FROM thing"
    pg_ctl(url, bin_dir, "-m", "fast", "stop")
    for _ in range(2):
        with pytest.raises(OperationalError):
            ask(database, count)
    pg_ctl(url, bin_dir, "start")
    assert ask(database, count) == [(2,)]


def test_a_server_that_does_not_answer_keeps_only_its_own_thread_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"host=127.0.0.1 port={silent.getsockname()[1]} user=shop dbname=shop connect_timeout=2"

        def connect() -> None:
            with pytest.raises(psycopg.OperationalError):
                reader.Reader(address.encode())

        thread, turns = threading.Thread(target=connect), 0
        thread.start()
        while thread.is_alive():
            thread.join(timeout=0.01)
            turns += 1
    # One who holds the interpreter lets nobody have a turn.
    assert turns > 10
