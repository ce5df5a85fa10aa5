"""What lists say of a product is read once, and again when it has changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog import cards
from catalog.cards import Cards
from catalog.models import Product
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def test_a_card_says_what_the_product_says() -> None:
    garden = make_category("Garden")
    beds = make_category("Beds", parent=garden)
    rake = make_product("Rake", brand="Rakeco", price="12.50", category=beds)
    Product.objects.filter(pk=rake.pk).update(image="products/rake.png")
    rake.refresh_from_db()
    card = Cards().of([rake.pk])[rake.pk]
    for name in ("pk", "sku", "title", "brand", "price", "in_stock", "picture_url", "created_at"):
        assert getattr(card, name) == getattr(rake, name), name
    assert card.get_absolute_url() == rake.get_absolute_url()
    assert card.category is not None and rake.category is not None
    assert card.category.slug == rake.category.slug
    assert card.category.department.name == rake.category.department.name == "Garden"


def test_one_without_category_or_picture_is_ordinary() -> None:
    pot = make_product(stock=0)
    card = Cards().of([pot.pk])[pot.pk]
    assert card.category is None and card.picture_url == pot.picture_url and not card.in_stock


def test_known_cards_are_not_read_again(django_assert_num_queries) -> None:
    pot, pan, lid = make_product(), make_product(), make_product()
    known = Cards()
    with django_assert_num_queries(1):
        known.of([pot.pk, pan.pk])
    with django_assert_num_queries(0):
        assert set(known.of([pan.pk, pot.pk])) == {pot.pk, pan.pk}
    with django_assert_num_queries(1):
        assert set(known.of([pan.pk, lid.pk])) == {pan.pk, lid.pk}


def test_what_is_not_there_is_left_out() -> None:
    assert Cards().of([7]) == {}


def test_what_changed_is_read_again_and_nothing_else(django_assert_num_queries) -> None:
    pot, pan = make_product(price="1"), make_product(price="1")
    known = Cards()
    known.of([pot.pk, pan.pk])
    Product.objects.update(price="2")
    later = known.without([pot.pk])
    with django_assert_num_queries(1):
        prices = {pk: card.price for pk, card in later.of([pot.pk, pan.pk]).items()}
    assert prices == {pot.pk: Decimal(2), pan.pk: Decimal(1)}
    assert known.without(None).of([pan.pk])[pan.pk].price == 2
    assert known.of([pot.pk])[pot.pk].price == 1, "a request that began earlier ends with what it began with"


def test_no_more_are_kept_than_there_is_room_for(monkeypatch) -> None:
    monkeypatch.setattr(cards, "MOST", 3)
    products = [make_product() for _ in range(5)]
    known = Cards()
    for product in products:
        assert known.of([product.pk])[product.pk].sku == product.sku
        assert len(known._known) <= 3
