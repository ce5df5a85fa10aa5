"""Whatever is typed into the search is an ordinary search."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Product
from catalog.search.finding import find
from catalog.search.index import match
from catalog.search.suggest import suggestions
from catalog.search.words import MAX_LENGTH, MAX_TERMS, parse
from tests.factories import make_category, make_product
from tests.pages import cards_of, text_of

pytestmark = pytest.mark.django_db

NASTY = [
    '"', "'", '""', "' OR 1=1 --", "*", "lamp*", "-lamp", "+lamp", "(lamp", "lamp)", "lamp AND", "NOT lamp",
    "OR", "NEAR(lamp oak, 2)", "title:lamp", "{title brand}: lamp", "^lamp", "lamp:*", "lamp & oak",
    "lamp | !oak", "lamp <-> oak", "\\", "\\'", "%", "_", "%s", "%(a)s", "{}", "{{ lamp }}",
    "<script>alert(1)</script>", "a\x00b", "\x00", "\x1f\x7f", "\ud7ff", "🪴", "🪴 lamp", "١٢٣", "日本語",
    "ﬁne", "Ⅷ", "e\u0301" * 60, "\u0301", "a" * 10_000, "lamp " * 2_000, "'" * 10_000, "🪴" * 10_000,
    "\u202elamp", "\ufeffLamp", "lamp\tand\nlamp", "ß", "İ", "ǅ", "½",
]  # fmt: skip
BESIDE = ["lamp*", "-lamp", "(lamp", '"lamp"', "lamp:", "lamp & oak", "🪴 lamp", "^lamp"]


@pytest.fixture
def shop(db: None) -> None:
    make_product("Oak lamp", sku="lamp", brand="O'Neil", category=make_category("Light & Air"))
    make_product("100% wool <b>rug</b>", sku="rug")


@pytest.mark.parametrize("text", NASTY)
def test_nothing_typed_breaks_the_page_the_suggestions_or_the_api(
    shop: None, client: Client, text: str
) -> None:
    page = client.get("/products/", {"q": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert client.get("/search/suggest/", {"q": text}).status_code == 200
    assert client.get("/api/v1/products", {"search": text}).status_code in (200, 400)
    assert Product.objects.count() == 2


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_looked_for(shop: None, text: str) -> None:
    query = parse(text)
    assert len(query.terms) <= MAX_TERMS
    assert set(match(query)) <= set(Product.objects.values_list("pk", flat=True))
    assert (find(text) is None) == (not query)
    suggestions(text)


@given(st.text(alphabet="ab'\"*:()-^ \x00é", max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_title_is_found_by_its_own_words(db: None, text: str) -> None:
    Product.objects.all().delete()
    title = text.replace("\x00", " ")
    make_product(title or "x", sku="SKU-found-by-title")
    words = [" ".join(term) for term in parse(title).terms]
    for word in words:
        assert match(parse(word)), word


@pytest.mark.parametrize("text", BESIDE)
def test_signs_beside_a_word_do_not_hide_it(shop: None, client: Client, text: str) -> None:
    assert cards_of(client.get("/products/", {"q": text})) == ["lamp"]


def test_a_very_long_search_is_cut_and_says_so(shop: None, client: Client) -> None:
    page = client.get("/products/", {"q": "lamp " * 2_000})
    assert cards_of(page) == ["lamp"]
    assert f"Only the first {MAX_LENGTH} letters" in text_of(page)


def test_operators_of_the_database_are_words(shop: None) -> None:
    make_product("Not or and near", sku="words")
    found = find("NOT OR AND NEAR")
    assert found is not None
    assert list(Product.objects.filter(pk__in=found.ids).values_list("sku", flat=True)) == ["words"]


@pytest.mark.parametrize(
    "params",
    [
        {"brand": ["x"] * 500}, {"attr.": ["x"]}, {"attr.x": [""]}, {"attr.'; DROP TABLE x": ["' OR 1=1"]},
        {f"attr.{n}": ["x"] for n in range(200)}, {"department": ["x" * 5_000]}, {"page": ["-1"]},
        {"page": ["9" * 400]}, {"min_price": ["1e400"]}, {"min_price": ["9" * 400]}, {"rating": ["4", "3"]},
        {"max_price": ["Infinity"]}, {"min_price": ["-0"]}, {"min_price": ["١٢"]}, {"shopper": ["\x00"]},
    ],
)  # fmt: skip
def test_no_parameter_breaks_the_page(shop: None, client: Client, params: dict[str, list[str]]) -> None:
    assert client.get("/products/", params).status_code in (200, 404)
