"""The first feedback of somebody new that the database refuses: they are not made either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from catalog.models import Order
from feedback.identity import SESSION_KEY
from feedback.models import Event, OrderToRecord, Rating, RatingChange, Shopper
from tests.catalog.test_checkout import fill, order
from tests.factories import NOW, make_product, make_shopper
from tests.visits import visit_as

pytestmark = pytest.mark.django_db
Act = Callable[[Client], Any]
BAD_ON_POSTGRESQL = """CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"""


def rate(client: Client) -> Any:
    return client.post("/feedback/rate/", {"sku": "lamp", "value": "4"})


def dismiss(client: Client) -> Any:
    return client.post("/feedback/dismiss/", {"sku": "lamp"})


def wish(client: Client) -> Any:
    return client.post("/feedback/wish/", {"sku": "lamp"})


def say_no(client: Client) -> Any:
    return client.post("/accounts/data/personalisation/", {"personalised": "off"})


def put(client: Client) -> Any:
    url = "/api/v1/shoppers/newcomer/ratings/lamp"
    return client.put(url, {"value": 4}, content_type="application/json")


def post(client: Client) -> Any:
    rows = [{"shopper": f"new-{n}", "product": "lamp", "value": 4} for n in range(3)]
    return client.post("/api/v1/ratings", rows, content_type="application/json")


BY_PAGE = [
    pytest.param(rate, "INSERT ON feedback_ratingchange", id="rating"),
    pytest.param(dismiss, "INSERT ON feedback_event", id="not interested"),
    pytest.param(wish, "INSERT ON feedback_event", id="wish"),
    pytest.param(say_no, "UPDATE ON feedback_shopper", id="no consent"),
]
BY_API = [
    pytest.param(put, "INSERT ON feedback_ratingchange", id="put"),
    pytest.param(post, "INSERT ON feedback_ratingchange", id="post"),
]


@contextmanager
def refused(what: str) -> Iterator[None]:
    """The database itself does not do this."""
    is_postgresql = connection.vendor == "postgresql"
    if is_postgresql:
        does = "FOR EACH ROW EXECUTE FUNCTION bad()"
    else:
        does = "BEGIN SELECT RAISE(ABORT, 'No space left on device'); END"
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute(BAD_ON_POSTGRESQL)
        cursor.execute(f"CREATE TRIGGER bad BEFORE {what} {does}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION bad() CASCADE" if is_postgresql else "DROP TRIGGER bad")


@pytest.fixture
def browser() -> Client:
    make_product("Lamp", sku="lamp", stock=9, price=10)
    return Client(raise_request_exception=False)


def nothing_is_written() -> bool:
    return not any(model.objects.exists() for model in (Shopper, Rating, RatingChange, Event, OrderToRecord))


@pytest.mark.parametrize(("act", "what"), BY_PAGE + BY_API)
def test_nobody_is_made_for_feedback_that_is_refused(browser: Client, act: Act, what: str) -> None:
    with refused(what):
        assert act(browser).status_code >= 500
    assert nothing_is_written()
    assert SESSION_KEY not in browser.session


@pytest.mark.parametrize(("act", "what"), BY_PAGE)
def test_tried_again_it_makes_one_shopper_whom_the_session_knows(
    browser: Client, act: Act, what: str
) -> None:
    with refused(what):
        act(browser)
        act(browser)
    assert act(browser).status_code == 302
    assert browser.session[SESSION_KEY] == Shopper.objects.get().pk


@pytest.mark.parametrize(("act", "what"), BY_PAGE)
def test_an_account_without_a_shopper_is_given_none_either(browser: Client, act: Act, what: str) -> None:
    browser.force_login(get_user_model().objects.create_user("anna"))
    with refused(what):
        assert act(browser).status_code >= 500
    assert nothing_is_written()
    assert act(browser).status_code == 302
    assert Shopper.objects.get().account is not None


# Somebody's consent is one statement without a transaction of its own: refused, it ends the test's.
@pytest.mark.parametrize(("act", "what"), BY_PAGE[:-1])
def test_a_known_visitor_stays_who_they_are(browser: Client, act: Act, what: str) -> None:
    known = make_shopper()
    visit_as(browser, known)
    with refused(what):
        assert act(browser).status_code >= 500
    assert list(Shopper.objects.values_list("pk", "feedback_version", "consent")) == [(known.pk, 0, True)]
    assert browser.session[SESSION_KEY] == known.pk


def test_what_goes_into_the_basket_is_kept_without_a_shopper_that_is_not_there(browser: Client) -> None:
    with refused("INSERT ON feedback_event"):
        fill(browser, lamp=1)
    assert "Lamp" in browser.get("/basket/").content.decode()
    # The number may be the next visitor's: whose history that is must not be seen here.
    assert nothing_is_written() and SESSION_KEY not in browser.session


def test_an_order_that_cannot_be_noted_is_placed_without_a_shopper_that_is_not_there(browser: Client) -> None:
    with refused("INSERT ON feedback_event"):
        fill(browser, lamp=1)
    with refused("INSERT ON feedback_ordertorecord"):
        assert order(browser).status_code == 302
    assert Order.objects.count() == 1
    assert nothing_is_written() and SESSION_KEY not in browser.session


def test_who_was_forgotten_in_another_browser_keeps_the_number_that_was_known(browser: Client) -> None:
    gone = make_shopper(created_at=NOW)
    visit_as(browser, gone)
    number = gone.pk
    gone.delete()
    with refused("INSERT ON feedback_event"):
        fill(browser, lamp=1)
    assert nothing_is_written() and browser.session[SESSION_KEY] == number
