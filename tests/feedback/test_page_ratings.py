"""The page of one's own ratings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from feedback.account_views import PER_PAGE
from tests.factories import NOW, make_category, make_product, make_rating, make_shopper
from tests.pages import stars_of, text_of
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db
PAGE = "/accounts/ratings/"


def test_a_visitor_without_ratings_is_shown_where_to_begin(client: Client) -> None:
    assert "No stars given yet" in text_of(client.get(PAGE))


def test_own_ratings_newest_first_with_their_stars(client: Client) -> None:
    shopper = sign_in(client)
    make_rating(shopper, make_product("Older", sku="a"), 2)
    make_rating(shopper, make_product("Newer", sku="b"), 5, now=NOW + timedelta(days=1))
    make_rating(make_shopper(), make_product("Not mine"), 5)
    page = client.get(PAGE)
    words = text_of(page)
    assert words.index("Newer") < words.index("Older")
    assert "Not mine" not in words
    assert (stars_of(page, "a"), stars_of(page, "b")) == (2, 5)


def test_a_product_out_of_the_shop_stays_listed_without_a_link(client: Client) -> None:
    visit_as(client, shopper := make_shopper())
    product = make_product("Gone thing", sku="gone")
    make_rating(shopper, product)
    type(product).objects.update(is_active=False)
    page = client.get(PAGE)
    assert "Gone thing no longer in the shop" in text_of(page)
    assert 'href="/products/gone/"' not in page.content.decode()


def test_anothers_ratings_are_theirs(client: Client, settings: Any) -> None:
    account, visitor = sign_in(Client(), "berta"), make_shopper("visitor-1", is_anonymous=True)
    for shopper in (account, visitor):
        make_rating(shopper, make_product("Private thing"))
        page = client.get(PAGE, {"shopper": shopper.external_id})
        assert page.status_code == 403
        assert "Private thing" not in page.content.decode()
    make_shopper("4711")
    assert client.get(PAGE, {"shopper": "4711"}).status_code == 200
    settings.SHOPRECO_OPEN_LOOKUP = False
    assert client.get(PAGE, {"shopper": "4711"}).status_code == 403


def test_many_ratings_take_pages_and_no_more_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    visit_as(client, shopper := make_shopper())
    make_rating(shopper, make_product(category=make_category(parent=make_category())))
    with django_assert_max_num_queries(8) as few:
        client.get(PAGE)
    number_of_queries = len(few)
    for _ in range(PER_PAGE):
        make_rating(shopper, make_product(category=make_category(parent=make_category())))
    with django_assert_max_num_queries(number_of_queries):
        page = client.get(PAGE)
    assert page.content.decode().count('class="rating-row"') == PER_PAGE
    assert client.get(PAGE, {"page": "2"}).content.decode().count('class="rating-row"') == 1
