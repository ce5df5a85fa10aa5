"""What may be shown, by compiled columns: what a plain look at every product says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.columns import COLUMNS, NONE, Catalogue
from catalog.models import Category
from recommendations.engine.compiled_shelf import ANY, those_that_suit
from recommendations.serving import shelf
from recommendations.serving.results import Filters

PRODUCT = st.tuples(
    st.booleans(),
    st.booleans(),
    st.integers(0, 500),
    st.sampled_from([NONE, 1, 2, 3]),
    st.sampled_from([NONE, 1, 9]),
)
PRODUCTS = st.dictionaries(st.integers(1, 30), PRODUCT, max_size=20)
PRICE = st.one_of(st.none(), st.integers(-100, 600).map(lambda pence: Decimal(pence) / 100))
CATEGORY = st.sampled_from([None, 1, 2, 9, 77])
FILTERS = st.builds(
    lambda number, low, high, stock, exclude: Filters(
        category=None if number is None else Category(pk=number),
        min_price=low, max_price=high, in_stock=stock, exclude=frozenset(exclude),
    ),
    CATEGORY, PRICE, PRICE, st.booleans(), st.sets(st.integers(1, 30), max_size=4),
)  # fmt: skip


def catalogue_of(products: dict[int, Any]) -> Catalogue:
    ids = sorted(products)
    columns = list(zip(*(products[pk] for pk in ids), strict=True)) or [()] * 5
    kinds = (np.bool_, np.bool_, np.int64, np.int64, np.int64)
    own = dict(zip(COLUMNS[1:], zip(columns, kinds, strict=True), strict=False))
    arrays: dict[str, Any] = {name: np.array(column, kind) for name, (column, kind) in own.items()}
    none, blank, read = np.zeros(len(ids)), np.zeros(len(ids), np.int32), np.ones(len(ids), np.int32)
    return Catalogue(np.array(ids, np.int64), **arrays, created=none, brand=blank, reading=read, brands=("",))


def may_be_shown(product: Any, filters: Filters) -> bool:
    public, in_stock, pence, category, department = product
    price = Decimal(pence) / 100
    return (
        public
        and (in_stock or not filters.in_stock)
        and (filters.category is None or filters.category.pk in (category, department))
        and (filters.min_price is None or price >= filters.min_price)
        and (filters.max_price is None or price <= filters.max_price)
    )


@given(PRODUCTS, FILTERS)
def test_the_whole_catalogue_is_filtered_as_each_product_is(products: dict[int, Any], filters: Filters):
    found = shelf.eligible(filters, catalogue_of(products))
    assert found.tolist() == [may_be_shown(products[pk], filters) for pk in sorted(products)]


@given(PRODUCTS, FILTERS, st.lists(st.integers(1, 35), max_size=25), st.sets(st.integers(1, 35), max_size=8))
def test_candidates_keep_their_order_and_what_may_not_be_shown_goes(
    products: dict[int, Any], filters: Filters, asked: list[int], settled: set[int]
):
    catalogue, scores = catalogue_of(products), np.arange(len(asked), dtype=np.float32)
    for left in (settled, np.array(sorted(settled), np.int64)):
        out = shelf._left_out(left, filters.exclude)
        assert out.tolist() == sorted(settled | filters.exclude)
        ids, own, at, _ = shelf._shown(
            np.array(asked, np.int64), scores, shelf.NOTHING, filters, out, catalogue
        )
        expected = [
            (pk, float(place))
            for place, pk in enumerate(asked)
            if pk in products and may_be_shown(products[pk], filters) and pk not in settled | filters.exclude
        ]
        assert list(zip(ids.tolist(), own.tolist(), strict=True)) == expected
        assert catalogue.ids[at].tolist() == ids.tolist()


@given(PRODUCTS)
def test_it_is_the_same_where_nothing_compiles(products: dict[int, Any]):
    columns = shelf._columns(catalogue_of(products))
    ids = np.array(sorted(products)[::-1], np.int64)
    found = []
    for function in (those_that_suit, getattr(those_that_suit, "py_func", those_that_suit)):
        kept, at = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
        count = function(ids, ids[:1].copy(), ids[::-1].copy(), *columns, True, ANY, 100, 400, kept, at)
        found.append((count, kept.tolist(), at.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("price", [Decimal("1E30"), Decimal("-1E30")])
def test_prices_beyond_all_numbers_are_bounds_as_any(price: Decimal):
    catalogue = catalogue_of({1: (True, True, 100, NONE, NONE)})
    assert shelf.eligible(Filters(min_price=price), catalogue).tolist() == [price < 0]
    assert shelf.eligible(Filters(max_price=price), catalogue).tolist() == [price > 0]
