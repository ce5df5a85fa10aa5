"""One shopper's signals, compiled: what the columns of training make of the same rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.conf import Conf, conf
from recommendations.engine.compiled_history import grouped, history_made_of, put_in_order, settled_of
from recommendations.serving import history
from recommendations.serving.history import (
    DISMISS,
    KINDS,
    NOTHING,
    PURCHASE,
    SECOND,
    STRENGTH,
    Column,
    ShopperHistory,
    made_of,
)  # fmt: skip
from recommendations.signals import RATING, combine, signals_of
from tests.factories import NOW

NOON = int(NOW.timestamp()) * SECOND
# Product, number of the kind, stars, microseconds from noon: few of each, so that they often meet.
MOMENT = st.one_of(st.integers(-4, 4), st.integers(-400, 400).map(lambda hours: hours * 3600 * SECOND))
EVENT = st.tuples(st.integers(1, 6), st.integers(0, STRENGTH[PURCHASE]), st.just(0), MOMENT)
RATED = st.tuples(st.integers(1, 6), st.just(STRENGTH[RATING]), st.integers(1, 5), MOMENT)
ROWS = st.lists(st.one_of(EVENT, RATED), max_size=30)
SETTINGS = st.fixed_dictionaries(
    {
        "repeat_purchases": st.booleans(),
        "repeat_after": st.integers(0, 300).map(lambda hours: timedelta(hours=hours)),
        "half_life_days": st.sampled_from([{}, {"view": 0.5, RATING: 3.0}, dict.fromkeys(KINDS, 30.0)]),
        "rating_weights": st.sampled_from([{1: -1.0, 2: 0.0, 5: 1.0}, {4: 0.25, 5: 1.0}]),
    }
)


def columns(rows: list[Any]) -> tuple[Column, Column, Column, Column]:
    found = np.array(rows, np.int64).reshape(-1, 4).T.copy()
    return found[0], found[1], found[2], found[3] + NOON


def by_columns(rows: list[Any], settings: Conf) -> tuple[Any, ...]:
    """By the functions that training uses."""
    products, kinds, stars, moments = columns(rows)
    values = stars.astype(np.float32)
    values[stars == 0] = np.nan
    signals = combine(
        signals_of(
            shoppers=np.zeros(len(rows), np.int64), products=products, kinds=kinds, values=values,
            times=moments // SECOND, settings=settings, numbers=STRENGTH,
        )
    )  # fmt: skip
    order = np.lexsort((signals.products, signals.times))
    names = ("products", "ratings", "weights", "times")
    return tuple(getattr(signals, name)[order] for name in names)


def settled(rows: list[Any], settings: Conf) -> set[int]:
    """By sets."""
    of = {kind: {row[0] for row in rows if row[1] == STRENGTH[kind]} for kind in KINDS}
    if not settings.repeat_purchases:
        return of[DISMISS] | of[RATING] | of[PURCHASE]
    since = settings.repeat_after.total_seconds() * SECOND
    soon = {row[0] for row in rows if row[1] == STRENGTH[PURCHASE] and -row[3] < since}
    low = {row[0] for row in rows if row[2] and settings.rating_weights.get(row[2], 0) <= 0}
    return of[DISMISS] | low | soon | (of[RATING] - of[PURCHASE])


def one_rating_each(rows: list[Any]) -> list[Any]:
    """As the database has them."""
    rated: dict[int, Any] = {row[0]: row for row in rows if row[2]}
    return [row for row in rows if not row[2]] + list(rated.values())


@given(ROWS, SETTINGS)
def test_it_is_what_training_makes_of_the_same_rows(rows: list[Any], changes: dict[str, Any]) -> None:
    settings = replace(conf(), **changes)
    found = made_of(*columns(rows), settings, now=NOW)
    own = found.history
    expected = by_columns(rows, settings)
    np.testing.assert_array_equal(own.products, expected[0])
    np.testing.assert_array_equal(own.ratings, expected[1])
    np.testing.assert_allclose(own.weights, expected[2], rtol=3e-7)
    np.testing.assert_array_equal(own.times, expected[3])
    assert [own.products.dtype, own.ratings.dtype, own.weights.dtype] == [np.int64, np.float32, np.float32]


@given(ROWS.map(one_rating_each), SETTINGS)
def test_settled_is_what_sets_say(rows: list[Any], changes: dict[str, Any]) -> None:
    settings = replace(conf(), **changes)
    found = made_of(*columns(rows), settings, now=NOW)
    assert found.settled_ids.tolist() == sorted(settled(rows, settings))
    assert found.settled == settled(rows, settings)


@given(ROWS)
def test_the_strongest_deed_of_each_product_is_told(rows: list[Any]) -> None:
    found = made_of(*columns(rows), conf(), now=NOW)
    strongest = {product: max(row[1] for row in rows if row[0] == product) for product, *_ in rows}
    assert found.deeds == tuple(KINDS[strongest[product]] for product in found.history.products.tolist())


@given(ROWS.map(one_rating_each), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[Any], random: Any) -> None:
    shuffled = made_of(*columns(random.sample(rows, len(rows))), conf(), now=NOW)
    found = made_of(*columns(rows), conf(), now=NOW)
    for first, second in ((found.history, shuffled.history), (found, shuffled)):
        for name in ("products", "ratings", "weights", "times") if first is found.history else ("kinds",):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_without_numba_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(3, 6, 5, 0), (2, 1, 0, -9), (3, 5, 0, 10**12), (7, 0, 0, 3), (2, 0, 0, -9), (9, 5, 0, -(10**13))]
    expected = made_of(*columns(rows), conf(), now=NOW)
    plain = {each: getattr(each, "py_func", each) for each in (grouped, put_in_order, settled_of)}
    body = getattr(history_made_of, "py_func", history_made_of)
    for function, replaced in plain.items():
        monkeypatch.setitem(body.__globals__, getattr(function, "__name__", ""), replaced)
    monkeypatch.setattr(history, "history_made_of", body)
    found = made_of(*columns(rows), conf(), now=NOW)
    for name in ("products", "ratings", "weights", "times"):
        np.testing.assert_array_equal(getattr(found.history, name), getattr(expected.history, name))
    assert (found.deeds, found.settled) == (expected.deeds, expected.settled)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=60))
def test_ids_are_grouped_as_they_come(ids: list[int]) -> None:
    group = np.empty(len(ids), np.int64)
    different = list(dict.fromkeys(ids))
    assert grouped(np.array(ids, np.int64), group) == len(different)
    assert group.tolist() == [different.index(each) for each in ids]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=60, unique=True))
def test_places_are_put_in_order_by_one_column_then_another(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    places = np.arange(len(pairs))
    put_in_order(places, len(pairs), first, second)
    assert [pairs[place] for place in places.tolist()] == sorted(pairs)


def test_ten_thousand_signals_are_no_trouble() -> None:
    random = np.random.default_rng(0)
    rows = np.column_stack([
        random.integers(1, 4000, 10_000), random.integers(0, 6, 10_000), np.zeros(10_000, np.int64),
        random.integers(-(10**15), 0, 10_000),
    ])  # fmt: skip
    found = made_of(*columns(rows.tolist()), conf(), now=NOW)
    np.testing.assert_array_equal(found.history.products, by_columns(rows.tolist(), conf())[0])


def test_no_signals_are_no_history() -> None:
    assert made_of(*columns([]), conf(), now=NOW) is NOTHING
    assert isinstance(NOTHING, ShopperHistory) and NOTHING.deeds == () and NOTHING.settled == frozenset()
