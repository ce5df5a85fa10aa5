"""Run as a program of its own on a fresh database: what the shop answers while its database will not. JSON.

Everything that goes wrong is the database's own doing: locks, time-outs, read-only, full, connections cut.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, close_old_connections, connection  # noqa: E402
from django.test import Client  # noqa: E402

from catalog import quick  # noqa: E402
from catalog.models import Product  # noqa: E402
from feedback.models import Event, Rating, RatingChange, Shopper  # noqa: E402
from shopreco.databases import wait_as_web  # noqa: E402
from shopreco.models import ApiKey  # noqa: E402

API = "/api/v1"
IS_POSTGRESQL = connection.vendor == "postgresql"


def new_browser() -> Client:
    return Client(raise_request_exception=False, headers={"host": "localhost"})


visitor = new_browser()


def said(answer: Any) -> dict[str, Any]:
    return {
        "status": answer.status_code, "after": answer.get("Retry-After"), "type": answer["Content-Type"],
        "seconds": round(answer.seconds, 1),
    }  # fmt: skip


def timed(ask: Callable[[], Any]) -> dict[str, Any]:
    started = time.monotonic()
    answer = ask()
    answer.seconds = time.monotonic() - started
    # As after every request; the test client leaves it out.
    close_old_connections()
    return said(answer)


def put(value: int, shopper: str = "ann", **headers: str) -> dict[str, Any]:
    url = f"{API}/shoppers/{shopper}/ratings/lamp"
    return timed(lambda: visitor.put(url, {"value": value}, content_type="application/json", headers=headers))


def post() -> dict[str, Any]:
    rows = [{"shopper": f"new-{n}", "product": "lamp", "value": 5} for n in range(20)]
    return timed(lambda: visitor.post(f"{API}/ratings", rows, content_type="application/json"))


def form(browser: Client) -> dict[str, Any]:
    return timed(lambda: browser.post("/feedback/rate/", {"sku": "lamp", "value": "1"}))


def page(path: str) -> int:
    return int(visitor.get(path).status_code)


def stand() -> dict[str, Any]:
    """Everything that feedback writes: what must not change by halves."""
    lamp = Product.objects.get(sku="lamp")
    return {
        "shoppers": list(Shopper.objects.order_by("pk").values_list("external_id", "feedback_version")),
        "ratings": list(Rating.objects.order_by("pk").values_list("shopper__external_id", "value")),
        "events": list(Event.objects.order_by("pk").values_list("shopper__external_id", "kind")),
        "changes": RatingChange.objects.count(), "count": lamp.rating_count, "total": lamp.rating_total,
    }  # fmt: skip


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[list[Any]]:
    """[what, before, after] of each part that is not the same."""
    return [[what, before[what], after[what]] for what in before if before[what] != after[what]]


def visit() -> dict[str, Any]:
    """The page of a product that the visitor has not looked at lately, and what is noted of that."""
    before = stand()
    status, after = page("/products/lamp/"), stand()
    versions = [sum(version for _, version in found["shoppers"]) for found in (before, after)]
    return {
        "status": status,
        "noted": [len(after["events"]) - len(before["events"]), versions[1] - versions[0]],
        "else": [part for part in differences(before, after) if part[0] not in {"events", "shoppers"}],
    }


def scene(trouble: Any, key: dict[str, str]) -> dict[str, Any]:
    """What is answered while there is trouble, what it changed, and what is answered after it."""
    # A visit is noted once an hour, and may well be while ratings cannot. Here it is due in every scene, and
    # compared by itself: else the one at the turn of an hour would look like a rating written by halves.
    Event.objects.all().delete()
    with trouble():
        before = stand()
        during = {
            "put": put(2), "post": post(), "form": form(visitor), "express": put(1, **key),
            "put of a new shopper": put(2, "newcomer"), "form of a new visitor": form(new_browser()),
        }  # fmt: skip
        changed = differences(before, stand())
        served = {"list": page(f"{API}/shoppers/ann/recommendations"), "visit": visit()}
    return {
        "refused": during, "changed": changed, "served": served,
        "afterwards": put(4)["status"], "express afterwards": put(3, **key)["status"],
    }  # fmt: skip


@contextmanager
def from_elsewhere(*statements: str) -> Iterator[None]:
    """Another connection says these, and holds what it has got until the end."""
    if IS_POSTGRESQL:
        other = connection.copy()
        # Not of the pool, and not as patient as a web process.
        other.settings_dict = {**other.settings_dict, "OPTIONS": {}}
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            for statement in statements:
                cursor.execute(statement)
            yield
            cursor.execute("ROLLBACK")
        other.close()
        return
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None)) as other_file:
        other_file.execute("BEGIN IMMEDIATE")
        yield
        other_file.execute("ROLLBACK")


@contextmanager
def every_connection_begins_with(pragma: str) -> Iterator[None]:
    options = connection.settings_dict["OPTIONS"]
    before = options["init_command"]
    connection.close()
    options["init_command"] = f"{before} {pragma};"
    yield
    connection.close()
    options["init_command"] = before


@contextmanager
def said_to_the_database(before: str, after: str) -> Iterator[None]:
    for statement in before, after:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        if IS_POSTGRESQL and "DATABASE" in statement:
            # Whoever connects from now on is meant.
            wait_as_web()
            quick.forget()
        if statement is before:
            yield


def locked() -> Any:
    return from_elsewhere(
        "LOCK TABLE feedback_shopper IN SHARE MODE", "LOCK TABLE django_session IN SHARE MODE"
    )


def read_only() -> Any:
    if IS_POSTGRESQL:
        turn = "ALTER DATABASE shop SET default_transaction_read_only TO {}"
        return said_to_the_database(
            turn.format("on"), "SET transaction_read_only TO off; " + turn.format("off")
        )
    return every_connection_begins_with("PRAGMA query_only=ON")


@contextmanager
def full() -> Iterator[None]:
    """SQLite: not a page more. PostgreSQL: its own error, at the last thing that a rating writes."""
    if IS_POSTGRESQL:
        with at_the_log("RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full';"):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        limit = f"PRAGMA max_page_count={cursor.fetchone()[0]}"
    with every_connection_begins_with(limit), contextlib.suppress(OperationalError):
        # What is left free inside the pages is used up.
        shopper, lamp = Shopper.objects.get(external_id="ann"), Product.objects.get(sku="lamp")
        while True:
            RatingChange.objects.create(shopper=shopper, product=lamp, value=1)
    with every_connection_begins_with(limit):
        yield


def slow() -> Any:
    return at_the_log("PERFORM pg_sleep(20); RETURN NEW;")


@contextmanager
def at_the_log(body: str) -> Iterator[None]:
    """Whenever a change is logged, in the tables of ratings and of sessions alike."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        cursor.execute(
            "CREATE TRIGGER bad BEFORE INSERT ON feedback_ratingchange FOR EACH ROW EXECUTE FUNCTION bad()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION bad() CASCADE")


