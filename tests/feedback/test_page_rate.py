"""The stars' door: rating, changing, taking back, and for whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from feedback.models import Rating, RatingChange, Shopper
from tests.factories import make_product, make_rating, make_shopper
from tests.pages import stars_of, text_of
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
DOOR = "/feedback/rate/"
HTMX = {"HX-Request": "true"}


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_a_rating_by_a_visitor_makes_a_shopper(client: Client) -> None:
    make_product("Lamp", sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "value": "4", "next": "/products/?q=lamp"})
    assert answer.status_code == 302
    assert answer["Location"] == "/products/?q=lamp"
    assert said(answer) == "You rated “Lamp” 4 stars. Your list is updated."
    rating = Rating.objects.get()
    assert (rating.value, rating.shopper.is_anonymous) == (4, True)
    page = client.get("/products/?q=lamp")
    assert stars_of(page, "lamp") == 4
    assert "You rated “Lamp” 4 stars." in text_of(page)


def test_the_second_rating_is_the_same_shoppers(client: Client) -> None:
    make_product(sku="a")
    make_product(sku="b")
    for sku, value in [("a", 1), ("b", 5), ("a", 3)]:
        client.post(DOOR, {"sku": sku, "value": value})
    assert Shopper.objects.count() == 1
    assert dict(Rating.objects.values_list("product__sku", "value")) == {"a": 3, "b": 5}


def test_in_place_the_answer_is_a_line_with_undo_and_the_lists_are_told(client: Client) -> None:
    make_product("Lamp", sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "value": "1"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Trigger"] == "feedback-changed"
    page = answer.content.decode()
    assert "You rated “Lamp” 1 star. Your list is updated." in text_of(answer)
    assert "Undo" in page
    assert 'name="value" value="0"' in page
    assert "<html" not in page
    again = client.post(DOOR, {"sku": "lamp", "value": "5"}, headers=HTMX)
    assert 'name="value" value="1"' in again.content.decode()


def test_no_stars_take_the_rating_back(client: Client) -> None:
    product = make_product("Lamp", sku="lamp")
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, product, 2)
    answer = client.post(DOOR, {"sku": "lamp", "value": "0"}, headers=HTMX)
    assert not Rating.objects.exists()
    assert "The rating of “Lamp” is taken back" in text_of(answer)
    assert 'name="value" value="2"' in answer.content.decode()
    product.refresh_from_db()
    assert product.rating_count == 0


def test_taking_back_what_was_never_given_changes_nothing_and_makes_no_shopper(client: Client) -> None:
    make_product(sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "value": "0"}, headers=HTMX)
    assert "no rating" in text_of(answer)
    assert "HX-Trigger" not in answer
    assert not Shopper.objects.exists()
    assert not RatingChange.objects.exists()


def test_a_rating_of_a_product_out_of_the_shop_can_only_be_taken_back(client: Client) -> None:
    product = make_product(sku="old")
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, product, 2)
    type(product).objects.update(is_active=False)
    assert "not in the shop any more" in said(client.post(DOOR, {"sku": "old", "value": "5"}))
    assert Rating.objects.get().value == 2
    client.post(DOOR, {"sku": "old", "value": "0"})
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"sku": "lamp"}, "Choose 1 to 5 stars first"),
        ({"sku": "lamp", "value": ""}, "Choose 1 to 5 stars first"),
        ({"sku": "lamp", "value": "6"}, "a whole number from 1 to 5"),
        ({"sku": "lamp", "value": "-1"}, "a whole number from 1 to 5"),
        ({"sku": "lamp", "value": "4.5"}, "a whole number from 1 to 5"),
        ({"sku": "lamp", "value": "five"}, "a whole number from 1 to 5"),
        ({"value": "5"}, "That request was incomplete"),
        ({"sku": "nothing", "value": "5"}, "not in the shop any more"),
        ({"sku": "x" * 70, "value": "5"}, "not in the shop any more"),
        ({"sku": "a\x00", "value": "5"}, "Null characters"),
        ({"sku": "lamp", "value": "5", "shopper": "nobody"}, "There is no shopper “nobody”"),
    ],
)
def test_what_cannot_be_a_rating_is_explained_and_writes_nothing(
    client: Client, form: dict[str, str], words: str
) -> None:
    make_product(sku="lamp")
    plain, in_place = client.post(DOOR, form), client.post(DOOR, form, headers=HTMX)
    assert plain.status_code == 302
    assert words in said(plain)
    assert in_place.status_code == 400
    assert words in text_of(in_place)
    assert "HX-Trigger" not in in_place
    assert not Rating.objects.exists()
    assert not Shopper.objects.exists()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", ""]
)
def test_the_way_back_never_leaves_the_site(client: Client, elsewhere: str) -> None:
    make_product(sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "value": "4", "next": elsewhere})
    assert answer["Location"] == "/products/"


def test_a_looked_up_shopper_is_rated_for(client: Client) -> None:
    make_product("Lamp", sku="lamp")
    shopper = make_shopper("4711")
    answer = client.post(DOOR, {"sku": "lamp", "value": "3", "shopper": "4711"})
    assert said(answer) == "Shopper 4711 rated “Lamp” 3 stars. The list is updated."
    assert Rating.objects.get().shopper == shopper
    assert Shopper.objects.count() == 1


@pytest.mark.parametrize("value", ["5", "0"])
def test_nobody_rates_for_an_account_or_another_visitor(client: Client, value: str) -> None:
    product = make_product(sku="lamp")
    account = sign_in(Client(), "berta")
    visitor = make_shopper("visitor-1", is_anonymous=True)
    for shopper in (account, visitor):
        make_rating(shopper, product, 2)
        form = {"sku": "lamp", "value": value, "shopper": shopper.external_id}
        assert client.post(DOOR, form).status_code == 403
        assert client.post(DOOR, form, headers=HTMX).status_code == 403
    assert set(Rating.objects.values_list("value", flat=True)) == {2}


def test_nobody_rates_for_others_where_looking_up_is_closed_but_staff(client: Client, settings: Any) -> None:
    settings.SHOPRECO_OPEN_LOOKUP = False
    make_product(sku="lamp")
    make_shopper("4711")
    for external_id in ("4711", "nobody"):
        form = {"sku": "lamp", "value": "5", "shopper": external_id}
        assert client.post(DOOR, form).status_code == 403
    assert not Rating.objects.exists()
    sign_in(client, is_staff=True)
    client.post(DOOR, {"sku": "lamp", "value": "5", "shopper": "4711"})
    assert Rating.objects.get().shopper.external_id == "4711"


def test_a_signed_in_shoppers_rating_is_their_accounts(client: Client) -> None:
    make_product(sku="lamp")
    shopper = sign_in(client)
    client.post(DOOR, {"sku": "lamp", "value": "5"})
    assert Rating.objects.get().shopper == shopper


def test_without_consent_no_list_is_said_to_follow(client: Client) -> None:
    make_product(sku="lamp")
    visit_as(client, make_shopper(consent=False))
    answer = client.post(DOOR, {"sku": "lamp", "value": "5"})
    assert "Your list is updated" not in said(answer)
    assert "switched off" in said(answer)


def test_a_form_without_its_token_is_refused_with_a_friendly_page() -> None:
    make_product(sku="lamp")
    answer = Client(enforce_csrf_checks=True).post(DOOR, {"sku": "lamp", "value": "5"})
    assert answer.status_code == 403
    assert "That form had expired" in text_of(answer)
    assert not Rating.objects.exists()


def test_only_posting_rates(client: Client) -> None:
    make_product(sku="lamp")
    assert client.get(DOOR, {"sku": "lamp", "value": "5"}).status_code == 405


def test_a_title_with_markup_is_text_in_the_answer(client: Client) -> None:
    make_product("<b>Lamp</b> & 🪴" + "x" * 100, sku="lamp")
    answer = client.post(DOOR, {"sku": "lamp", "value": "5"}, headers=HTMX).content.decode()
    assert "&lt;b&gt;Lamp&lt;/b&gt; &amp; 🪴" in answer
    assert "x" * 80 not in answer
