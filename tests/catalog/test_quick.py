"""The statements of a list: the same rows by whichever way they are asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

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
