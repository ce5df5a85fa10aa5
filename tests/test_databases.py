"""shopreco.databases: what means "not now", and what is a mistake of our own."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection
from django.db.utils import InternalError, ProgrammingError
from django.test import Client

from shopreco.databases import drop_dead_connections, has_waited, is_not_now, wait_as_web
from tests.api import ROOT, problem_of
from tests.pages import text_of

SQLITE_ERRORS = {"disk I/O error": 10, "database is locked": 5, "database or disk is full": 13, "readonly": 8}


class ServerError(Exception):
    """What a driver raises."""

    def __init__(self, **facts: object) -> None:
        super().__init__("told by the server")
        vars(self).update(facts)


def caused(error: DatabaseError, **facts: object) -> DatabaseError:
    error.__cause__ = ServerError(**facts)
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError(), True),
        (InterfaceError(), True),
        (caused(OperationalError(), sqlstate="57014"), True),  # cancelled by a time-out
        (caused(OperationalError(), sqlstate="55P03"), True),  # lock not available
        (caused(OperationalError(), sqlstate="53100"), True),  # disk full
        (caused(InternalError(), sqlstate="25006"), True),  # read-only
        (caused(InternalError(), sqlstate="25P03"), True),  # idle in transaction
        (caused(InternalError(), sqlstate="25P02"), False),  # a transaction that had failed before
        (IntegrityError(), False),
        (ProgrammingError(), False),
        (ValueError(), False),
        (ConnectionError(), False),
    ],
)
def test_what_passes_by_itself_is_told_from_mistakes(error: Exception, expected: bool) -> None:
    assert is_not_now(error) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"sqlstate": "57014"}, True),
        ({"sqlstate": "55P03"}, True),
        ({"sqlite_errorcode": 5}, True),
        ({"sqlite_errorcode": 13}, False),
        ({"sqlstate": "57P01"}, False),
        ({}, False),
    ],
)
def test_what_has_waited_in_vain_is_told_from_what_failed_at_once(
    facts: dict[str, object], expected: bool
) -> None:
    assert has_waited(caused(OperationalError(), **facts)) is expected


@pytest.mark.parametrize("code", SQLITE_ERRORS.values(), ids=SQLITE_ERRORS)
def test_sqlites_own_troubles_pass(code: int) -> None:
    assert is_not_now(caused(OperationalError(), sqlite_errorcode=code))


@pytest.mark.django_db
def test_a_statement_that_the_database_does_not_understand_is_our_mistake() -> None:
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere WHERE")
    assert not is_not_now(raised.value)


def test_a_database_without_a_pool_has_nothing_to_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopreco.databases.connection", object())
    drop_dead_connections(OperationalError())
    drop_dead_connections(ValueError())


@pytest.mark.parametrize(
    ("error", "checks"),
    [
        (OperationalError(), 1),
        (caused(OperationalError(), sqlstate="57P01"), 1),
        (caused(OperationalError(), sqlstate="57014"), 0),
        (ValueError(), 0),
    ],
)
def test_only_a_lost_connection_has_the_pool_looked_through(
    monkeypatch: pytest.MonkeyPatch, error: Exception, checks: int
) -> None:
    class Pool:
        checked = 0

        def check(self) -> None:
            self.checked += 1

    class Connection:
        pool = Pool()

    monkeypatch.setattr("shopreco.databases.connection", Connection())
    drop_dead_connections(error)
    assert Connection.pool.checked == checks


class Connections:
    """As Django's, with one database of the engine given and none connected to."""

    def __init__(self, engine: str, **options: object) -> None:
        self.settings: dict[str, Any] = {"default": {"ENGINE": f"django.db.backends.{engine}"}}
        if options:
            self.settings["default"]["OPTIONS"] = options

    def all(self, *, initialized_only: bool) -> list[Any]:
        return []

    @property
    def options(self) -> dict[str, Any]:
        found: dict[str, Any] = self.settings["default"].get("OPTIONS", {})
        return found


@pytest.fixture
def limits(settings: Any) -> None:
    settings.SHOPRECO_DB_TIMEOUTS = {"statement_timeout": 1.5, "lock_timeout": 0.25}


def test_a_web_process_tells_postgresql_how_long_it_waits_and_keeps_what_was_set(
    limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Connections("postgresql", options="-c search_path=shop")
    monkeypatch.setattr("shopreco.databases.connections", made)
    wait_as_web()
    assert made.options["options"] == "-c search_path=shop -c statement_timeout=1500 -c lock_timeout=250"


def test_with_sqlite_a_writer_waits_for_another_as_long(
    limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Connections("sqlite3", timeout=20)
    monkeypatch.setattr("shopreco.databases.connections", made)
    wait_as_web()
    assert made.options == {"timeout": 0.25}


def test_other_databases_are_left_alone(limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Connections("mysql")
    monkeypatch.setattr("shopreco.databases.connections", made)
    wait_as_web()
    assert not made.options


@pytest.mark.parametrize(("error", "status"), [(OperationalError("secret"), 503), (KeyError("secret"), 500)])
@pytest.mark.django_db
def test_what_fails_outside_the_apis_own_views_is_a_problem_document_there(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    client.raise_request_exception = False
    answer = client.get(f"{ROOT}/trending")
    assert "secret" not in problem_of(answer, status)["detail"]
    assert answer.get("Retry-After") == ("5" if status == 503 else None)
    assert client.get("/products/").status_code == status


@pytest.mark.django_db
def test_a_page_that_cannot_be_made_now_says_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("host=secret-host does not answer")

    monkeypatch.setattr("catalog.views.browse", away)
    client.raise_request_exception = False
    answer = client.get("/products/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The shop needs a moment" in text_of(answer) and b"secret" not in answer.content
    assert answer.content.count(b"<h1") == 1
