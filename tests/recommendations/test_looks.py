"""How products look: cut up once, followed when they change, forgotten before there are too many."""

from __future__ import annotations

import gc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from catalog.models import Product
from recommendations.engine.variety import likeness
from recommendations.serving import looks, snapshot
from recommendations.serving.looks import looks_of
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_looks", looks._Looks())


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


def test_a_look_is_cut_up_once_and_asking_again_takes_no_query(django_assert_num_queries: Any) -> None:
    products = [make_product(title) for title in ("Blue mug", "Blue mug", "Oak table")]
    first, shop = alike(*products), snapshot.current()
    assert len(looks._looks.table) == 2, "what looks the same is kept once"
    ids = np.array([product.pk for product in products], np.int64)
    with django_assert_num_queries(0):
        again = looks_of(ids[::-1].copy(), shop.catalogue.positions(ids[::-1]), shop)
    np.testing.assert_allclose(likeness(again)[::-1, ::-1], first)


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


def test_of_too_many_looks_all_are_forgotten_and_those_asked_for_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looks, "MOST", 2)
    words = ("mug", "jug", "rake", "chair", "table", "lamp")
    products = [make_product(word) for word in words]
    for one, other in pairwise(products):
        assert alike(one, other)[0, 1] == pytest.approx(alike(one, other)[1, 0])
        assert len(looks._looks.table) <= 2 + 2
    assert set(looks._looks.rows) != {(word, None, None, "") for word in words}


def test_what_was_known_of_an_older_shop_goes_with_it() -> None:
    mug, jug = make_product("Mug"), make_product("Jug")
    alike(mug, jug)
    make_product("Rake")
    alike(mug, jug)
    snapshot.forget()
    gc.collect()
    assert len(looks._looks.of) <= 1
