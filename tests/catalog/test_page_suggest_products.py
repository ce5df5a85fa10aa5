"""What the search box suggests while a shopper types."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from catalog.search.suggest import MOST_OTHERS, MOST_PRODUCTS, suggestions
from tests.factories import make_category, make_product
from tests.pages import text_of

pytestmark = pytest.mark.django_db
ADDRESS = "/search/suggest/"


@pytest.fixture
def shop(db: None) -> None:
    kitchen = make_category("Kitchen & Dining", slug="kitchen")
    make_product(
        "Stoneware mug", sku="mug", category=make_category("Mugs", parent=kitchen), brand="Kiln & Co"
    )
    make_product("Kite, red", sku="kite", category=make_category("Toys"), brand="Airborne", price="12.50")


def labels(typed: str) -> list[tuple[str, str]]:
    return [(item.kind, item.label) for item in suggestions(typed).items]


def test_departments_then_brands_then_products(shop: None) -> None:
    assert labels("ki") == [
        ("department", "Kitchen & Dining"),
        ("brand", "Kiln & Co"),
        ("product", "Kite, red"),
        ("product", "Stoneware mug"),
    ]


def test_they_lead_where_they_say(shop: None, client: Client) -> None:
    page = client.get(ADDRESS, {"q": "ki"}).content.decode()
    hrefs = [unescape(href) for href in re.findall(r'data-href="([^"]+)"', page)]
    assert hrefs[:3] == ["/products/?department=kitchen", "/products/?brand=Kiln+%26+Co", "/products/kite/"]
    for href in hrefs:
        assert client.get(href).status_code == 200


def test_options_are_a_listboxs_and_numbered(shop: None, client: Client) -> None:
    page = client.get(ADDRESS, {"q": "ki"}).content.decode()
    ids = re.findall(r'role="option" id="([^"]+)" aria-selected="false"', page)
    assert ids == [f"suggest-{n}" for n in range(1, len(ids) + 1)]
    assert len(ids) >= 3


def test_prices_and_pictures_of_products_are_shown(shop: None, client: Client) -> None:
    page = client.get(ADDRESS, {"q": "kite"})
    assert "£12.50" in text_of(page)
    assert (
        'src="/products/kite/picture.svg" alt="" width="40" height="40" loading="lazy"'
        in page.content.decode()
    )


def test_a_slip_is_forgiven_and_said(shop: None, client: Client) -> None:
    page = client.get(ADDRESS, {"q": "stonewrae"})
    assert "Results for stoneware" in text_of(page)
    assert "Stoneware mug" in text_of(page)


def test_nothing_invisible_is_given_away(client: Client) -> None:
    attic = make_category("Secret attic")
    make_product("Secret lamp", brand="Secretive", category=attic, is_active=False)
    make_category("Secret cellar")  # empty: leads nowhere
    for typed in ("se", "secret", "secert", "secretive"):
        assert labels(typed) == []
        assert "ecret" not in client.get(ADDRESS, {"q": typed}).content.decode()


@pytest.mark.parametrize("typed", ["", " ", "a", "%", "\x00", "''", "🪴"])
def test_too_little_to_go_on_is_an_empty_list(shop: None, client: Client, typed: str) -> None:
    response = client.get(ADDRESS, {"q": typed})
    assert response.status_code == 200
    assert response.content.strip() == b""


def test_without_a_question_there_is_an_empty_list(client: Client) -> None:
    assert client.get(ADDRESS).status_code == 200


def test_markup_in_names_is_text(client: Client) -> None:
    make_product("<img src=x onerror=alert(1)> lamp", brand='"><script>x</script>',
                 category=make_category("<b>Lamps</b>"))  # fmt: skip
    for typed in ("lamp", "script", "img"):
        page = client.get(ADDRESS, {"q": typed}).content.decode()
        assert "<img src=x" not in page
        assert "<script>" not in page
        assert "<b>" not in page


def test_only_a_few_of_many_and_the_same_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    kitchen = make_category("Lamps")
    for number in range(30):
        aisle = make_category(f"Lamp aisle {number}", parent=kitchen)
        make_product(f"Lamp {number}", brand=f"Lamper {number}", category=aisle)
    kinds = [kind for kind, _ in labels("lamp")]
    assert kinds.count("product") == MOST_PRODUCTS
    assert kinds.count("brand") == kinds.count("department") == MOST_OTHERS
    with django_assert_max_num_queries(6):
        client.get(ADDRESS, {"q": "lamp"})


def test_only_reading_is_answered(client: Client) -> None:
    assert client.post(ADDRESS).status_code == 405


def test_the_search_box_is_a_plain_form_that_knows_where_to_ask(client: Client) -> None:
    page = client.get("/products/").content.decode()
    form = re.search(r'<form class="search".*?</form>', page, re.DOTALL)
    assert form is not None
    assert f'data-suggest-url="{ADDRESS}"' in form.group(0)
    assert 'action="/products/" method="get"' in form.group(0)
    assert 'type="submit"' in form.group(0)
