"""How products look: cut up once, followed when they change, forgotten before there are too many."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from catalog.cards import Cards
from catalog.models import Product
from recommendations.engine.variety import likeness
from recommendations.serving import looks, snapshot
from recommendations.serving.looks import looks_of
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def alike(*products: Product) -> Any:
    shop = snapshot.current()
    ids = np.array([product.pk for product in products], np.int64)
    return likeness(looks_of(ids, shop.catalogue.positions(ids), shop))


def test_products_are_as_alike_as_their_titles_aisles_and_brands() -> None:
    home = make_category("Home")
    kitchen = make_category("Kitchen", parent=home)
    mug, jug = (make_product(title, category=kitchen, brand="Potter") for title in ("Blue mug", "Blue jug"))
    rake = make_product("Rake", category=make_category("Garden"), brand="Smith")
    table = alike(mug, jug, rake)
    assert table[0, 1] == pytest.approx(0.4 / 2 + 0.3 + 0.1 + 0.2)
    assert table[0, 2] == table[1, 2] == 0
    assert table.diagonal().tolist() == pytest.approx([1, 1, 1])


def looked_at() -> int:
    """How many looks are kept."""
    return len(snapshot.current().looks._kept[0])


def test_a_look_is_cut_up_once_and_asking_again_takes_no_query(django_assert_num_queries: Any) -> None:
    products = [make_product(title) for title in ("Blue mug", "Blue jug", "Oak table")]
    first, shop = alike(*products), snapshot.current()
    ids = np.array([product.pk for product in products], np.int64)
    with django_assert_num_queries(0):
        again = looks_of(ids[::-1].copy(), shop.catalogue.positions(ids[::-1]), shop)
    np.testing.assert_allclose(likeness(again)[::-1, ::-1], first)
    assert looked_at() == 3


def test_only_what_was_not_looked_at_yet_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    mug, jug, rake, pot = (make_product(title) for title in ("Blue mug", "Blue jug", "Rake", "Blue pot"))
    alike(mug, rake)
    asked: list[list[int]] = []
    read = Cards.of

    def listened(cards: Cards, ids: Any) -> Any:
        asked.append(list(ids))
        return read(cards, ids)

    monkeypatch.setattr(Cards, "of", listened)
    table = alike(rake, jug, mug, pot)
    assert asked == [[jug.pk, pot.pk]]
    assert table[1, 2] == pytest.approx(table[2, 3]) == pytest.approx(0.2)
    assert table[0, 1:].tolist() == [0, 0, 0], "each look is that of its own product"


def test_a_new_title_is_a_new_look_at_once() -> None:
    mug, jug = make_product("Blue mug"), make_product("Oak table")
    before = alike(mug, jug)[0, 1]
    jug.title = "Blue mug"
    jug.save()
    assert alike(mug, jug)[0, 1] > before


def test_a_product_deleted_in_this_very_moment_is_like_nothing() -> None:
    mug, jug = make_product("Blue mug"), make_product("Blue mug")
    shop, ids = snapshot.current(), np.array([mug.pk, jug.pk], np.int64)
    at = shop.catalogue.positions(ids)
    Product.objects.filter(pk=jug.pk).delete()
    assert likeness(looks_of(ids, at, shop)).tolist()[1] == [0, 0]


def test_a_change_of_one_product_leaves_the_looks_of_the_others(django_assert_num_queries: Any) -> None:
    mug, jug, rake = (make_product(title) for title in ("Blue mug", "Blue jug", "Rake"))
    before = alike(mug, jug, rake)
    Product.objects.filter(pk=rake.pk).update(title="Blue rake")
    after = alike(mug, jug, rake)
    assert looked_at() == 4, "three, and the one that changed"
    assert after[0, 2] > before[0, 2] and after[0, 1] == before[0, 1]


def test_looks_stay_with_their_products_when_others_come_and_go() -> None:
    lamp, mug, jug, rake = (make_product(title) for title in ("Lamp", "Blue mug", "Blue jug", "Rake"))
    before = alike(mug, jug, rake)
    lamp.delete()
    make_product("Blue pot")
    np.testing.assert_array_equal(alike(mug, jug, rake), before)
    assert looked_at() == 3


def test_what_an_older_list_sees_is_as_it_was() -> None:
    mug, jug = make_product("Blue mug"), make_product("Oak table")
    shop, ids = snapshot.current(), np.array([mug.pk, jug.pk], np.int64)
    at = shop.catalogue.positions(ids)
    before = likeness(looks_of(ids, at, shop))
    Product.objects.filter(pk=jug.pk).update(title="Blue mug")
    alike(mug, jug)
    np.testing.assert_array_equal(likeness(looks_of(ids, at, shop)), before)


def test_when_everything_may_have_changed_everything_is_looked_at_again() -> None:
    mug, jug = make_product("Blue mug"), make_product("Blue jug")
    alike(mug, jug)
    shop = snapshot.current()
    later = shop.looks.after(shop.catalogue, None)
    assert len(later._kept[0]) == 0
    assert shop.looks.after(shop.catalogue, []) is shop.looks, "a rule was changed, no product"


def test_a_shop_that_was_empty_is_followed() -> None:
    empty = snapshot.current()
    mug = make_product("Blue mug")
    shop = snapshot.current()
    followed = empty.looks.after(shop.catalogue, [mug.pk])
    ids = np.array([mug.pk], np.int64)
    assert len(followed.of(ids, shop.catalogue.positions(ids), shop.cards)) == 1


def test_of_too_many_looks_all_are_forgotten_and_those_asked_for_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looks, "MOST", 2)
    words = ("mug", "jug", "rake", "chair", "table", "lamp")
    products = [make_product(word) for word in words]
    for one, other in pairwise(products):
        table = alike(one, other)
        assert table[0, 1] == table[1, 0] == 0 and table.diagonal().tolist() == pytest.approx([0.4, 0.4])
        assert looked_at() <= 2 + 2
    assert looked_at() < len(products)


class TestLookingAhead:
    @pytest.fixture(autouse=True)
    def small_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(looks, "CHUNK", 2)
        home = make_category("Home")
        titles = ("Blue mug", "Blue jug", "Rake", "Oak table", "Oak chair")
        self.products = [make_product(title, category=home, brand="Potter") for title in titles]

    def test_looks_seen_ahead_are_what_lists_would_have_seen(self, django_assert_num_queries: Any) -> None:
        found = alike(*self.products)
        snapshot.forget()
        shop = snapshot.current()
        shop.looks.read_ahead(shop.cards)
        assert looked_at() == 5
        with django_assert_num_queries(1):  # the shop's state
            np.testing.assert_array_equal(alike(*self.products), found)
        assert looked_at() == 5

    def test_only_what_changed_is_looked_at_again(self) -> None:
        shop = snapshot.current()
        shop.looks.read_ahead(shop.cards)
        Product.objects.filter(pk=self.products[2].pk).update(title="Blue rake")
        assert alike(*self.products)[0, 2] > alike(*self.products)[0, 3]
        assert looked_at() == 6

    def test_more_than_leave_room_for_changes_are_not_looked_at(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(looks, "MOST", 9)
        shop = snapshot.current()
        shop.looks.read_ahead(shop.cards)
        assert looked_at() == 0
