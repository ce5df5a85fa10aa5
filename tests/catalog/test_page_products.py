"""The listing and search page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from tests.factories import (
    make_category,
    make_live_model,
    make_product,
    make_rating,
    make_shopper,
    make_tastes,
)
from tests.pages import cards_of, text_of
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
PAGE = "/products/"


def test_newest_come_first_and_hidden_products_not_at_all(client: Client) -> None:
    make_product(sku="old")
    make_product(sku="new")
    make_product(sku="hidden", is_active=False)
    assert cards_of(client.get(PAGE)) == ["new", "old"]


@pytest.mark.parametrize("words", ["velvet chair", "CHAIR velvet", "seatco velvet", "VC-1", "comfortable"])
def test_search_finds_every_word_in_title_brand_sku_or_description(client: Client, words: str) -> None:
    make_product("Velvet chair", sku="VC-1", brand="Seatco", description="So comfortable.")
    make_product("Oak table", sku="OT-1", brand="Seatco")
    assert cards_of(client.get(PAGE, {"q": words})) == ["VC-1"]


def test_search_with_one_word_missing_finds_nothing_and_says_so(client: Client) -> None:
    make_product("Velvet chair")
    page = client.get(PAGE, {"q": "velvet moon"})
    assert cards_of(page) == []
    assert "Nothing matches that" in text_of(page)


def test_a_search_for_signs_alone_shows_everything_and_says_so(client: Client) -> None:
    make_product("100% wool", sku="wool")
    page = client.get(PAGE, {"q": "%_"})
    assert cards_of(page) == ["wool"]
    assert "no letter or digit in “%_”" in text_of(page)


def test_a_department_shows_its_aisles_products_too(client: Client) -> None:
    garden = make_category("Garden")
    make_product(sku="aisle", category=make_category("Tools", parent=garden))
    make_product(sku="own", category=garden)
    make_product(sku="other", category=make_category("Kitchen"))
    assert set(cards_of(client.get(PAGE, {"department": "garden"}))) == {"aisle", "own"}
    assert cards_of(client.get(PAGE, {"department": "tools"})) == ["aisle"]


def test_price_range_is_inclusive_and_stock_can_be_asked_for(client: Client) -> None:
    for sku, price, stock in [("a", "5.00", 1), ("b", "7.50", 0), ("c", "10.00", 1), ("d", "10.01", 1)]:
        make_product(sku=sku, price=price, stock=stock)
    assert set(cards_of(client.get(PAGE, {"min_price": "5", "max_price": "10"}))) == {"a", "b", "c"}
    assert set(cards_of(client.get(PAGE, {"max_price": "10", "in_stock": "1"}))) == {"a", "c"}


@pytest.mark.parametrize(
    ("sort", "order"), [("price", ["b", "c", "a"]), ("-price", ["a", "c", "b"]), ("rating", ["c", "b", "a"])]
)
def test_sorting(client: Client, sort: str, order: list[str]) -> None:
    a, _b, c = (make_product(sku=sku, price=price) for sku, price in [("a", 9), ("b", 1), ("c", 5)])
    make_rating(make_shopper(), a, 1)
    make_rating(make_shopper(), c, 5)
    assert cards_of(client.get(PAGE, {"sort": sort})) == order


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"department": "nowhere"}, "There is no department “nowhere”"),
        ({"department": "a\x00b"}, "There is no department “a b”"),
        ({"min_price": "cheap"}, "“cheap” is not a price"),
        ({"min_price": "NaN"}, "“NaN” is not a price"),
        ({"max_price": "-3"}, "“-3” is not a price"),
        ({"max_price": "1e99"}, "“1e99” is not a price"),
        ({"sort": "magic"}, "not one of the choices for sort"),
        ({"rating": "11"}, "not one of the choices for rating"),
        ({"in_stock": "perhaps"}, "not one of the choices for in stock"),
        ({"brand": "Nobody & Co"}, "There is no brand “Nobody & Co”"),
        ({"brand": "a\x00b"}, "There is no brand “a b”"),
        ({"attr.colour": "plaid"}, "No product has the colour “plaid”"),
        ({"attr.a\x00b": "x\x00y"}, "No product has the a b “x y”"),
        ({"sort": "for-you"}, "nothing yet to sort by your taste"),
        ({"min_price": "50", "max_price": "2"}, "below the lowest price"),
    ],
)
def test_a_bad_filter_is_explained_and_left_out(client: Client, bad: dict[str, str], words: str) -> None:
    make_product(sku="dear", price="60.00")
    page = client.get(PAGE, bad)
    assert page.status_code == 200
    assert words in text_of(page)
    assert cards_of(page) == ["dear"]


def test_thirty_products_take_two_pages_and_a_silly_page_is_the_nearest(client: Client) -> None:
    for number in range(30):
        make_product(sku=f"p{number}")
    first, second = client.get(PAGE, {"q": "p"}), client.get(PAGE, {"q": "p", "page": "2"})
    assert (len(cards_of(first)), len(cards_of(second))) == (24, 6)
    assert not set(cards_of(first)) & set(cards_of(second))
    assert "30 products" in text_of(first)
    assert "?q=p&amp;page=2" in first.content.decode()
    assert cards_of(client.get(PAGE, {"page": "999999999999"})) == cards_of(client.get(PAGE, {"page": "2"}))
    assert cards_of(client.get(PAGE, {"page": "x"})) == cards_of(client.get(PAGE))


def test_markup_and_emoji_in_a_title_are_text(client: Client) -> None:
    make_product("<script>alert(1)</script> 🪴 & <b>co</b>", brand='"><img src=x>')
    page = client.get(PAGE, {"q": "<script>"}).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 🪴 &amp; &lt;b&gt;co&lt;/b&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_shop_without_anything_says_so(client: Client) -> None:
    assert "0 products" in text_of(client.get(PAGE))


def test_odd_prices_are_said_as_they_are(client: Client) -> None:
    make_product(price="1234567.89")
    make_product(price="0")
    words = text_of(client.get(PAGE))
    assert "£1,234,567.89" in words
    assert "Price on request" in words


def test_few_queries_and_no_more_with_more_rows(client: Client, django_assert_max_num_queries: Any) -> None:
    _rated_products(4)
    with django_assert_max_num_queries(15) as few:
        client.get(PAGE)
    _rated_products(20)
    with django_assert_max_num_queries(len(few)):
        client.get(PAGE)


EVERYTHING_ON = {
    "brand": ["Acme", "Zed", "Nobody"], "min_price": "1", "max_price": "90", "rating": "2",
    "in_stock": "1", "attr.colour": ["blue", "red"], "attr.size": "S",
}  # fmt: skip


@pytest.mark.parametrize("who", ["nobody", "shopper", "account"])
@pytest.mark.parametrize(
    ("words", "sort"), [("product", "for-you"), ("prodcut", "relevance"), ("prodcut", "for-you")]
)
def test_few_queries_with_every_filter_on_and_a_personal_order_and_a_slip(
    client: Client, django_assert_max_num_queries: Any, who: str, words: str, sort: str
) -> None:
    department = make_category("Things")
    shopper = sign_in(client) if who == "account" else make_shopper()
    liked, _ = make_tastes()
    for number, product in enumerate(Product.objects.all()):
        product.brand, product.category = ("Acme", "Zed")[number % 2], department
        product.attributes = {"colour": ("blue", "red")[number % 2], "size": "S"}
        product.save()
    make_live_model()
    if who == "shopper":
        visit_as(client, shopper)
    for product in liked[:3]:
        make_rating(shopper, product)
    client.get(PAGE)  # the model is in memory
    with django_assert_max_num_queries(15):
        page = client.get(PAGE, {**EVERYTHING_ON, "department": department.slug, "q": words, "sort": sort})
    assert ("Showing results for product" in text_of(page)) is (words == "prodcut")
    assert cards_of(page) != []
    assert ("For you" in [label for _, label in page.context["browsing"].sorts]) is (who != "nobody")


def _rated_products(number: int) -> None:
    for _ in range(number):
        category = make_category(parent=make_category())
        make_rating(make_shopper(), make_product(category=category))


def test_only_reading_is_answered(client: Client) -> None:
    assert client.post(PAGE).status_code == 405
