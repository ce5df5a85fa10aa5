"""Two products into the basket with one press."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from catalog.signals import basket_changed
from tests.factories import make_product
from tests.pages import text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def door() -> str:
    return reverse("catalog:basket_add_both")


def in_basket(client: Client) -> str:
    return text_of(client.get(reverse("catalog:basket")))


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_both_are_in_the_basket_and_the_page_is_where_it_was(client: Client, door: str) -> None:
    make_product("Pan", sku="pan")
    make_product("Lid", sku="lid")
    answer = client.post(door, {"sku": ["pan", "lid"], "next": "/products/pan/"})
    assert answer["Location"] == "/products/pan/"
    assert said(answer) == "“Pan” and “Lid” are in your basket."
    assert "Pan" in in_basket(client)
    assert "Lid" in in_basket(client)


def test_in_place_it_is_said_and_the_basket_is_told(client: Client, door: str) -> None:
    make_product("Pan", sku="pan")
    make_product("Lid", sku="lid")
    answer = client.post(door, {"sku": ["pan", "lid"]}, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Trigger"] == "basket-changed"
    assert "“Pan” and “Lid” are in your basket." in text_of(answer)


def test_what_cannot_be_had_is_said_and_the_other_goes_in(client: Client, door: str) -> None:
    make_product("Pan", sku="pan")
    make_product("Lid", sku="lid", stock=0)
    answer = client.post(door, {"sku": ["pan", "lid"]})
    assert said(answer) == "“Pan” is in your basket. “Lid” is sold out."
    again = Client().post(door, {"sku": ["pan", "unknown"]})
    assert said(again) == "“Pan” is in your basket. This product is not in the shop any more."


def test_what_has_no_price_is_not_called_sold_out(client: Client, door: str) -> None:
    make_product("Pan", sku="pan")
    make_product("Lid", sku="lid", price=0)
    answer = client.post(door, {"sku": ["pan", "lid"]})
    assert said(answer) == "“Pan” is in your basket. “Lid” has its price on request: ask the shop."


def test_no_more_than_there_is(client: Client, door: str) -> None:
    make_product("Pan", sku="pan", stock=1)
    make_product("Lid", sku="lid", stock=1)
    client.post(door, {"sku": ["pan", "lid"]})
    answer = client.post(door, {"sku": ["pan", "lid"]}, headers=HTMX)
    assert answer.status_code == 400
    assert "The one “Pan” you can have is in your basket." in text_of(answer)


@pytest.mark.parametrize("skus", [[], ["pan"], ["pan", "pan"], ["pan", "lid", "cup"]])
def test_anything_but_two_products_is_refused(client: Client, door: str, skus: list[str]) -> None:
    for sku in ("pan", "lid", "cup"):
        make_product(sku=sku)
    answer = client.post(door, {"sku": skus}, headers=HTMX)
    assert answer.status_code == 400
    assert "incomplete" in text_of(answer)


def test_the_feedback_of_it_is_one_signal_a_product_once(client: Client, door: str) -> None:
    make_product("Pan", sku="pan")
    make_product("Lid", sku="lid")
    told: list[str] = []

    def listen(**sent: Any) -> None:
        told.append(sent["product"].sku)

    basket_changed.connect(listen)
    try:
        client.post(door, {"sku": ["pan", "lid"]})
        client.post(door, {"sku": ["pan", "lid"]})
    finally:
        basket_changed.disconnect(listen)
    assert told == ["pan", "lid"]


def test_only_posting_with_its_token_adds(client: Client, door: str) -> None:
    assert client.get(door).status_code == 405
    assert Client(enforce_csrf_checks=True).post(door, {"sku": ["a", "b"]}).status_code == 403
