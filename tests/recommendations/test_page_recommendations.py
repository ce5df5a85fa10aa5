"""The recommendations page: one shopper's list, its filters, and who may see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from recommendations.models import ModelVersion
from recommendations.views import PAGE_SIZE
from tests.factories import make_category, make_product, make_rating, make_shopper
from tests.pages import cards_of, stars_of, text_of
from tests.shop import Shop, open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
PAGE = "/recommendations/"


@pytest.fixture
def shop() -> Shop:
    return open_trained_shop()


def test_a_looked_up_shopper_gets_their_own_list_with_its_reasons(client: Client, shop: Shop) -> None:
    page = client.get(PAGE, {"shopper": shop.gardener.external_id})
    words = text_of(page)
    assert "For shopper garden-fan-0" in words
    assert "Chosen by the live model" in words
    assert f"model version {ModelVersion.objects.get(is_live=True).pk}" in words
    assert "Because you" in words
    assert [sku.split("-")[0] for sku in cards_of(page)[:4]] == ["garden"] * 4
    cook = client.get(PAGE, {"shopper": shop.cook.external_id})
    assert [sku.split("-")[0] for sku in cards_of(cook)[:4]] == ["kitchen"] * 4


def test_the_stars_are_those_of_the_looked_up_shopper(client: Client) -> None:
    make_product(sku="fresh")
    theirs, shopper = make_product(sku="theirs", stock=0), make_shopper("s1")
    make_rating(shopper, theirs, 2)
    assert stars_of(client.get("/products/", {"shopper": "s1"}), "theirs") == 2
    assert stars_of(client.get("/products/"), "theirs") == 0


def test_a_visitor_without_a_history_gets_what_everybody_gets(client: Client, shop: Shop) -> None:
    page = client.get(PAGE)
    assert "this is what our shoppers like most" in text_of(page)
    assert cards_of(page)


def test_a_rating_changes_the_very_next_list(client: Client, shop: Shop) -> None:
    visit_as(client, shopper := make_shopper())
    before = cards_of(client.get(PAGE))
    make_rating(shopper, shop.products["kitchen"][3], 5)
    after = cards_of(client.get(PAGE))
    assert after != before
    assert "kitchen-3" not in after
    assert [sku.split("-")[0] for sku in after[:4]] == ["kitchen"] * 4


def test_an_unknown_id_gets_the_fallback_list_and_suggestions(client: Client, shop: Shop) -> None:
    page = client.get(PAGE, {"shopper": "garden-fan-x"})
    words = text_of(page)
    assert page.status_code == 200
    assert "Nobody is called “garden-fan-x”" in words
    assert "garden-fan-1" in words
    assert cards_of(page) == cards_of(client.get(PAGE))


@pytest.mark.parametrize(
    "silly", ["<script>alert(1)</script>", "🪴" * 40, "a\x00b", "x" * 5000, "' OR 1=1 --"]
)
def test_any_text_may_be_asked_for(client: Client, silly: str) -> None:
    page = client.get(PAGE, {"shopper": silly})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_filters_narrow_the_list(client: Client, shop: Shop) -> None:
    def cards(**filters: str) -> list[str]:
        return cards_of(client.get(PAGE, {"shopper": "garden-fan-0", **filters}))

    assert {sku.split("-")[0] for sku in cards(department="kitchen")} == {"kitchen"}
    cheap = cards(max_price="12.50")
    assert cheap
    assert {sku.split("-")[1] for sku in cheap} <= {"0", "1", "2"}
    liked = cards(min_predicted="4")
    assert liked
    assert len(liked) < len(cards())
    Product.objects.filter(sku=cards()[0]).update(stock=0)
    assert len(cards(in_stock="0")) == len(cards()) + 1


@pytest.mark.parametrize("sort", ["price", "-price", "newest", "rating"])
def test_sorting_reorders_the_same_products(client: Client, shop: Shop, sort: str) -> None:
    best = cards_of(client.get(PAGE, {"shopper": "garden-fan-0"}))
    cards = cards_of(client.get(PAGE, {"shopper": "garden-fan-0", "sort": sort}))
    assert sorted(cards) == sorted(best)
    assert cards != best
    prices = [Product.objects.get(sku=sku).price for sku in cards]
    if sort == "price":
        assert prices == sorted(prices)
    if sort == "-price":
        assert prices == sorted(prices, reverse=True)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"department": "x"}, "There is no such department"),
        ({"min_price": "abc"}, "Enter a number"),
        ({"min_price": "9", "max_price": "8"}, "below the lowest price"),
        ({"min_predicted": "11"}, "a number of stars from 1 to 5"),
        ({"min_predicted": "nan"}, "a number of stars from 1 to 5"),
        ({"sort": "magic"}, "not one of the choices"),
        ({"in_stock": "maybe"}, "not one of the choices"),
    ],
)
def test_a_bad_filter_is_explained_and_left_out(
    client: Client, shop: Shop, bad: dict[str, str], words: str
) -> None:
    page = client.get(PAGE, bad)
    assert page.status_code == 200
    assert words in text_of(page)
    assert cards_of(page)


def test_a_shop_without_departments_offers_none(client: Client) -> None:
    make_product("Lamp")
    page = text_of(client.get("/recommendations/"))
    assert "Sort by" in page
    assert "Department" not in page
    assert "no such department" in text_of(client.get("/recommendations/?department=garden"))


def test_nothing_left_is_said_with_a_way_out(client: Client, shop: Shop) -> None:
    page = client.get(PAGE, {"shopper": "garden-fan-0", "min_price": "9999"})
    assert "No recommendation passes these filters" in text_of(page)
    assert "/recommendations/?shopper=garden-fan-0" in page.content.decode()


def test_pages_do_not_overlap_and_a_page_too_far_is_the_last(client: Client) -> None:
    for number in range(PAGE_SIZE + 3):
        make_product(sku=f"p{number}")
    first, last = client.get(PAGE), client.get(PAGE, {"page": "2"})
    assert (len(cards_of(first)), len(cards_of(last))) == (PAGE_SIZE, 3)
    assert not set(cards_of(first)) & set(cards_of(last))
    assert "27 products" in text_of(first)
    for page in ("99", "99999999999999", "-1", "²", "x"):
        shown = cards_of(client.get(PAGE, {"page": page}))
        assert shown == cards_of(last if page == "99" else first)


def test_looking_up_is_refused_where_it_is_closed(client: Client, settings: Any) -> None:
    settings.SHOPRECO_OPEN_LOOKUP = False
    make_shopper("4711")
    for external_id in ("4711", "nobody"):
        page = client.get(PAGE, {"shopper": external_id})
        assert page.status_code == 403
        assert "somebody else’s page" in text_of(page)
    sign_in(client, is_staff=True)
    assert client.get(PAGE, {"shopper": "4711"}).status_code == 200


def test_an_accounts_or_visitors_list_is_theirs_even_where_looking_up_is_open(client: Client) -> None:
    account = sign_in(Client(), "berta")
    visitor = make_shopper("visitor-1", is_anonymous=True)
    for shopper in (account, visitor):
        assert client.get(PAGE, {"shopper": shopper.external_id}).status_code == 403
    visit_as(client, visitor)
    assert client.get(PAGE, {"shopper": "visitor-1"}).status_code == 200


def test_at_most_15_queries_and_no_more_with_more_rows(
    client: Client, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    sign_in(client)
    asked = {"shopper": "garden-fan-0", "department": "garden"}
    # The model and what it has not learned are read once per process, by whoever comes first.
    Client().get(PAGE, {"shopper": "kitchen-fan-0"})
    with django_assert_max_num_queries(15) as few:
        client.get(PAGE, asked)
    number_of_queries = len(few)
    for number in range(20):
        make_rating(
            shop.gardener, make_product(sku=f"n-{number}", category=make_category(parent=shop.garden))
        )
    client.get(PAGE, asked)
    with django_assert_max_num_queries(number_of_queries):
        client.get(PAGE, asked)
