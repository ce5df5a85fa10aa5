"""A product's own page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from feedback.models import Event, Shopper
from tests.factories import make_category, make_event, make_product, make_rating, make_shopper
from tests.pages import cards_of, repeated, stars_of, text_of
from tests.shop import open_trained_shop
from tests.visits import sign_in, visit_as

pytestmark = pytest.mark.django_db


def test_it_shows_what_the_shop_knows(client: Client) -> None:
    aisle = make_category("Lamps", parent=make_category("Lighting"))
    product = make_product(
        "Paper lamp", sku="lamp.1", brand="Glow", price="49.90", stock=3, category=aisle,
        description="Soft light.\n\nFolds flat.",
        attributes={"colour": "white", "sizes": ["S", "M"], "dimmable": True, "box": {"w": 3}, "empty": ""},
    )  # fmt: skip
    make_rating(make_shopper(), product, 4)
    make_rating(make_shopper(), product, 5)
    words = text_of(client.get("/products/lamp.1/"))
    for part in ["Lighting", "Lamps", "Glow", "£49.90", "Only 3 left", "Soft light.", "4.5", "2",
                 "Colour white", "Sizes S, M", "Dimmable Yes", "Box w: 3", "lamp.1"]:  # fmt: skip
        assert part in words
    assert "Empty" not in words


@pytest.mark.parametrize("attributes", [["a", "list"], "text", 7, {}])
def test_odd_attributes_of_an_import_do_no_harm(client: Client, attributes: Any) -> None:
    make_product(sku="odd", attributes=attributes)
    assert client.get("/products/odd/").status_code == 200


def test_a_product_that_is_not_on_sale_is_a_friendly_404(client: Client) -> None:
    make_product("Secret thing", sku="hidden", is_active=False)
    for sku in ("hidden", "unknown"):
        page = client.get(f"/products/{sku}/")
        assert page.status_code == 404
        assert "This page is not here" in text_of(page)
        assert 'role="search"' in page.content.decode()
        assert "Secret" not in page.content.decode()


def test_sold_out_is_said(client: Client) -> None:
    make_product(sku="gone", stock=0)
    assert "Sold out" in text_of(client.get("/products/gone/"))


def test_similar_and_bought_together_hold_no_product_twice(client: Client) -> None:
    shop = open_trained_shop()
    page = client.get(shop.products["garden"][0].get_absolute_url())
    cards = cards_of(page)
    assert "Bought together" in text_of(page)
    assert "Similar products" in text_of(page)
    assert "garden-0" not in cards
    assert not repeated(cards)
    assert len([sku for sku in cards if sku.startswith("garden")]) > len(cards) / 2


def test_the_page_shows_my_own_stars(client: Client) -> None:
    product = make_product(sku="mine")
    visit_as(client, shopper := make_shopper(is_anonymous=True))
    make_rating(shopper, product, 4)
    assert stars_of(client.get("/products/mine/"), "mine") == 4


def test_a_shoppers_visit_is_a_view_once_an_hour(client: Client) -> None:
    product = make_product(sku="seen")
    visit_as(client, shopper := make_shopper(is_anonymous=True))
    client.get("/products/seen/")
    client.get("/products/seen/")
    assert Event.objects.filter(shopper=shopper, product=product, kind="view").count() == 1


def test_a_first_time_visitor_leaves_no_row(client: Client) -> None:
    make_product(sku="seen")
    client.get("/products/seen/")
    assert not Event.objects.exists()
    assert not Shopper.objects.exists()


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"HX-Request": "true"}]
)
def test_a_prefetch_or_a_refreshed_part_is_no_visit(client: Client, headers: dict[str, str]) -> None:
    make_product(sku="seen")
    visit_as(client, make_shopper(is_anonymous=True))
    client.get("/products/seen/", headers=headers)
    client.head("/products/seen/")
    assert not Event.objects.exists()


def test_looking_as_somebody_else_is_nobodys_visit(client: Client) -> None:
    make_product(sku="seen")
    make_shopper("77")
    visit_as(client, make_shopper(is_anonymous=True))
    client.get("/products/seen/?shopper=77")
    assert not Event.objects.exists()


def test_another_visitors_stars_are_not_shown_by_asking_for_their_id(client: Client) -> None:
    product = make_product(sku="theirs")
    make_rating(make_shopper("visitor-1", is_anonymous=True), product, 3)
    assert stars_of(client.get("/products/theirs/?shopper=visitor-1"), "theirs") == 0


def test_what_was_dismissed_says_so(client: Client) -> None:
    product = make_product(sku="no")
    visit_as(client, shopper := make_shopper(is_anonymous=True))
    assert "You said you are not interested" not in text_of(client.get("/products/no/"))
    make_event(shopper, product, Event.Kind.DISMISS)
    assert "You said you are not interested" in text_of(client.get("/products/no/"))


def test_markup_in_every_text_is_text(client: Client) -> None:
    make_product("<i>T</i>", sku="x", brand="<i>B</i>", description="<i>D</i>", attributes={"<i>k": "<i>v"})
    page = client.get("/products/x/").content.decode()
    assert "<i>" not in page
    assert "&lt;i&gt;T&lt;/i&gt;" in page


def test_the_ratings_spread_over_the_stars_as_a_picture_with_the_table_behind_it(client: Client) -> None:
    product = make_product(sku="lamp")
    assert "What shoppers gave it" not in text_of(client.get("/products/lamp/"))
    for value in (5, 5, 4, 1):
        make_rating(make_shopper(), product, value)
    page = client.get("/products/lamp/")
    words = text_of(page)
    assert "3.8 of 5, from 4 ratings" in words
    assert 'aria-label="4 ratings by stars: 2 with 5, 1 with 4, 0 with 3, 0 with 2, 1 with 1."' in (
        page.content.decode()
    )
    assert "5 2 50 % 4 1 25 % 3 0 0 % 2 0 0 % 1 1 25 %" in words


def test_an_uploaded_picture_is_shown_with_the_drawn_one(client: Client) -> None:
    make_product(sku="drawn")
    make_product(sku="photo", image="products/photo.jpg")
    assert client.get("/products/drawn/").content.decode().count('id="picture-') == 1
    page = client.get("/products/photo/").content.decode()
    assert page.index("products/photo.jpg") < page.index("/products/photo/picture.svg")
    assert 'href="#picture-2"' in page


def test_what_was_opened_before_comes_again_the_newest_first(client: Client) -> None:
    visit_as(client, shopper := make_shopper(is_anonymous=True))
    for sku in ("first", "second", "gone", "turned-down", "now"):
        make_product(sku=sku)
        client.get(f"/products/{sku}/")
    gone, turned_down = (Product.objects.get(sku=sku) for sku in ("gone", "turned-down"))
    Product.objects.filter(pk=gone.pk).update(is_active=False)
    make_event(shopper, turned_down, Event.Kind.DISMISS, now=timezone.now())
    page = client.get("/products/now/")
    assert "Recently viewed" in text_of(page)
    assert cards_of(page) == ["second", "first"]
    Shopper.objects.update(consent=False)
    assert "Recently viewed" not in text_of(client.get("/products/now/"))
    assert "Recently viewed" not in text_of(Client().get("/products/now/"))


def test_both_of_a_pair_are_offered_at_once(client: Client) -> None:
    shop = open_trained_shop()
    page = client.get(shop.products["garden"][0].get_absolute_url()).content.decode()
    form = page[page.index('class="both"') :]
    form = form[: form.index("</form>")]
    assert 'value="garden-0"' in form
    assert f'value="{cards_of(client.get("/products/garden-0/"))[0]}"' in form
    Product.objects.filter(sku="garden-0").update(stock=0)
    assert 'class="both"' not in client.get("/products/garden-0/").content.decode()


def test_at_most_20_queries_and_no_more_with_more_rows(
    client: Client, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is the same for everybody is read once a minute: this all happens within one.
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    shop = open_trained_shop()
    make_rating(sign_in(client), shop.products["garden"][1])
    product = shop.products["garden"][0]
    Client().get(product.get_absolute_url())  # the model is loaded once per process, by whoever comes first
    with django_assert_max_num_queries(20):
        client.get(product.get_absolute_url())
    with django_assert_max_num_queries(20) as again:
        client.get(product.get_absolute_url())
    most = len(again)
    for number in range(10):
        make_rating(make_shopper(), product)
        make_product(category=make_category(), sku=f"more-{number}")
        make_event(shop.cook, product, Event.Kind.PURCHASE, order_ref=f"new-{number}")
    Client().get(product.get_absolute_url())  # so is what changed in the shop
    with django_assert_max_num_queries(most):
        client.get(product.get_absolute_url())
