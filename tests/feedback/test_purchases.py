"""What was ordered becomes purchase events, also when the process dies between the two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.test import Client

from catalog.models import Order
from catalog.orders import anonymise
from catalog.signals import order_noted, order_placed
from feedback import erasing, purchases
from feedback.models import Event, OrderToRecord, Shopper
from feedback.receivers import record_purchases
from feedback.tasks import catch_up
from shopreco.celery import app
from tests.catalog.test_checkout import fill, order
from tests.factories import make_product
from tests.visits import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
LATER = purchases.LEFT_BEHIND_AFTER + timedelta(seconds=1)


@pytest.fixture
def killed_after_commit() -> Iterator[None]:
    """The process dies after the order's commit: nobody hears of the order."""
    order_placed.disconnect(dispatch_uid="record_purchases")
    yield
    order_placed.connect(record_purchases, dispatch_uid="record_purchases")


@pytest.fixture(params=["visitor", "account"])
def buyer(request: pytest.FixtureRequest, client: Client) -> Client:
    if request.param == "account":
        sign_in(client)
    return client


def buy(client: Client) -> Order:
    make_product("Lamp", sku="lamp", stock=9)
    make_product("Vase", sku="vase", stock=9)
    fill(client, lamp=2, vase=1)
    assert order(client).status_code == 302
    return Order.objects.get()


def bought() -> set[tuple[Any, ...]]:
    rows = Event.objects.filter(kind=Event.Kind.PURCHASE)
    return set(rows.values_list("shopper", "product__sku", "quantity", "order_ref", "occurred_at"))


def all_of_it(placed: Order) -> set[tuple[Any, ...]]:
    shopper = Shopper.objects.get().pk
    return {
        (shopper, sku, count, placed.number, placed.placed_at) for sku, count in (("lamp", 2), ("vase", 1))
    }


def test_an_order_is_recorded_at_once_and_its_note_struck_off(buyer: Client) -> None:
    placed = buy(buyer)
    assert bought() == all_of_it(placed)
    assert not OrderToRecord.objects.exists()


def test_what_a_killed_process_left_behind_is_recorded_by_the_beat(
    buyer: Client, killed_after_commit: None
) -> None:
    placed = buy(buyer)
    assert bought() == set()
    assert purchases.record_left_behind(now=placed.placed_at) == 0, "its own process may be at it still"
    assert purchases.record_left_behind(now=placed.placed_at + LATER) == 2
    assert bought() == all_of_it(placed)
    assert purchases.record_left_behind(now=placed.placed_at + LATER) == 0


def test_the_beat_has_it_done(buyer: Client, killed_after_commit: None) -> None:
    placed = buy(buyer)
    Order.objects.update(placed_at=placed.placed_at - LATER)
    names = [each["task"] for each in app.conf.beat_schedule.values()]
    assert catch_up.name in names
    app.tasks[catch_up.name]()
    assert len(bought()) == 2


def test_killed_between_the_events_and_the_note_neither_is_there_and_nothing_is_twice(
    buyer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(OrderToRecord, "delete", killed)
        placed = buy(buyer)
    assert bought() == set() and OrderToRecord.objects.count() == 1
    for _ in range(2):
        purchases.record_left_behind(now=placed.placed_at + LATER)
    assert bought() == all_of_it(placed)


def test_an_order_that_was_not_placed_is_not_noted(client: Client) -> None:
    make_product("Lamp", sku="lamp", stock=9)
    fill(client, lamp=1)
    order(client, seen_total="0.01")
    assert not Order.objects.exists() and not OrderToRecord.objects.exists()


def test_a_note_that_fails_does_not_cost_the_order(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("no ink")

    order_noted.connect(broken)
    try:
        placed = buy(client)
    finally:
        order_noted.disconnect(broken)
    assert f"order {placed.number} could not be noted" in caplog.text


def test_who_signs_in_in_between_takes_the_note_along(client: Client, killed_after_commit: None) -> None:
    placed = buy(client)
    ann = get_user_model().objects.create_user("ann", password="pass-word-123")
    client.force_login(ann)
    purchases.record_left_behind(now=placed.placed_at + LATER)
    assert {row[0] for row in bought()} == {Shopper.objects.get(account=ann).pk}


def test_who_is_forgotten_in_between_stays_forgotten(client: Client, killed_after_commit: None) -> None:
    placed = buy(client)
    erasing.forget(Shopper.objects.all(), now=placed.placed_at)
    anonymise(Order.objects.all(), now=placed.placed_at)
    assert purchases.record_left_behind(now=placed.placed_at + LATER) == 0
    assert not Event.objects.exists() and not Shopper.objects.exists()
