"""What completes a basket: bought together with all of it, never what is in it or cannot be had."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from feedback.models import Event, Shopper
from recommendations.serving.complete import complete_basket
from recommendations.serving.results import Strategy
from recommendations.serving.snapshot import current
from tests.factories import NOW, make_category, make_event, make_product, make_shopper
from tests.pages import cards_of, text_of

pytestmark = pytest.mark.django_db
FRAGMENT = "/basket/complete/"


def bought(*baskets: list[Product], by: Shopper | None = None) -> None:
    for products in baskets:
        shopper = by or make_shopper()
        for product in products:
            make_event(
                shopper, product, Event.Kind.PURCHASE, order_ref=f"order-{Event.objects.count()}-{shopper.pk}"
            )
        Event.objects.filter(shopper=shopper).update(order_ref=f"order-{shopper.pk}")


def skus(products: list[Product], **options: Any) -> list[str]:
    return [item.product.sku for item in complete_basket(products, now=NOW, **options).items]


@pytest.fixture
def shop() -> dict[str, Product]:
    """pot and lid go together, so do pan and oil; salt goes with both; soap is in every order."""
    things = {
        name: make_product(name.title(), sku=name) for name in ("pot", "lid", "pan", "oil", "salt", "soap")
    }
    pot, lid, pan, oil, salt, soap = things.values()
    bought(*[[pot, lid, salt, soap]] * 3, *[[pan, oil, salt, soap]] * 3, *[[soap]] * 6)
    return things


def test_what_goes_with_one_product_comes_with_its_reason(shop: dict[str, Product]) -> None:
    found = complete_basket([shop["pot"]], now=NOW)
    assert found.strategy == Strategy.BOUGHT_TOGETHER
    assert [item.product.sku for item in found.items] == ["lid", "salt"]
    first = found.items[0]
    assert (first.reason.text, first.reason.product, first.reason.share) == (
        "Often ordered with Pot", shop["pot"], 1.0,
    )  # fmt: skip


def test_what_is_in_every_order_is_no_completion(shop: dict[str, Product]) -> None:
    assert "soap" not in skus([shop["pot"]]), "soap is not ordered with pots more often than by chance"


def test_what_goes_with_more_of_the_basket_comes_first(shop: dict[str, Product]) -> None:
    assert skus([shop["pot"], shop["pan"]])[0] == "salt"
    assert set(skus([shop["pot"], shop["pan"]])) == {"salt", "lid", "oil"}


def test_what_is_in_the_basket_or_cannot_be_had_is_left_out(shop: dict[str, Product]) -> None:
    assert skus([shop["pot"], shop["lid"]]) == ["salt"]
    Product.objects.filter(sku="salt").update(stock=0)
    assert skus([shop["pot"]]) == ["lid"]
    Product.objects.filter(sku="lid").update(is_active=False)
    assert skus([shop["pot"]]) == []


def test_a_part_is_the_share_of_the_orders_lessened_by_how_common_the_other_is(
    shop: dict[str, Product],
) -> None:
    # The pot is in 3 orders, all with the lid, which is in no other; the salt is in 6.
    lid, salt = complete_basket([shop["pot"]], now=NOW).items
    assert lid.score == pytest.approx(3 / (3 + 20) / 3**0.4)
    assert salt.score == pytest.approx(3 / (3 + 20) / 6**0.4)


def test_a_pair_that_chance_may_have_made_is_no_completion() -> None:
    """Twice together is more than expected, yet nothing to be sure of among orders that often hold both."""
    pot, lid, cup = make_product(sku="pot"), make_product(sku="lid"), make_product(sku="cup")
    bought(*[[pot, lid]] * 2, *[[pot]] * 3, *[[lid]] * 3, *[[cup]] * 10)
    assert 2 > 5 * 5 / 18
    assert skus([pot]) == []


def test_what_is_ordered_most_does_not_drown_the_rest_of_the_basket() -> None:
    """Bread is in 40 orders, 10 of them with butter; the rare kit is in 5, all with its tool."""
    bread, butter, kit, tool, cup = (
        make_product(sku=name) for name in ("bread", "butter", "kit", "tool", "cup")
    )
    bought(*[[bread, butter]] * 10, *[[bread]] * 30, *[[kit, tool]] * 5, *[[cup]] * 40)
    assert skus([bread, kit]) == ["tool", "butter"]


def test_once_is_chance_and_twice_is_a_pattern() -> None:
    pot, lid, other = make_product(sku="pot"), make_product(sku="lid"), make_product()
    bought([pot, lid], [other], [other], [other], [other])
    assert skus([pot]) == []
    bought([pot, lid])
    assert skus([pot]) == ["lid"]


def test_without_consent_an_order_is_not_used(shop: dict[str, Product]) -> None:
    Shopper.objects.update(consent=False)
    assert skus([shop["pot"]]) == []


def test_an_empty_basket_and_a_shop_without_orders_have_nothing(django_assert_num_queries: Any) -> None:
    assert complete_basket([], now=NOW).items == ()
    assert complete_basket([make_product()], now=NOW).items == ()


def test_as_many_queries_for_a_full_basket(
    shop: dict[str, Product], django_assert_max_num_queries: Any
) -> None:
    complete_basket([shop["pot"]], now=NOW)
    with django_assert_max_num_queries(6) as one:
        complete_basket([shop["pot"]], now=NOW)
    with django_assert_max_num_queries(len(one)):
        complete_basket(list(shop.values())[:4], now=NOW)


class TestThePage:
    def test_the_part_follows_the_basket(self, client: Client, shop: dict[str, Product]) -> None:
        client.post("/basket/add/", {"sku": "pot"})
        part = client.get(FRAGMENT, headers={"HX-Request": "true"})
        assert cards_of(part) == ["lid", "salt"]
        assert "<html" not in part.content.decode()
        client.post("/basket/add/", {"sku": "lid"})
        assert cards_of(client.get(FRAGMENT, headers={"HX-Request": "true"})) == ["salt"]

    def test_nothing_to_add_is_nothing_at_all(self, client: Client) -> None:
        assert client.get(FRAGMENT, headers={"HX-Request": "true"}).content.strip() == b""

    def test_without_javascript_it_is_a_page(self, client: Client, shop: dict[str, Product]) -> None:
        assert FRAGMENT not in client.get("/basket/").content.decode()
        client.post("/basket/add/", {"sku": "pot"})
        assert f'href="{FRAGMENT}"' in client.get("/basket/").content.decode()
        page = client.get(FRAGMENT)
        assert cards_of(page) == ["lid", "salt"] and "<html" in page.content.decode()
        assert "Your basket is complete" in text_of(Client().get(FRAGMENT))

    def test_at_most_15_queries(
        self, client: Client, shop: dict[str, Product], django_assert_max_num_queries: Any
    ) -> None:
        department = make_category(parent=make_category())
        Product.objects.update(category=department)
        for sku in shop:
            client.post("/basket/add/", {"sku": sku})
            client.post("/basket/change/", {"sku": sku, "quantity": "0"} if sku in ("lid", "oil") else {})
        current()  # what changed in the shop is read once per process
        with django_assert_max_num_queries(15):
            assert len(cards_of(client.get(FRAGMENT))) == 2
