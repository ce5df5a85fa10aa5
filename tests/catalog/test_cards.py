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


def test_whatever_a_shop_writes_is_read_as_it_was_written() -> None:
    cat = make_category('Kettles | "Pots"')
    pot = make_product('Pot "Größe 5" | 鍋\n', brand="O'Neill, \\ & Söhne", price="0.05", category=cat)
    card = Cards().of([pot.pk])[pot.pk]
    assert (card.title, card.brand, card.price) == (pot.title, pot.brand, Decimal("0.05"))
    assert card.category is not None and card.category.name == cat.name
    assert card.created_at == pot.created_at


def test_the_character_between_fields_is_a_blank_inside_of_them() -> None:
    pot = make_product(f"Copper{cards.SEPARATOR}pot", brand=f"{cards.SEPARATOR}Potter")
    card = Cards().of([pot.pk])[pot.pk]
    assert (card.title, card.brand, card.sku, card.price) == ("Copper pot", " Potter", pot.sku, Decimal(10))


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


def test_cards_for_a_single_use_are_not_kept(django_assert_num_queries) -> None:
    pot, known = make_product(), Cards()
    with django_assert_num_queries(2):
        assert known.once([pot.pk]) == known.once([pot.pk, pot.pk + 1])


class TestReadingAhead:
    @pytest.fixture(autouse=True)
    def small_parts(self, monkeypatch) -> None:
        monkeypatch.setattr(cards, "CHUNK", 2)
        self.products = [make_product(f"Pot {number} ö", price=number) for number in range(5)]

    def ids(self) -> list[int]:
        return [product.pk for product in self.products]

    def test_what_was_read_ahead_is_what_would_have_been_read(self, django_assert_num_queries) -> None:
        read, ahead = Cards().of(self.ids()), Cards()
        ahead.read_ahead()
        with django_assert_num_queries(0):
            assert ahead.of(self.ids()) == ahead.once(self.ids()) == read
        assert list(ahead.of(reversed(self.ids()))) == self.ids()[::-1], "in the order asked for"

    def test_what_changed_since_is_read_again_and_what_is_new_is_read(
        self, django_assert_num_queries
    ) -> None:
        first = Cards()
        first.read_ahead()
        first.of(self.ids()[:2])
        Product.objects.filter(pk__in=self.ids()[1:3]).update(title="Pan")
        new, gone = make_product("New").pk, self.ids()[4]
        Product.objects.filter(pk=gone).delete()
        later = first.without([*self.ids()[1:3], new, gone])
        with django_assert_num_queries(1):
            titles = {pk: card.title for pk, card in later.of([*self.ids(), new]).items()}
        assert [titles.get(pk) for pk in self.ids()] == ["Pot 0 ö", "Pan", "Pan", "Pot 3 ö", None]
        assert titles[new] == "New"
        assert first.of(self.ids())[gone].title == "Pot 4 ö", "a request that began earlier"

    def test_nothing_is_known_ahead_once_everything_may_have_changed(self, django_assert_num_queries) -> None:
        ahead = Cards()
        ahead.read_ahead()
        with django_assert_num_queries(1):
            ahead.without(None).of(self.ids())

    def test_of_a_catalogue_too_large_for_that_nothing_is_read(
        self, monkeypatch, django_assert_num_queries
    ) -> None:
        monkeypatch.setattr(cards, "MOST_AHEAD", 4)
        ahead = Cards()
        ahead.read_ahead()
        with django_assert_num_queries(1):
            assert len(ahead.of(self.ids())) == 5

    def test_a_shop_without_products_is_read_in_no_time(self) -> None:
        Product.objects.all().delete()
        empty = Cards()
        empty.read_ahead()
        assert empty.of([1]) == {}
