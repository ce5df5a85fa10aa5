"""Floors and lists from the bits of scores, beside what numpy says."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from recommendations.engine import compiled_ranking as ranking
from recommendations.engine.topk import best_of

NUMBERS = st.floats(-(2.0**90), 2.0**90, width=32)
TIED = st.sampled_from([-2.5, -1.0, -0.0, 0.0, 1e-40, 1.0, 3.0])


def column(numbers: list[float]) -> Any:
    return np.array(numbers, np.float32)


def test_of_nothing_but_infinities_the_floor_is_one_of_them() -> None:
    numbers = column([-np.inf, np.inf, -np.inf])
    assert [ranking.floor_of(numbers, 3, k) for k in (1, 2, 3)] == [np.inf, -np.inf, -np.inf]


@given(st.lists(st.one_of(NUMBERS, TIED), min_size=1, max_size=60), st.data())
def test_the_floor_is_the_kth_largest_or_a_little_less(numbers: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(numbers)))
    found, kth = (
        ranking.floor_of(column([*numbers, 1e38]), len(numbers), k),
        np.sort(column(numbers))[-k].astype(float),
    )
    assert found <= kth
    # 16 bits of the fraction are looked at; 0 and its neighbours are near by their distance.
    assert kth - found <= abs(kth) * 2.0**-14 + 1e-36


@given(
    st.lists(st.one_of(NUMBERS, TIED, st.sampled_from([np.nan, -np.inf])), max_size=60), st.integers(1, 70)
)
@example(numbers=[0.0, 0.0, 0.0, np.nan, -np.inf], k=4)
def test_places_are_listed_by_score_and_equals_by_place(numbers: list[float], k: int) -> None:
    scores = column(numbers)
    places = (np.arange(len(numbers)) * 3 + 1).astype(np.int32)
    usable = np.fmax(scores, -np.inf)
    expected = best_of(usable, k, places)
    found, best = ranking.listed(places.copy(), scores.copy(), len(numbers), k)
    np.testing.assert_array_equal(found, expected.positions)
    np.testing.assert_array_equal(best, expected.scores)
    assert found.dtype == np.int32 and best.dtype == np.float32