def cut(key: dict[str, str]) -> dict[str, Any]:
    """The server ends all connections; the pool gets over it with one failed request."""
    pool = connection.pool  # type: ignore[attr-defined]
    pool.resize(4, 8)
    pool.wait(timeout=20)
    connection.close()
    with from_elsewhere(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ):
        time.sleep(0.5)
    came = [put(3)["status"] for _ in range(6)]
    pool.resize(1, 8)
    # The express lane's own connection was cut, too.
    return {"came": came, "express": [put(value, **key)["status"] for value in (2, 1)]}


def limits() -> dict[str, Any]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with connection.cursor() as cursor:
        found = {}
        for name in names:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    return found


def main() -> None:
    logging.disable(logging.CRITICAL)
    told: dict[str, Any] = {}
    call_command("migrate", verbosity=0)
    if IS_POSTGRESQL:
        told["limits of a command"] = limits()
    wait_as_web()
    if IS_POSTGRESQL:
        told["limits of a web process"] = limits()
    Product.objects.create(sku="lamp", title="Lamp", price=10, stock=9)
    Product.objects.create(sku="vase", title="Vase", price=10, stock=9)
    told["before"] = [put(5)["status"], form(visitor)["status"], page("/products/lamp/")]
    key = {"X-API-Key": ApiKey.issue("program")[1]}
    told |= {"locked": scene(locked, key), "read_only": scene(read_only, key), "full": scene(full, key)}
    if IS_POSTGRESQL:
        told |= {"slow": scene(slow, key), "cut": cut(key)}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
