"""However a `migrate` ends, the triggers and the search index are there again, and nobody disturbs one."""

from __future__ import annotations

import logging
import threading
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from catalog import migrating
from catalog.changes import watching
from catalog.changes.reading import stamp
from catalog.changes.watching import Watch
from catalog.models import Product
from catalog.search import index
from catalog.tasks import put_triggers_back
from shopreco.celery import app
from shopreco.models import ApiKey
from tests.factories import make_product

pytestmark = pytest.mark.django_db
LAST = "0004_shop_state"


class MigrationFailedError(Exception):
    """What the tests' migration raises."""


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A migration backwards raises; whether triggers and index were there at that moment."""
    seen: list[bool] = []

    def fail(*_: Any, **__: Any) -> None:
        seen.extend([watching.is_there(), index.is_there()])
        raise MigrationFailedError

    monkeypatch.setattr(MigrationExecutor, "unapply_migration", fail)
    return seen


def migrate_back() -> None:
    call_command("migrate", "catalog", "0003", verbosity=0)


def take_away() -> None:
    """As a `migrate` that is killed leaves it."""
    watching.remove()
    index.remove()


def is_seen(pot: Product, price: int) -> bool:
    before = stamp()
    Product.objects.filter(pk=pot.pk).update(price=price)
    return stamp() != before


def test_a_migration_that_raises_leaves_triggers_and_index(failing: list[bool]) -> None:
    pot = make_product("A pot of gold")
    before = stamp()
    with pytest.raises(MigrationFailedError):
        migrate_back()
    assert failing == [False, False], "the migration had its tables to itself"
    assert stamp() != before, "what happened meanwhile is read anew"
    assert is_seen(pot, 7) and watching.is_there()
    assert index.is_there() and index.vocabulary("gold") == [("gold", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_breaks_off_after_rebuilding_a_table_leaves_triggers_and_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pot = make_product("A pot of gold")
    operations = [
        migrations.AlterField("product", "stock", models.BigIntegerField(default=3)),
        migrations.RunSQL("SELECT no_such_column FROM catalog_product"),
    ]
    monkeypatch.setattr(import_module(f"catalog.migrations.{LAST}").Migration, "operations", operations)
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("catalog", LAST)
    try:
        with pytest.raises(DatabaseError, match="no_such_column"):
            call_command("migrate", verbosity=0)
    finally:
        recorder.record_applied("catalog", LAST)
    assert watching.is_there() and is_seen(pot, 7)
    assert index.is_there() and index.vocabulary("gold") == [("gold", 1)]


def test_what_cannot_be_put_back_is_logged_and_hides_nothing(
    failing: list[bool], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_: Any) -> bool:
        raise DatabaseError("no room")

    monkeypatch.setattr(watching, "make_sure", refuse)
    with caplog.at_level(logging.ERROR), pytest.raises(MigrationFailedError):
        migrate_back()
    assert "catalog.changes.watching could not be put back" in caplog.text and "no room" in caplog.text
    assert index.is_there(), "the other one is"


def test_what_a_killed_migrate_took_away_is_put_back_by_the_beat(caplog: pytest.LogCaptureFixture) -> None:
    pot = make_product("A pot of gold")
    take_away()
    assert not is_seen(pot, 5)
    before = stamp()
    assert put_triggers_back.name in {each["task"] for each in app.conf.beat_schedule.values()}
    put_triggers_back()
    assert stamp() != before, "what happened meanwhile is read anew"
    assert is_seen(pot, 7) and index.vocabulary("gold") == [("gold", 1)]
    assert "was a migrate killed?" in caplog.text


def test_a_migrate_that_runs_is_not_disturbed() -> None:
    with migrating.alone(using="default", wait=True) as is_alone:
        assert is_alone
        take_away()
        put_triggers_back()
        assert not watching.is_there() and not index.is_there()
    put_triggers_back()
    assert watching.is_there() and index.is_there()


def test_migrate_says_that_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def look(*_: Any, **__: Any) -> None:
        with migrating.alone(using="default", wait=False) as is_alone:
            seen.append(is_alone)
        raise MigrationFailedError

    monkeypatch.setattr(MigrationExecutor, "unapply_migration", look)
    with pytest.raises(MigrationFailedError):
        migrate_back()
    with migrating.alone(using="default", wait=False) as is_alone:
        assert (seen, is_alone) == ([False], True)


def test_a_second_migrate_waits_for_the_first(caplog: pytest.LogCaptureFixture) -> None:
    order: list[str] = []

    def second() -> None:
        with migrating.alone(using="default", wait=True):
            order.append("second")

    other = threading.Thread(target=second)
    with migrating.alone(using="default", wait=True):
        other.start()
        other.join(0.3)
        order.append("first")
    other.join(30)
    assert order == ["first", "second"]
    assert "waiting" in caplog.text


def test_what_is_there_is_left_to_its_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of before and after an upgrade would else make their own triggers in turn."""
    before = stamp()
    monkeypatch.setattr(watching, "WATCHED", watching.WATCHED[:-1])
    put_triggers_back()
    assert stamp() == before
    assert watching.make_sure(), "they are of another version"


def test_with_everything_there_a_round_is_two_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        put_triggers_back()


def test_triggers_know_the_columns_there_are_when_the_next_ones_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On SQLite one that names a column of a migration to come would fail every write to its table."""
    to_come = Watch("shopreco_apikey", columns=("digest", "to_come"), flags=("years > 3",))
    others = [each for each in watching.WATCHED if each.table != to_come.table]
    monkeypatch.setattr(watching, "WATCHED", [*others, to_come])
    watching.remove()
    assert watching.make_sure() and not watching.make_sure()
    ApiKey.issue("shop")
    before = stamp()
    ApiKey.objects.update(name="another")
    assert stamp() == before
    ApiKey.objects.update(digest="another")
    assert stamp() != before
