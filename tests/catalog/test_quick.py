"""The statements of a list: the same rows by whichever way they are asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from catalog import quick
from catalog.quick import rows_of
from tests.factories import make_product

pytestmark = pytest.mark.django_db
STATEMENT = "SELECT sku, stock FROM catalog_product WHERE stock >= %s ORDER BY id"


@pytest.mark.parametrize("prepared", [True, False])
def test_rows_come_as_the_database_has_them_again_and_again(settings: Any, prepared: bool) -> None:
    settings.SHOPRECO_PREPARED_STATEMENTS = prepared
    make_product(sku="A", stock=1)
    make_product(sku="B", stock=7)
    for _ in range(7):
        assert [tuple(row) for row in rows_of(STATEMENT, [1])] == [("A", 1), ("B", 7)]
        assert [tuple(row) for row in rows_of(STATEMENT, [5])] == [("B", 7)]
        assert rows_of(STATEMENT, [99]) == []


def test_whoever_counts_queries_sees_it() -> None:
    with CaptureQueriesContext(connection) as queries:
        rows_of(STATEMENT, [1])
    assert len(queries) == 1


def test_what_the_database_refuses_is_djangos_error() -> None:
    with pytest.raises(DatabaseError):
        rows_of("SELECT nothing FROM nowhere WHERE 1 = %s", [1])


def test_every_thread_has_the_connection_that_django_has_for_it() -> None:
    def own() -> tuple[bool, int]:
        found = {id(quick.database()) for _ in range(3)}
        return found == {id(connections[DEFAULT_DB_ALIAS])}, found.pop()

    is_djangos, here = own()
    with ThreadPoolExecutor(1) as pool:
        is_djangos_there, there = pool.submit(own).result()
    assert is_djangos
    assert is_djangos_there
    assert here != there


def test_what_was_forgotten_is_looked_up_anew() -> None:
    before = quick.database()
    try:
        connections[DEFAULT_DB_ALIAS] = another = before.copy()
        assert quick.database() is before
        quick.forget()
        assert quick.database() is another
    finally:
        connections[DEFAULT_DB_ALIAS] = before
        quick.forget()
