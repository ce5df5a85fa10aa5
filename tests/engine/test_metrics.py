"""Every expected figure is worked out by hand in the comment beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommendations.engine.evaluation import metrics
from recommendations.engine.types import Ranking


def table(*rows: str) -> np.ndarray:
    """'.x.' is a hit in the second of three places."""
    return np.array([[place == "x" for place in row] for row in rows])


def sizes(*counts: int) -> np.ndarray:
    return np.array(counts)


def shown(*positions: int) -> Ranking:
    return Ranking(np.array(positions, np.int32), np.zeros(len(positions), np.float32))


def test_hits_mark_the_places_of_relevant_products() -> None:
    hits = metrics.hits_of([shown(4, 2, 9), shown(1)], [np.array([9, 4]), np.array([3])], 3)
    np.testing.assert_array_equal(hits, table("x.x", "..."))


def test_places_beyond_k_do_not_count() -> None:
    assert metrics.hits_of([shown(4, 2, 9)], [np.array([9])], 2).tolist() == [[False, False]]


def test_recall_divides_by_all_relevant_products_even_above_k() -> None:
    # 2 of 4; 0 of 1; 3 of 6 although only 3 places were shown.
    assert metrics.recall(table("x.x", "...", "xxx"), sizes(4, 1, 6)).tolist() == [0.5, 0, 0.5]


def test_ndcg_is_one_when_the_relevant_lead() -> None:
    assert metrics.ndcg(table("x..", "xx.", "xxx"), sizes(1, 2, 9)).tolist() == pytest.approx([1, 1, 1])


def test_ndcg_discounts_by_the_logarithm_of_the_place() -> None:
    # (1/log2(3) + 1/log2(4)) / (1 + 1/log2(3)) = (0.630930 + 0.5) / 1.630930 = 0.693426
    assert metrics.ndcg(table(".xx"), sizes(2))[0] == pytest.approx(0.693426, abs=1e-6)


def test_the_ideal_of_ndcg_has_no_more_hits_than_places() -> None:
    # 1 / (1 + 1/log2(3)): two places, five relevant products.
    assert metrics.ndcg(table("x."), sizes(5))[0] == pytest.approx(1 / 1.6309298)


def test_hit_rate_and_reciprocal_rank_look_at_the_first_hit() -> None:
    hits = table(".xx", "...", "x..")
    assert metrics.hit_rate(hits).tolist() == [1, 0, 1]
    assert metrics.reciprocal_rank(hits).tolist() == [0.5, 0, 1]


def test_coverage_is_the_share_of_products_anybody_is_shown() -> None:
    assert metrics.coverage([shown(1, 2), shown(2, 3, 4)], 2, 10) == pytest.approx(0.3)


def test_rmse_and_mae_are_in_stars() -> None:
    # errors 1, -2, 0: sqrt(5/3), 3/3
    predicted, actual = np.array([4.0, 1.0, 3.0]), np.array([3.0, 3.0, 3.0])
    assert metrics.rmse(predicted, actual) == pytest.approx(math.sqrt(5 / 3))
    assert metrics.mae(predicted, actual) == pytest.approx(1)


def test_the_mean_of_nobody_is_undefined_and_a_miss_is_zero() -> None:
    nothing = np.empty(0)
    assert math.isnan(metrics.mean(nothing))
    assert math.isnan(metrics.rmse(nothing, nothing))
    assert math.isnan(metrics.mae(nothing, nothing))
    assert math.isnan(metrics.coverage([], 10, 5))
    assert math.isnan(metrics.coverage([shown()], 10, 0))
    assert metrics.mean(metrics.ndcg(table("..."), sizes(2))) == 0
