"""The counts beside each choice are those of a count by hand, whatever is chosen."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Category, Product
from catalog.search import facets
from catalog.search.asking import read
from catalog.search.filters import STARS, Filters
from catalog.search.listing import Selection, listed, select
from catalog.selectors import departments
from tests.factories import make_category, make_product
from tests.pages import cards_of, text_of

pytestmark = pytest.mark.django_db
BRANDS, COLOURS, SIZES = ["", "Acme", "O'Neil & Co", "Zed"], ["blue", "red", "50% grey"], ["S", "M", "L"]


@pytest.fixture
def shop(db: None) -> list[Category]:
    """Sixty products of every kind, the same in every run; the categories they are in."""
    draw = random.Random(7)
    garden, kitchen = make_category("Garden"), make_category("Kitchen")
    shelves = [garden, make_category("Tools", parent=garden), make_category("Pots", parent=garden), kitchen]
    for number in range(60):
        rated = draw.choice([0, 0, 1, 3])
        make_product(
            f"{draw.choice(['Green', 'Old'])} thing {number}",
            category=draw.choice([*shelves, None]), brand=draw.choice(BRANDS),
            price=Decimal(draw.choice(["0", "4.99", "5", "9.99", "10", "19.5", "120", "7000"])),
            stock=draw.choice([0, 1, 9]), is_active=draw.random() > 0.15,
            rating_count=rated, rating_total=sum(draw.randint(1, 5) for _ in range(rated)),
            attributes={"colour": draw.choice(COLOURS), "sizes": draw.sample(SIZES, draw.randint(0, 3))},
        )  # fmt: skip
    return shelves


def passes(product: Product, filters: Filters, but: str = "") -> bool:
    """What the filters mean, said in plain Python."""
    category = filters.category
    mine = product.category
    checks = {
        "department": category is None or (mine is not None and category.pk in (mine.pk, mine.parent_id)),
        "brand": not filters.brands or product.brand in filters.brands,
        "price": (filters.min_price is None or product.price >= filters.min_price)
        and (filters.max_price is None or product.price <= filters.max_price),
        "rating": filters.rating is None
        or (product.rating_count > 0 and product.rating_total / product.rating_count >= filters.rating),
        "stock": not filters.in_stock or product.stock > 0,
        "colour": not filters.values_of("colour")
        or product.attributes["colour"] in filters.values_of("colour"),
        "sizes": not filters.values_of("sizes")
        or bool(set(product.attributes["sizes"]) & set(filters.values_of("sizes"))),
    }
    return all(passed for name, passed in checks.items() if name != but)


FILTERS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    shelf=st.sampled_from([None, 0, 1, 2, 3]),
    brands=st.lists(st.sampled_from(BRANDS[1:]), max_size=2, unique=True).map(sorted).map(tuple),
    min_price=st.sampled_from([None, Decimal("5"), Decimal("9.99")]),
    max_price=st.sampled_from([None, Decimal("10"), Decimal("120")]),
    rating=st.sampled_from([None, *STARS]),
    in_stock=st.booleans(),
    colours=st.lists(st.sampled_from(COLOURS), max_size=2, unique=True).map(sorted).map(tuple),
    sizes=st.lists(st.sampled_from(SIZES), max_size=2, unique=True).map(sorted).map(tuple),
    words=st.sampled_from(["", "green", "thing"]),
)


@given(chosen=FILTERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_count_is_what_counting_by_hand_gives(shop: list[Category], chosen: dict[str, Any]) -> None:
    shelf = chosen["shelf"]
    filters = Filters(
        category=None if shelf is None else shop[shelf], brands=chosen["brands"], rating=chosen["rating"],
        min_price=chosen["min_price"], max_price=chosen["max_price"], in_stock=chosen["in_stock"],
    )  # fmt: skip
    filters = filters.with_attribute("colour", chosen["colours"]).with_attribute("sizes", chosen["sizes"])
    products = [
        each
        for each in Product.objects.filter(is_active=True).select_related("category")
        if chosen["words"] in each.title.lower()
    ]
    counts = facets.count(select(chosen["words"]).base, filters)

    def left(but: str = "") -> list[Product]:
        return [product for product in products if passes(product, filters, but)]

    assert counts.total == len(left())
    assert counts.any_stock == len(left("stock"))
    assert counts.in_stock == sum(product.stock > 0 for product in left("stock"))
    assert counts.stars == {
        stars: sum(passes(product, replace(filters, rating=stars)) for product in products) for stars in STARS
    }
    assert counts.any_stars == len(left("rating"))
    assert counts.any_price == len(left("price"))
    assert counts.categories == Counter(
        product.category_id for product in left("department") if product.category_id
    )
    brands = Counter(product.brand for product in left("brand") if product.brand)
    assert counts.brands == {**dict.fromkeys(filters.brands, 0), **brands}
    _check_bands(counts.bands, left("price"))
    for name in set(counts.attributes):
        values = Counter(value for product in left(name) for value in _values(product, name))
        chosen_values = filters.values_of(name)
        assert counts.attributes[name] == {**dict.fromkeys(chosen_values, 0), **values}, name
    assert {name for name, _ in filters.attributes} <= set(counts.attributes)


def _values(product: Product, name: str) -> list[str]:
    value = product.attributes[name]
    return value if isinstance(value, list) else [value]


def _check_bands(bands: list[facets.Band], products: list[Product]) -> None:
    """Bands follow each other without a gap and hold every product once."""
    if not bands:
        return
    assert bands[0].low is None
    assert bands[-1].high is None
    assert [band.low for band in bands[1:]] == [band.high for band in bands[:-1]]
    assert sum(band.count for band in bands) == len(products)
    for band in bands:
        inside = [
            product
            for product in products
            if (band.low is None or product.price >= band.low)
            and (band.last is None or product.price <= band.last)
        ]
        assert band.count == len(inside) > 0


@given(chosen=FILTERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_list_holds_what_passes_all_filters_and_an_address_says_it_all(
    shop: list[Category], chosen: dict[str, Any]
) -> None:
    params = QueryDict(mutable=True)
    params["q"] = chosen["words"]
    if chosen["shelf"] is not None:
        params["department"] = shop[chosen["shelf"]].slug
    params.setlist("brand", list(chosen["brands"]))
    params.setlist("attr.sizes", list(chosen["sizes"]))
    params["rating"] = str(chosen["rating"] or "")
    params["in_stock"] = "1" if chosen["in_stock"] else ""
    asked = read(params, departments()).asked
    again = read(QueryDict(asked.query()[1:]), departments())
    assert again.asked == asked
    assert again.notes == ()
    shown = {product.pk for product in listed(select(asked.words), asked)}
    products = Product.objects.public().filter(title__icontains=chosen["words"]).select_related("category")
    assert shown == {product.pk for product in products if passes(product, asked.filters)}


def test_facets_of_a_whole_page_take_two_queries_however_much_is_chosen(
    shop: list[Category], django_assert_num_queries: Any
) -> None:
    everything = Product.objects.public()
    for filters in (
        Filters(),
        Filters(shop[0], ("Acme", "Zed"), Decimal(1), Decimal(50), 3, True,
                (("colour", ("blue", "red")), ("sizes", ("S",)))),
    ):  # fmt: skip
        with django_assert_num_queries(2):
            facets.count(everything, filters)


def test_a_choice_nobody_can_make_is_not_offered(client: Client) -> None:
    """One brand, one price band, everything in stock, nothing rated, no department: nothing to choose."""
    for number in range(4):
        make_product(
            f"WHITE HANGING HEART {number}", brand="Only", price="2.55", attributes={"colour": "white"}
        )
    page = client.get("/products/").content.decode()
    assert "filter-column" not in page
    assert "browse-open" not in page


def test_departments_open_into_aisles_and_lead_back(shop: list[Category], client: Client) -> None:
    page = text_of(client.get("/products/", {"department": "tools"}))
    assert "All departments" in page
    assert "Tools" in page
    assert "Pots" in page
    assert cards_of(client.get("/products/", {"department": "tools"})) != []


def test_an_attribute_with_a_value_of_its_own_for_each_product_is_no_facet() -> None:
    for number in range(10):
        make_product(attributes={"isbn": f"978-{number}", "format": "paper" if number % 2 else "cloth"})
    counts = facets.count(Product.objects.public(), Filters())
    assert set(counts.attributes) == {"format"}


def test_several_values_of_one_facet_are_or_and_facets_are_and() -> None:
    for colour, size in [("blue", "S"), ("red", "S"), ("red", "M"), ("green", "S")]:
        make_product(sku=f"{colour}-{size}", attributes={"colour": colour, "size": size})
    filters = Filters().with_attribute("colour", ["blue", "red"]).with_attribute("size", ["S"])
    asked = read(QueryDict(""), departments()).asked.filtered(filters)
    shown = listed(Selection(Product.objects.public(), None), asked)
    assert {product.sku for product in shown} == {"blue-S", "red-S"}
