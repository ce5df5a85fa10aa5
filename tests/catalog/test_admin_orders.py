"""Orders in the administration: looked at, marked as sent, never rewritten."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import Order
from catalog.orders import anonymise
from tests.catalog.test_checkout import fill, order
from tests.factories import NOW, make_product
from tests.pages import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/order/"


@pytest.fixture
def placed(client: Client) -> Order:
    make_product("Lamp", sku="lamp", price="12.50", stock=9)
    make_product("Vase <b>", sku="vase", price="2.00", stock=9)
    fill(client, lamp=2, vase=1)
    order(client)
    return Order.objects.get()


def test_the_list_shows_who_what_and_how_much(admin_client: Client, placed: Order) -> None:
    words = text_of(admin_client.get(LIST))
    for word in (placed.number, "Anna Acker", "£27.00", "Placed"):
        assert word in words
    found = admin_client.get(LIST, {"q": "anna@example.org"})
    assert placed.number in text_of(found)
    assert placed.number not in text_of(admin_client.get(LIST, {"q": "berta"}))


def test_an_order_is_looked_at_and_only_its_state_is_changed(admin_client: Client, placed: Order) -> None:
    address = f"{LIST}{placed.pk}/change/"
    page = admin_client.get(address)
    assert "Long Lane 1" in text_of(page) and "Vase <b>" in text_of(page)
    assert "<b>" not in page.content.decode().split("Vase ")[1][:20]
    form = {
        "status": "sent",
        "total": "1.00",
        "name": "Mallory",
        "lines-TOTAL_FORMS": 0,
        "lines-INITIAL_FORMS": 0,
    }
    admin_client.post(address, form)
    placed.refresh_from_db()
    assert (placed.status, placed.name, str(placed.total)) == ("sent", "Anna Acker", "27.00")


def test_several_are_marked_as_sent_and_it_is_logged(admin_client: Client, placed: Order) -> None:
    form = {"action": "mark_sent", "_selected_action": [placed.pk]}
    answer = admin_client.post(LIST, form, follow=True)
    assert "1 order sent." in text_of(answer)
    placed.refresh_from_db()
    assert placed.status == Order.Status.SENT
    assert "Sent." in text_of(admin_client.get(f"{LIST}{placed.pk}/history/"))


def test_orders_are_neither_added_nor_deleted(admin_client: Client, placed: Order) -> None:
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{placed.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Order.objects.exists()


def test_an_anonymised_order_says_so(admin_client: Client, placed: Order) -> None:
    anonymise(Order.objects.all(), now=NOW)
    words = text_of(admin_client.get(LIST))
    assert "anonymised" in words and "Anna" not in words


def test_many_orders_take_no_more_queries(
    admin_client: Client, client: Client, placed: Order, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15) as few:
        admin_client.get(LIST)
    number_of_queries = len(few)
    for _ in range(3):
        fill(client, lamp=1)
        order(client)
    with django_assert_max_num_queries(number_of_queries):
        admin_client.get(LIST)


def test_who_is_no_staff_has_no_business_here(client: Client, placed: Order) -> None:
    assert client.get(LIST).status_code == 302
