"""The shop's version on PostgreSQL: moved on at the commit, in order, without deadlocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.shop import manage
from tests.flows.postgres import running_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
PRODUCT = """INSERT INTO catalog_product (sku, title, slug, description, brand, price, stock, attributes,
    image, is_active, created_at, rating_count, rating_total)
    VALUES (%s, 'Pot', 'pot', '', '', 5, 3, '{}', '', true, now(), 0, 0) RETURNING id"""


@pytest.fixture(scope="module")
def address(bin_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_postgres(bin_dir) as url:
        manage(tmp_path_factory.mktemp("shop"), "migrate", "-v0", DATABASE_URL=url)
        yield url.replace("postgres://", "postgresql://")


@pytest.fixture
def one(address: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(address) as connection:
        yield connection


@pytest.fixture
def other(address: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(address) as connection:
        yield connection


def version(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT version FROM catalog_shopstate WHERE id = 1").fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def products(connection: psycopg.Connection, *skus: str) -> list[int]:
    ids = []
    for sku in skus:
        row = connection.execute(PRODUCT, [sku]).fetchone()
        assert row is not None
        ids.append(int(row[0]))
    connection.commit()
    return ids


def dearer(connection: psycopg.Connection, pk: int) -> None:
    connection.execute("UPDATE catalog_product SET price = price + 1 WHERE id = %s", [pk])


def changed_since(connection: psycopg.Connection, known: int) -> set[int]:
    rows = connection.execute("SELECT product_id FROM catalog_productchange WHERE version > %s", [known])
    found = {row[0] for row in rows.fetchall()}
    connection.commit()
    return found


def test_a_transaction_moves_it_on_once_and_only_when_it_commits(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    pot, pan = products(one, "ONE-1", "ONE-2")
    known = version(other)
    for pk in (pot, pan, pot):
        dearer(one, pk)
    assert version(other) == known
    one.commit()
    assert version(other) == known + 1
    assert changed_since(other, known) == {pot, pan}
    dearer(one, pot)
    one.rollback()
    assert version(other) == known + 1


def test_two_that_change_the_same_products_crosswise_with_others_in_between_get_through(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    """Each changes a product of its own first; were the version locked then, the rest would deadlock."""
    first, second, common = products(one, "TWO-1", "TWO-2", "TWO-3")
    known = version(one)
    dearer(one, first)
    dearer(other, second)
    dearer(one, common)

    def change_it_too() -> None:
        dearer(other, common)
        other.commit()

    waiting = threading.Thread(target=change_it_too)
    waiting.start()
    one.commit()
    waiting.join(20)
    assert not waiting.is_alive()
    assert version(one) == known + 2
    assert changed_since(one, known) == {first, second, common}


def test_whoever_sees_a_version_sees_all_that_belongs_to_it_and_before(address: str) -> None:
    """Readers ask for what is after the version they know: no change may appear under an earlier one."""
    with psycopg.connect(address) as setting_up:
        ids = products(setting_up, *(f"MANY-{n}" for n in range(8)))
    errors: list[BaseException] = []
    done = threading.Event()

    def write(pk: int) -> None:
        with psycopg.connect(address) as connection:
            for _ in range(40):
                dearer(connection, pk)
                connection.commit()

    def follow() -> None:
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                known, prices = 0, dict[int, int]()
                while True:
                    is_last = done.is_set()
                    now = version(connection)
                    for pk in changed_since(connection, known):
                        row = connection.execute(
                            "SELECT price FROM catalog_product WHERE id = %s", [pk]
                        ).fetchone()
                        prices[pk] = int(row[0]) if row else 0
                    known = now
                    if is_last:
                        break
            assert {pk: prices[pk] for pk in ids} == dict.fromkeys(ids, 45)
        except BaseException as error:
            errors.append(error)

    reader = threading.Thread(target=follow)
    writers = [threading.Thread(target=write, args=(pk,)) for pk in ids]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join(60)
    assert not errors, errors
    assert not reader.is_alive()


def test_truncating_the_catalogue_changes_all_of_it(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    products(one, "GONE-1")
    known = version(other)
    one.execute("TRUNCATE catalog_product CASCADE")
    one.commit()
    assert version(other) > known
    assert 0 in changed_since(other, known)


def test_migrating_again_leaves_it_alone(address: str, one: psycopg.Connection, tmp_path: Path) -> None:
    known = version(one)
    manage(tmp_path, "migrate", "-v0", DATABASE_URL=address.replace("postgresql://", "postgres://"))
    assert version(one) == known
