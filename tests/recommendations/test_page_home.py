"""The home page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from feedback.models import Shopper
from recommendations.home import home_rails
from tests.factories import make_category, make_event, make_product, make_rating, make_shopper
from tests.pages import cards_of, repeated, stars_of, text_of
from tests.shop import open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db


def test_an_empty_shop_has_a_home_too(client: Client) -> None:
    assert "The shelves are empty" in text_of(client.get("/"))


def test_a_first_time_visitor_gets_an_invitation_trending_and_new_and_leaves_no_row(client: Client) -> None:
    hot, _cold = make_product(sku="hot"), make_product(sku="cold")
    make_event(make_shopper(), hot, now=timezone.now())
    page = client.get("/")
    words = text_of(page)
    assert "Your list starts with one star" in words
    assert words.index("Trending now") < words.index("New in the shop")
    assert cards_of(page) == ["hot", "cold"]
    assert Shopper.objects.count() == 1
    assert not Session.objects.exists()


def test_a_shop_nobody_visited_lately_shows_its_top_rated(client: Client) -> None:
    good, _other = make_product(sku="good"), make_product(sku="other")
    make_rating(make_shopper(), good, 5, now=timezone.now() - timedelta(days=3000))
    page = client.get("/")
    words = text_of(page)
    assert "Trending now" not in words
    assert words.index("Top rated") < words.index("New in the shop")
    assert cards_of(page) == ["good", "other"]


def test_a_visitor_with_a_history_gets_for_you_first_and_no_product_twice(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, shop.products["garden"][0], 5)
    page = client.get("/")
    words, cards = text_of(page), cards_of(page)
    assert words.index("For you It changes") < words.index("Trending now") < words.index("New in the shop")
    assert "Your list starts with one star" not in words
    assert not repeated(cards)
    assert [sku.split("-")[0] for sku in cards[:5]] == ["garden"] * 5
    assert "Because you rated Garden thing 0 5 stars" in words


def test_for_you_is_the_beginning_of_the_recommendations_page(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shop.gardener)
    whole = cards_of(client.get("/recommendations/"))
    shown = [item.product.sku for item in home_rails(shop.gardener, now=timezone.now())[0].items]
    assert shown == whole[: len(shown)]
    assert cards_of(client.get("/"))[: len(shown)] == shown


def test_without_consent_everybodys_lists_are_shown(client: Client) -> None:
    shop = open_trained_shop()
    Shopper.objects.filter(pk=shop.gardener.pk).update(consent=False)
    visit_as(client, shop.gardener)
    assert "For you It changes" not in text_of(client.get("/"))


def test_a_signed_in_shopper_gets_their_list(client: Client) -> None:
    shop = open_trained_shop()
    make_rating(sign_in(client), shop.products["kitchen"][0], 5)
    assert cards_of(client.get("/"))[0].startswith("kitchen")


def test_hidden_and_sold_out_products_are_on_no_rail(client: Client) -> None:
    for fields in ({"is_active": False}, {"stock": 0}):
        make_event(make_shopper(), make_product(**fields), now=timezone.now())
    assert cards_of(client.get("/")) == []


def test_my_stars_are_on_the_cards(client: Client) -> None:
    product = make_product(sku="mine")
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, product, 2)
    assert stars_of(client.get("/"), "mine") == 2


def test_the_id_box_is_there_where_looking_up_is_open_or_for_staff(client: Client, settings: Any) -> None:
    make_shopper("4711")
    assert 'value="4711"' in client.get("/").content.decode()
    settings.SHOPRECO_OPEN_LOOKUP = False
    assert 'name="shopper"' not in client.get("/").content.decode()
    assert "4711" not in client.get("/").content.decode()
    sign_in(client, is_staff=True)
    assert 'value="4711"' in client.get("/").content.decode()


def test_at_most_15_queries_and_no_more_with_more_rows(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    shop = open_trained_shop()
    visit_as(client, shop.gardener)
    _somebody_was_here_before(shop.cook)
    with django_assert_max_num_queries(15) as few:
        client.get("/")
    number_of_queries = len(few)
    for number in range(20):
        make_rating(make_shopper(), make_product(category=make_category(parent=make_category())))
        make_rating(shop.gardener, make_product(sku=f"more-{number}"))
    client.get("/")
    with django_assert_max_num_queries(number_of_queries):
        client.get("/")


def test_at_most_15_queries_signed_in(client: Client, django_assert_max_num_queries: Any) -> None:
    shop = open_trained_shop()
    make_rating(sign_in(client), shop.products["kitchen"][0], 5)
    _somebody_was_here_before(shop.cook)
    with django_assert_max_num_queries(15):
        client.get("/")


def _somebody_was_here_before(shopper: Shopper) -> None:
    """The model is loaded once per process and what is trending is counted once a minute."""
    before = Client()
    visit_as(before, shopper)
    before.get("/")
