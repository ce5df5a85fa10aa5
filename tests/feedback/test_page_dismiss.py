"""The "not interested" button's door."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from feedback.models import Event, Shopper
from tests.factories import make_product, make_shopper
from tests.pages import cards_of, text_of
from tests.shop import open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
DOOR = "/feedback/dismiss/"
HTMX = {"HX-Request": "true"}


def test_a_dismissed_product_leaves_the_list_at_once(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shop.gardener)
    first = cards_of(client.get("/recommendations/"))[0]
    answer = client.post(DOOR, {"sku": first}, headers=HTMX)
    assert answer["HX-Trigger"] == "feedback-changed"
    assert "will not be recommended again" in text_of(answer)
    assert first not in cards_of(client.get("/recommendations/"))


def test_without_javascript_it_goes_back_with_a_message(client: Client) -> None:
    make_product("Lamp", sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "next": "/recommendations/?page=2"})
    assert answer["Location"] == "/recommendations/?page=2"
    assert "“Lamp” will not be recommended again." in [str(m) for m in get_messages(answer.wsgi_request)]
    assert Event.objects.get().shopper.is_anonymous
    assert client.post(DOOR, {"sku": "lamp", "next": "https://evil.example"})["Location"] == "/products/"


def test_pressing_twice_says_it_once(client: Client) -> None:
    make_product(sku="lamp")
    client.post(DOOR, {"sku": "lamp"})
    client.post(DOOR, {"sku": "lamp"})
    assert Event.objects.get().kind == Event.Kind.DISMISS


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "That request was incomplete"),
        ({"sku": "nothing"}, "not in the shop any more"),
        ({"sku": "hidden"}, "not in the shop any more"),
        ({"sku": "lamp", "shopper": "nobody"}, "There is no shopper"),
    ],
)
def test_what_cannot_be_dismissed_is_explained(client: Client, form: dict[str, str], words: str) -> None:
    make_product(sku="lamp")
    make_product(sku="hidden", is_active=False)
    answer = client.post(DOOR, form, headers=HTMX)
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert not Event.objects.exists()
    assert not Shopper.objects.exists()


def test_a_looked_up_shopper_is_dismissed_for_where_that_is_open(client: Client, settings: Any) -> None:
    make_product(sku="lamp")
    shopper = make_shopper("4711")
    client.post(DOOR, {"sku": "lamp", "shopper": "4711"})
    assert Event.objects.get().shopper == shopper
    settings.SHOPRECO_OPEN_LOOKUP = False
    assert client.post(DOOR, {"sku": "lamp", "shopper": "4711"}).status_code == 403


def test_nobody_dismisses_for_an_account_or_another_visitor(client: Client) -> None:
    make_product(sku="lamp")
    account, visitor = sign_in(Client(), "berta"), make_shopper("visitor-1", is_anonymous=True)
    for shopper in (account, visitor):
        assert client.post(DOOR, {"sku": "lamp", "shopper": shopper.external_id}).status_code == 403
    assert not Event.objects.exists()


def test_the_token_is_asked_for_and_only_posting_counts() -> None:
    assert Client(enforce_csrf_checks=True).post(DOOR, {"sku": "x"}).status_code == 403
    assert Client().get(DOOR).status_code == 405
