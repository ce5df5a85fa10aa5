"""A history as the database tells it in one text: read at once, it is what its columns say."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feedback.histories import KINDS, RATING, TAKING_BACK, columns_of
from recommendations.conf import conf
from recommendations.engine.compiled_history import numbers_in
from recommendations.serving.history import NOTHING, history_from, history_in
from tests.factories import NOW

NOON = int(NOW.timestamp()) * 1_000_000
EVENTS = [number for number, kind in enumerate(KINDS) if kind != RATING]
PLAIN = [number for number in EVENTS if number not in TAKING_BACK]


def rows_of(kinds: list[int]) -> st.SearchStrategy[list[Any]]:
    """Product, number of the kind, stars, microseconds."""
    moments = st.integers(NOON - 10**13, NOON)
    event = st.tuples(st.integers(1, 9), st.sampled_from(kinds), st.just(0), moments)
    rated = st.tuples(st.integers(1, 9), st.just(KINDS.index(RATING)), st.integers(1, 5), moments)
    return st.lists(st.one_of(event, rated), min_size=1, max_size=30)


def text_of(rows: list[Any]) -> str:
    return ",".join(str(value) for column in zip(*rows, strict=True) for value in column)


@given(st.one_of(rows_of(PLAIN), rows_of(EVENTS)))
def test_a_history_read_at_once_is_that_of_its_columns(rows: list[Any]) -> None:
    told = text_of(rows)
    found, expected = history_in(told, conf(), now=NOW), history_from(columns_of(told), conf(), now=NOW)
    for name in ("products", "ratings", "weights", "times"):
        np.testing.assert_array_equal(getattr(found.history, name), getattr(expected.history, name))
    assert (found.deeds, found.settled) == (expected.deeds, expected.settled)


def test_what_was_taken_back_counts_for_nothing() -> None:
    dismissed, again = KINDS.index("dismiss"), KINDS.index("undismiss")
    assert history_in(text_of([(3, dismissed, 0, NOON)]), conf(), now=NOW).settled == {3}
    taken_back = text_of([(3, dismissed, 0, NOON - 1), (3, again, 0, NOON)])
    assert history_in(taken_back, conf(), now=NOW) is NOTHING


def test_no_text_is_no_history() -> None:
    assert history_in("", conf(), now=NOW) is NOTHING


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1))
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    text = np.frombuffer(",".join(map(str, numbers)).encode(), np.uint8)
    assert numbers_in(text).tolist() == numbers
