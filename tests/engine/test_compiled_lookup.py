"""Where ids stand, compiled and not: what numpy finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.compiled_lookup import are_among, place_of, places_of
from recommendations.engine.types import UNKNOWN, Vocabulary

SMALL = st.integers(-40, 40)
ANY = st.one_of(SMALL, st.integers(-(2**62), 2**62))


def column(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.int64)


@given(st.sets(ANY, max_size=30), st.lists(ANY, max_size=30))
def test_every_id_is_found_where_it_stands_and_no_other(known: set[int], wanted: list[int]) -> None:
    ids = sorted(known)
    expected = [ids.index(each) if each in known else UNKNOWN for each in [*wanted, *ids]]
    asked = column([*wanted, *ids])
    assert places_of(column(ids), asked).tolist() == expected
    assert Vocabulary(column(ids)).positions(asked).tolist() == expected
    assert [place_of(column(ids), each) for each in asked.tolist()] == expected


@given(st.lists(SMALL, max_size=20), st.lists(SMALL, max_size=20))
def test_some_are_among_others(few: list[int], ids: list[int]) -> None:
    assert are_among(column(few), column(ids)).tolist() == [each in ids for each in few]


@pytest.mark.parametrize("function", [place_of, places_of, are_among])
def test_it_is_plain_python_where_nothing_compiles(function) -> None:
    plain = getattr(function, "py_func", function)
    asked = 30 if function is place_of else column([30, 5, 41])
    assert np.array_equal(plain(column([5, 30, 40]), asked), function(column([5, 30, 40]), asked))


def test_a_column_that_is_mapped_from_a_file_is_searched_in_place() -> None:
    ids = column([3, 4, 9])
    ids.flags.writeable = False
    assert places_of(ids, column([9, 5])).tolist() == [2, UNKNOWN]


def test_ids_farther_apart_than_a_number_holds_are_found() -> None:
    ends = np.iinfo(np.int64)
    assert places_of(column([ends.min, ends.max]), column([ends.max, ends.min, 0])).tolist() == [1, 0, -1]


def test_words_and_narrow_numbers_are_found_too() -> None:
    assert Vocabulary.of(["b", "a"]).positions(["b", "c"]).tolist() == [1, UNKNOWN]
    assert Vocabulary.of(column([4, 2])).positions(np.array([4, 3], np.int32)).tolist() == [1, UNKNOWN]
    assert Vocabulary.of(column([4, 2, 9])).positions(column([9, 0, 2, 0])[::2]).tolist() == [2, 0]
