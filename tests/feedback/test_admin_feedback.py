"""Ratings, events and rating changes: to be looked at only."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.models import Event, Rating
from feedback.services import unrate
from tests.factories import NOW, make_event, make_product, make_rating, make_shopper
from tests.staff import admin_client

pytestmark = pytest.mark.django_db
LISTS = ("rating", "ratingchange", "event")


def address(name: str, *rest: str) -> str:
    return "/".join(["/admin/feedback", name, *rest, ""])


def make_one_of_each() -> None:
    shopper, product = make_shopper(), make_product()
    make_rating(shopper, product)
    make_event(shopper, product)


@pytest.mark.parametrize("name", LISTS)
def test_not_even_a_superuser_writes_by_hand(name: str) -> None:
    make_one_of_each()
    client = admin_client()
    row = client.get(address(name)).context["cl"].result_list[0]
    pk = str(row.pk)
    assert client.get(address(name, "add")).status_code == 403
    assert client.post(address(name, pk, "change"), {"value": 1}).status_code == 403
    assert client.post(address(name, pk, "delete"), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": pk, "post": "yes"}
    client.post(address(name), sent)
    assert client.get(address(name, pk, "change")).status_code == 200
    assert Rating.objects.get().value == 5
    assert Event.objects.count() == 1


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_found_by_shopper_and_product_and_link_to_both(name: str) -> None:
    shopper, product = make_shopper("ana"), make_product("Spade", sku="sp-1")
    make_rating(shopper, product)
    make_event(shopper, product)
    make_one_of_each()
    client = admin_client()
    for word in ("ana", "spade", "sp-1"):
        assert len(client.get(address(name), {"q": word}).context["cl"].result_list) == 1
    page = client.get(address(name), {"q": "ana"}).content.decode()
    assert f"/admin/feedback/shopper/{shopper.pk}/change/" in page
    assert f"/admin/catalog/product/{product.pk}/change/" in page


def test_ratings_are_filtered_by_stars_and_read_aloud() -> None:
    make_rating(make_shopper(), make_product(), 2)
    make_rating(make_shopper(), make_product(), 5)
    response = admin_client().get(address("rating"), {"value__exact": 2})
    assert [rating.value for rating in response.context["cl"].result_list] == [2]
    assert "2 of 5</span>" in response.content.decode()


def test_events_are_filtered_by_kind_and_found_by_order() -> None:
    shopper, product = make_shopper(), make_product()
    make_event(shopper, product, Event.Kind.PURCHASE, order_ref="order-77")
    make_event(shopper, product, Event.Kind.VIEW)
    client = admin_client()
    for query in ({"kind__exact": "purchase"}, {"q": "order-77"}):
        (event,) = client.get(address("event"), query).context["cl"].result_list
        assert event.order_ref == "order-77"


def test_a_rating_taken_back_is_told_as_such() -> None:
    shopper, product = make_shopper(), make_product()
    make_rating(shopper, product)
    unrate(shopper=shopper, product=product, now=NOW)
    assert "taken back" in admin_client().get(address("ratingchange")).content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_a_product_title_with_markup_is_shown_as_text(name: str) -> None:
    shopper, product = make_shopper(), make_product("<img src=x onerror=alert(1)>")
    make_rating(shopper, product)
    make_event(shopper, product)
    page = admin_client().get(address(name)).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_takes_no_more_queries(name: str) -> None:
    client = admin_client()

    def queries(client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name)).status_code == 200
        return len(captured)

    for _ in range(2):
        make_one_of_each()
    few = queries(client)
    for _ in range(20):
        make_one_of_each()
    assert queries(client) == few


def dates_linked(client: Client, query: str) -> list[str]:
    page = client.get(f"{address('rating')}{query}").content.decode()
    found = re.findall(r"\?(rated_at__[a-z0-9_=&;]+)\"", page)
    return [part.replace("rated_at__", "").replace("&amp;", " ") for part in found]


def test_the_date_links_lead_from_the_first_row_to_the_last() -> None:
    shopper = make_shopper()
    for moment in ((2024, 11, 30, 23), (2025, 1, 31, 8), (2026, 1, 2, 1), (2026, 1, 4, 0)):
        make_rating(shopper, make_product(), now=datetime(*moment, tzinfo=UTC))
    client = admin_client()
    assert dates_linked(client, "") == ["year=2024", "year=2025", "year=2026"]
    assert "month=11 year=2024" in dates_linked(client, "?rated_at__year=2024")
    days = dates_linked(client, "?rated_at__year=2026&rated_at__month=1")
    assert [day for day in days if day.startswith("day=")] == [
        f"day={day} month=1 year=2026" for day in (2, 3, 4)
    ]


def test_months_are_linked_across_the_gaps_between_rows() -> None:
    shopper = make_shopper()
    for month, day in ((1, 31), (4, 1)):
        make_rating(shopper, make_product(), now=datetime(2026, month, day, tzinfo=UTC))
    months = dates_linked(admin_client(), "?rated_at__year=2026")
    assert [part for part in months if part.startswith("month=")] == [
        f"month={month} year=2026" for month in (1, 2, 3, 4)
    ]


def test_an_empty_log_has_no_date_links() -> None:
    assert dates_linked(admin_client(), "") == []
