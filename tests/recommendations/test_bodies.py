"""What is said of a product in a list is valid JSON, written once for each address of the shop."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.cards import Cards
from catalog.models import Product
from recommendations.api import bodies
from recommendations.api.bodies import body_of
from recommendations.serving.results import Listed, Strategy
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db

ROOT = "https://shop.example"
NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_written", {})


def listed(*products: Product, cards: Cards, root: str = ROOT) -> list[dict[str, object]]:
    known = cards.of([product.pk for product in products])
    shown, count = [known[product.pk] for product in products], len(products)
    none: list[Any] = [None] * count
    found = Listed(
        shown, [0.5] * count, ["So"] * count, none, none, none, [False] * count, count,
        Strategy.NEWEST, None, NOW,
    )  # fmt: skip
    answer: dict[str, list[dict[str, object]]] = json.loads(body_of(found, root=root, explain=False))
    return answer["items"]


def test_whatever_a_shop_writes_is_told_as_it_was_written() -> None:
    aisle = make_category("Töpfe", slug="pots")
    pot = make_product('Pot "5\\" | 鍋\n\t\x01', brand="O'Neill & Söhne </b>", price="0.5", category=aisle)
    Product.objects.filter(pk=pot.pk).update(image="products/a b.png")
    pot.refresh_from_db()
    (item,) = listed(pot, cards=Cards())
    assert item == {
        "sku": pot.sku, "title": pot.title, "brand": pot.brand, "category": "pots", "price": "0.50",
        "in_stock": True, "url": ROOT + pot.get_absolute_url(), "picture": ROOT + pot.picture_url,
        "score": 0.5, "predicted_rating": None, "reason": "So", "explored": False,
    }  # fmt: skip


def test_a_product_of_no_category_and_out_of_stock_says_so() -> None:
    (item,) = listed(make_product(stock=0, price="1234567.89"), cards=Cards())
    assert (item["category"], item["in_stock"], item["price"]) == (None, False, "1234567.89")


def test_what_is_said_is_written_again_only_for_a_product_that_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pot, pan, written = make_product("Pot"), make_product("Pan"), bodies._said_of
    calls: list[str] = []

    def listened(card: Any, root: str) -> str:
        calls.append(card.title)
        return written(card, root)

    monkeypatch.setattr(bodies, "_said_of", listened)
    listed(pot, pan, cards=Cards())
    Product.objects.filter(pk=pan.pk).update(title="Wok")
    assert [item["title"] for item in listed(pot, pan, cards=Cards())] == ["Pot", "Wok"]
    assert calls == ["Pot", "Pan", "Wok"]


def test_each_address_of_the_shop_is_told_its_own_links() -> None:
    pot, cards = make_product(), Cards()
    for root in (ROOT, "http://shop.test", ROOT):
        assert listed(pot, cards=cards, root=root)[0]["url"] == root + pot.get_absolute_url()


def test_ever_other_addresses_fill_no_memory() -> None:
    pot, cards = make_product(), Cards()
    for number in range(3 * bodies.ROOTS):
        root = f"https://{number}.example"
        assert str(listed(pot, cards=cards, root=root)[0]["picture"]).startswith(root)
        assert len(bodies._written) <= bodies.ROOTS


def test_of_too_many_texts_the_first_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST", 4)
    products, cards = [make_product() for _ in range(7)], Cards()
    for product in products:
        assert listed(product, cards=cards)[0]["sku"] == product.sku
        assert len(bodies._written[ROOT]) <= 4
    assert products[-1].pk in bodies._written[ROOT]
    assert products[0].pk not in bodies._written[ROOT]
