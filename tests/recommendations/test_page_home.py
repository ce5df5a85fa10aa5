"""The home page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from feedback.models import Shopper
from recommendations.serving.home_rows import KEYS
from tests.factories import make_category, make_event, make_product, make_rating, make_shopper
from tests.pages import cards_of, repeated, stars_of, text_of
from tests.shop import open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is the same for everybody is read once a minute: all of the test happens within one."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


def test_an_empty_shop_has_a_home_too(client: Client) -> None:
    assert "The shelves are empty" in text_of(client.get("/"))


WHOLE = "/?rails=inline"


def test_a_first_time_visitor_gets_an_invitation_trending_and_new_and_leaves_no_row(client: Client) -> None:
    hot, _cold = make_product(sku="hot"), make_product(sku="cold")
    make_event(make_shopper(), hot, now=timezone.now())
    page = client.get(WHOLE)
    words = text_of(page)
    assert "Your list starts with one star" in words
    assert words.index("Trending now") < words.index("New in the shop")
    assert cards_of(page) == ["hot", "cold"]
    assert Shopper.objects.count() == 1
    assert not Session.objects.exists()


def test_a_shop_nobody_visited_lately_shows_its_top_rated(client: Client) -> None:
    good, _other = make_product(sku="good"), make_product(sku="other")
    make_rating(make_shopper(), good, 5, now=timezone.now() - timedelta(days=3000))
    page = client.get(WHOLE)
    words = text_of(page)
    assert "Trending now" not in words
    assert words.index("Top rated") < words.index("New in the shop")
    assert cards_of(page) == ["good", "other"]


def test_a_visitor_with_a_history_gets_for_you_first_and_no_product_twice(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, shop.products["garden"][0], 5)
    for number in range(14):
        make_product(sku=f"fresh-{number}")
    page = client.get(WHOLE)
    words, cards = text_of(page), cards_of(page)
    assert words.index("For you It changes") < words.index("Trending now") < words.index("Fresh on the")
    assert "Your list starts with one star" not in words
    assert not repeated(cards)
    assert [sku.split("-")[0] for sku in cards[:5]] == ["garden"] * 5
    assert "Because you rated Garden thing 0 5 stars" in words


def test_for_you_is_the_beginning_of_the_recommendations_page(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shop.gardener)
    whole = cards_of(client.get("/recommendations/"))
    shown = cards_of(client.get("/"))
    assert shown
    assert shown == whole[: len(shown)]


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
    assert cards_of(client.get(WHOLE)) == []


def test_my_stars_are_on_the_cards(client: Client) -> None:
    product = make_product(sku="mine")
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, product, 2)
    assert stars_of(client.get(WHOLE), "mine") == 2


def test_one_rail_comes_with_the_page_and_the_others_by_their_own_addresses(client: Client) -> None:
    shop = open_trained_shop()
    for number in range(30):
        make_product(sku=f"fresh-{number}")
    visit_as(client, shop.gardener)
    page = client.get("/")
    body = page.content.decode()
    assert "Trending now" not in text_of(page)
    addresses = re.findall(r'hx-get="(/rails/[a-z-]+/)"', body)
    assert "/rails/trending/" in addresses
    fragments = [client.get(address) for address in addresses]
    shown = cards_of(page) + [sku for fragment in fragments for sku in cards_of(fragment)]
    assert not repeated(shown)
    assert shown == cards_of(client.get(WHOLE))
    assert all("<html" not in fragment.content.decode() for fragment in fragments)
    assert all("no-cache" in fragment["Cache-Control"] for fragment in fragments)


def test_without_javascript_the_page_moves_on_to_all_rails(client: Client) -> None:
    make_product()
    make_event(make_shopper(), make_product(), now=timezone.now())
    assert '<noscript><meta http-equiv="refresh" content="0; url=/?rails=inline"></noscript>' in (
        client.get("/").content.decode()
    )
    assert "noscript" not in client.get(WHOLE).content.decode()
    assert "rail-later" not in client.get(WHOLE).content.decode()


def test_after_feedback_every_rail_comes_at_once(client: Client) -> None:
    shop = open_trained_shop()
    visit_as(client, shopper := make_shopper())
    assert "For you It changes" not in text_of(client.get("/rails/"))
    make_rating(shopper, shop.products["garden"][0], 5)
    rails = client.get("/rails/")
    assert "For you It changes" in text_of(rails)
    assert "<html" not in rails.content.decode()
    assert cards_of(rails) == cards_of(client.get(WHOLE))


def test_an_empty_rail_is_an_empty_answer_and_an_unknown_one_is_not_found(client: Client) -> None:
    assert client.get("/rails/for-you/").content == b""
    assert client.get("/rails/continue/").status_code == 200
    assert client.get("/rails/everything/").status_code == 404


def test_the_id_box_is_there_where_looking_up_is_open_or_for_staff(client: Client, settings: Any) -> None:
    make_shopper("4711")
    assert 'value="4711"' in client.get("/").content.decode()
    settings.SHOPRECO_OPEN_LOOKUP = False
    assert 'name="shopper"' not in client.get("/").content.decode()
    assert "4711" not in client.get("/").content.decode()
    sign_in(client, is_staff=True)
    assert 'value="4711"' in client.get("/").content.decode()


def test_at_most_15_queries_and_no_more_with_more_rows(
    client: Client, django_assert_max_num_queries: Any, one_minute: None
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


def test_at_most_15_queries_signed_in(
    client: Client, django_assert_max_num_queries: Any, one_minute: None
) -> None:
    shop = open_trained_shop()
    make_rating(sign_in(client), shop.products["kitchen"][0], 5)
    _somebody_was_here_before(shop.cook)
    with django_assert_max_num_queries(15):
        client.get("/")


@pytest.mark.parametrize("address", ["/rails/", WHOLE, *(f"/rails/{key}/" for key in KEYS)])
def test_at_most_15_queries_for_each_rail_and_for_all(
    client: Client, django_assert_max_num_queries: Any, one_minute: None, address: str
) -> None:
    shop = open_trained_shop()
    shopper = sign_in(client)
    make_rating(shopper, shop.products["kitchen"][0], 5)
    make_event(shopper, shop.products["garden"][3])
    _somebody_was_here_before(shop.cook)
    with django_assert_max_num_queries(15):
        client.get(address)
    for number in range(20):
        make_rating(make_shopper(), make_product(category=make_category(parent=make_category())))
        make_rating(shopper, make_product(sku=f"more-{number}"))
    client.get(address)
    with django_assert_max_num_queries(15):
        client.get(address)


def _somebody_was_here_before(shopper: Shopper) -> None:
    """The model is loaded once per process and what is trending is counted once a minute."""
    before = Client()
    visit_as(before, shopper)
    before.get("/")
    before.get("/rails/")
    before.get(WHOLE)
