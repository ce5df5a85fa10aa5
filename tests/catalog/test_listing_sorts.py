"""The orders of a listing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from catalog.search.personal import personal_order_wanted
from tests.factories import make_live_model, make_product, make_rating, make_shopper, make_tastes
from tests.pages import cards_of, text_of
from tests.visits import visit_as

pytestmark = pytest.mark.django_db
PAGE = "/products/"


def options(response: Any) -> list[str]:
    page = response.content.decode()
    select = page[page.index('id="sort"') :]
    return [
        part.split(">")[1].split("<")[0] for part in select[: select.index("</select>")].split("<option")[1:]
    ]


@pytest.fixture
def three(db: None) -> None:
    now = timezone.now()
    for days, (sku, price, total) in enumerate([("old", "5", 5), ("mid", "9", 2), ("new", "7", 4)]):
        make_product(
            f"Table {sku}", sku=sku, price=price, rating_count=1, rating_total=total,
            created_at=now - timedelta(days=9 - days),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("", ["new", "mid", "old"]), ("newest", ["new", "mid", "old"]), ("price", ["old", "new", "mid"]),
     ("-price", ["mid", "new", "old"]), ("rating", ["old", "new", "mid"])],
)  # fmt: skip
def test_sorts_with_and_without_words(three: None, client: Client, sort: str, expected: list[str]) -> None:
    assert cards_of(client.get(PAGE, {"sort": sort})) == expected
    if sort:
        assert cards_of(client.get(PAGE, {"sort": sort, "q": "table"})) == expected


def test_words_are_sorted_by_how_well_they_match_unless_asked_otherwise(client: Client) -> None:
    make_product("Oak table", sku="title")
    make_product("New thing", sku="text", description="goes with a table")
    assert cards_of(client.get(PAGE, {"q": "table"})) == ["title", "text"]
    assert cards_of(client.get(PAGE, {"q": "table", "in_stock": "1"})) == ["title", "text"]
    assert cards_of(client.get(PAGE, {"q": "table", "sort": "newest"})) == ["text", "title"]


def test_best_match_is_offered_with_words_only(three: None, client: Client) -> None:
    assert options(client.get(PAGE))[0] == "Newest first"
    assert options(client.get(PAGE, {"q": "table"}))[0] == "Best match"
    assert cards_of(client.get(PAGE, {"sort": "relevance"})) == ["new", "mid", "old"]


def test_for_you_is_not_offered_to_somebody_nothing_is_known_about(three: None, client: Client) -> None:
    assert "For you" not in options(client.get(PAGE))


def test_for_you_puts_first_what_the_live_model_expects_to_be_liked(client: Client) -> None:
    liked, others = make_tastes()
    make_live_model()
    shopper = make_shopper()
    visit_as(client, shopper)
    make_rating(shopper, liked[0], 5)
    hidden = liked[3]
    Product.objects.filter(pk=hidden.pk).update(is_active=False)
    page = client.get(PAGE, {"sort": "for-you"})
    assert "For you" in options(page)
    taste = {product.sku for product in liked} - {liked[0].sku, hidden.sku}
    assert set(cards_of(page)[: len(taste)]) == taste
    assert len(cards_of(page)) == len(liked) + len(others) - 1  # nothing is lost, only sorted
    words = client.get(PAGE, {"sort": "for-you", "q": "product"})
    assert set(cards_of(words)[: len(taste)]) == taste


def test_two_shoppers_get_two_orders_and_the_same_products(client: Client) -> None:
    tastes = make_tastes()
    make_live_model()
    orders = []
    for side in (0, 1):
        shopper = make_shopper()
        visit_as(client, shopper)
        make_rating(shopper, tastes[side][0], 5)
        orders.append(cards_of(client.get(PAGE, {"sort": "for-you"})))
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_for_you_counts_for_filters_and_pages_too(client: Client) -> None:
    liked, _ = make_tastes(per_taste=16)
    make_live_model()
    shopper = make_shopper()
    visit_as(client, shopper)
    make_rating(shopper, liked[0], 5)
    Product.objects.filter(pk=liked[5].pk).update(price=99)
    assert cards_of(client.get(PAGE, {"sort": "for-you", "min_price": "50"})) == [liked[5].sku]
    pages = [cards_of(client.get(PAGE, {"sort": "for-you", "page": str(n)})) for n in (1, 2)]
    assert [len(page) for page in pages] == [24, 8]
    assert not set(pages[0]) & set(pages[1])


def test_without_consent_there_is_no_personal_order(client: Client) -> None:
    liked, _ = make_tastes()
    make_live_model()
    shopper = make_shopper(consent=False)
    visit_as(client, shopper)
    page = client.get(PAGE, {"sort": "for-you"})
    assert "For you" not in options(page)
    assert "nothing yet to sort by your taste" in text_of(page)
    assert cards_of(page) == cards_of(client.get(PAGE))
    assert liked


def test_a_listener_that_fails_costs_nobody_the_page(three: None, client: Client) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("no model today")

    personal_order_wanted.connect(fails)
    try:
        assert cards_of(client.get(PAGE)) == ["new", "mid", "old"]
    finally:
        personal_order_wanted.disconnect(fails)


def test_top_rated_needs_more_than_one_enthusiast(client: Client) -> None:
    make_product(sku="one", rating_count=1, rating_total=5)
    make_product(sku="many", rating_count=50, rating_total=235)
    assert cards_of(client.get(PAGE, {"sort": "rating"})) == ["many", "one"]
