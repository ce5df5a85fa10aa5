from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import rerank
from recommendations.engine.types import Ranking

CATEGORIES = np.array([7, 7, 7, 8, 8, -1, -1])


def ranking(positions: list[int], scores: list[float] | None = None) -> Ranking:
    given_scores = [float(len(positions) - place) for place in range(len(positions))]
    return Ranking(np.array(positions, np.int32), np.array(scores or given_scores, np.float32))


def mask(*positions: int) -> np.ndarray:
    return np.isin(np.arange(7), positions)


def order(of: Ranking) -> list[int]:
    return [int(position) for position in of.positions]


RANKINGS = st.permutations(range(7)).flatmap(
    lambda positions: st.integers(0, 7).map(lambda count: ranking(list(positions)[:count]))
)
MASKS = st.sets(st.integers(0, 6)).map(lambda chosen: mask(*chosen))


def test_a_dropped_category_is_gone_and_the_rest_keeps_its_order() -> None:
    dropped = rerank.drop(ranking([5, 0, 3, 1]), rerank.in_categories(CATEGORIES, np.array([7])))
    assert order(dropped) == [5, 3]
    assert dropped.scores.tolist() == [4, 2]


def test_no_category_is_not_a_category() -> None:
    assert not rerank.in_categories(CATEGORIES, np.array([-1])).any()


def test_take_gives_the_first() -> None:
    assert order(rerank.take(ranking([4, 2, 6]), 2)) == [4, 2]
    assert order(rerank.take(ranking([4, 2, 6]), -1)) == []


def test_a_full_boost_lifts_the_last_product_level_with_the_first() -> None:
    boosted = rerank.boost(ranking([0, 1, 2], [3.0, 2.0, -1.0]), mask(2), strength=1)
    assert boosted.scores.tolist() == [3, 3, 2]
    assert order(boosted) == [0, 2, 1]


def test_a_boost_lifts_products_of_negative_score_too() -> None:
    boosted = rerank.boost(ranking([0, 1, 2], [-1.0, -2.0, -3.0]), mask(1), strength=0.75)
    assert order(boosted) == [1, 0, 2]


def test_a_negative_boost_lowers() -> None:
    assert order(rerank.boost(ranking([0, 1, 2]), mask(0), strength=-0.6)) == [1, 0, 2]


def test_buried_products_go_last_in_their_order() -> None:
    assert order(rerank.bury(ranking([0, 1, 2, 3]), mask(0, 2))) == [1, 3, 0, 2]


def test_pinned_products_take_their_place_in_the_order_given() -> None:
    assert order(rerank.pin(ranking([0, 1, 2, 3]), np.array([3, 1]), place=1)) == [0, 3, 1, 2]


def test_a_pinned_product_that_was_not_recommended_is_added_with_its_neighbours_score() -> None:
    pinned = rerank.pin(ranking([0, 1], [0.9, 0.4]), np.array([6]))
    assert order(pinned) == [6, 0, 1]
    assert pinned.scores[0] == pinned.scores[1]


def test_pinning_beyond_the_end_appends() -> None:
    assert order(rerank.pin(ranking([0, 1]), np.array([6]), place=9)) == [0, 1, 6]


def test_pinning_into_an_empty_ranking_shows_the_pinned() -> None:
    pinned = rerank.pin(ranking([]), np.array([6, 5, 6]))
    assert (order(pinned), pinned.scores.tolist()) == ([6, 5], [0, 0])


@given(plain=RANKINGS, chosen=MASKS)
def test_drop_and_its_opposite_part_the_ranking(plain: Ranking, chosen: np.ndarray) -> None:
    kept, gone = order(rerank.drop(plain, chosen)), order(rerank.drop(plain, ~chosen))
    assert sorted(kept + gone) == sorted(order(plain))
    assert order(rerank.bury(plain, chosen)) == kept + gone


@given(plain=RANKINGS, chosen=MASKS, strength=st.floats(-2, 2))
def test_a_boost_keeps_every_product_once_and_sorts_by_score(
    plain: Ranking, chosen: np.ndarray, strength: float
) -> None:
    boosted = rerank.boost(plain, chosen, strength=strength)
    assert sorted(order(boosted)) == sorted(order(plain))
    assert np.all(np.diff(boosted.scores) <= 0)
    assert order(rerank.boost(plain, chosen, strength=0)) == order(plain)


@given(plain=RANKINGS, pinned=st.lists(st.integers(0, 6), max_size=4), place=st.integers(-1, 9))
def test_pinning_shows_every_product_once(plain: Ranking, pinned: list[int], place: int) -> None:
    shown = order(rerank.pin(plain, np.array(pinned, np.int32), place=place))
    assert sorted(shown) == sorted({*order(plain), *pinned})


@pytest.mark.parametrize(
    "rule",
    [
        lambda plain: rerank.drop(plain, mask(1)),
        lambda plain: rerank.boost(plain, mask(1), strength=1),
        lambda plain: rerank.bury(plain, mask(1)),
    ],
)
def test_every_rule_leaves_an_empty_ranking_empty(rule) -> None:
    assert len(rule(ranking([]))) == 0


def test_the_ranking_given_is_never_changed() -> None:
    plain = ranking([0, 1, 2, 3])
    rerank.boost(plain, mask(3), strength=2)
    rerank.pin(plain, np.array([3]))
    assert (order(plain), plain.scores.tolist()) == ([0, 1, 2, 3], [4, 3, 2, 1])
