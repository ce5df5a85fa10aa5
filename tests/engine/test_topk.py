from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommendations.engine.topk import few_of, top, top_batch

ROWS = arrays(
    np.float32,
    st.integers(0, 30),
    # Few values, so that ties are the rule.
    elements=st.sampled_from([0.0, 1.0, 2.0, -1.5, float("nan"), float("inf"), float("-inf")]),
)


def row(*scores: float) -> np.ndarray:
    return np.array(scores, np.float32)


def test_the_highest_scores_come_first() -> None:
    ranking = top(row(0.1, 0.9, 0.5, 0.7), 3)
    assert ranking.positions.tolist() == [1, 3, 2]
    assert ranking.scores.tolist() == pytest.approx([0.9, 0.7, 0.5])


def test_of_equal_scores_the_lower_position_comes_first() -> None:
    assert top(row(1, 2, 1, 2, 1), 3).positions.tolist() == [1, 3, 0]


def test_excluded_products_are_left_out_and_unknown_ones_ignored() -> None:
    assert top(row(3, 2, 1), 3, exclude=np.array([0, -1], np.int32)).positions.tolist() == [1, 2]


def test_only_allowed_products_are_returned() -> None:
    assert top(row(3, 2, 1), 3, allowed=np.array([False, True, True])).positions.tolist() == [1, 2]


def test_the_mask_of_the_caller_is_not_changed() -> None:
    allowed = np.array([True, True])
    top(row(np.nan, 1), 1, exclude=np.array([1], np.int32), allowed=allowed)
    assert allowed.all()


def test_nan_and_minus_infinity_are_never_returned() -> None:
    assert top(row(np.nan, 1, -np.inf), 3).positions.tolist() == [1]


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_nothing_gives_nothing(k: int) -> None:
    assert len(top(row(1, 2), k)) == 0


def test_a_batch_of_no_rows_is_empty() -> None:
    assert top_batch(np.empty((0, 4), np.float32), 3) == []


@settings(deadline=None)
@given(scores=ROWS, k=st.integers(0, 40), data=st.data())
def test_any_ranking_equals_a_full_stable_sort(scores: np.ndarray, k: int, data: st.DataObject) -> None:
    excluded = data.draw(st.lists(st.integers(-1, len(scores) - 1), max_size=5))
    ranking = top(scores, k, exclude=np.array(excluded, np.int32))
    usable = [
        position
        for position, score in enumerate(scores.tolist())
        if score == score and score != float("-inf") and position not in excluded
    ]
    expected = sorted(usable, key=lambda position: (-scores[position], position))[:k]
    assert ranking.positions.tolist() == expected
    np.testing.assert_array_equal(ranking.scores, scores[expected])
    assert ranking.positions.dtype == np.int32


@settings(deadline=None)
@given(scores=arrays(np.float32, (4, 12), elements=st.sampled_from([0.0, 1.0, float("nan")])))
def test_a_batch_is_equal_to_one_at_a_time(scores: np.ndarray) -> None:
    exclude = [np.array([each], np.int32) for each in (0, 3, 5, -1)]
    allowed = np.arange(12) != 7
    batch = top_batch(scores, 5, exclude=exclude, allowed=allowed)
    for ranking, own, out in zip(batch, scores, exclude, strict=True):
        single = top(own, 5, exclude=out, allowed=allowed)
        np.testing.assert_array_equal(ranking.positions, single.positions)


@settings(deadline=None)
@given(
    scores=arrays(
        np.float32, st.integers(16, 80),
        elements=st.sampled_from([0.0] * 9 + [1.0, 2.0, -1.0, -0.0, float("nan"), float("-inf")]),
    ),
    k=st.integers(1, 30),
)  # fmt: skip
def test_rows_that_are_nearly_all_equal_are_ranked_as_others(scores: np.ndarray, k: int) -> None:
    usable = [place for place, score in enumerate(scores.tolist()) if score > float("-inf")]
    expected = sorted(usable, key=lambda place: (-scores[place], place))[:k]
    assert top(scores, k).positions.tolist() == expected


class TestFewOf:
    def test_few_are_told_by_their_places_and_many_by_none(self) -> None:
        mask = np.zeros(80, np.bool_)
        mask[[7, 70]] = True
        found = few_of(mask, len(mask))
        assert found is not None
        assert found.tolist() == [7, 70]
        assert few_of(~mask, len(mask)) is None
        assert few_of(None, len(mask)) is None

    def test_a_mask_that_was_changed_is_looked_through_again(self) -> None:
        mask = np.zeros(80, np.bool_)
        for place in (3, 5):
            mask[place] = True
            found = few_of(mask, len(mask))
            assert found is not None
            assert found[-1] == place

    def test_one_that_cannot_be_changed_is_looked_through_once_and_is_no_others(self) -> None:
        masks = np.eye(80, dtype=np.bool_)[[2, 4]]
        masks.flags.writeable = False
        one, other = masks
        found = few_of(one, len(one))
        assert found is not None
        assert found.tolist() == [2]
        assert few_of(one, len(one)) is found
        assert few_of(other, len(other)).tolist() == [4]  # type: ignore[union-attr]
        assert few_of(one, len(one)).tolist() == [2]  # type: ignore[union-attr]
