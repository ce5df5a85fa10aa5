"""Stock, double submits, deletion and merging under real concurrency, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.empty_shop import EmptyShop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome(empty_shop: EmptyShop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(empty_shop.play("at_once.py"))
    return found


def test_three_pieces_go_to_three_of_six_and_three_are_told(outcome: dict[str, Any]) -> None:
    assert outcome["last_pieces"] == {"came": {"ordered": 3, "ShortageError": 3}, "stock": 0, "lines": 3}


def test_one_form_sent_six_times_at_once_is_one_order_for_all(outcome: dict[str, Any]) -> None:
    assert outcome["double_submit"] == {"numbers": 1, "orders": 1, "stock": 48}


def test_baskets_in_crossing_order_do_not_wait_for_each_other_for_ever(outcome: dict[str, Any]) -> None:
    assert outcome["crossing_orders"] == {"came": {"ordered": 6}, "stock": [94, 94]}


def test_one_heart_pressed_six_times_at_once_is_one_wish(outcome: dict[str, Any]) -> None:
    found = outcome["one_wish"]
    assert found["events"] == 1
    assert set(found["came"]) <= {"True", "False"}, "nobody gets an error"


def test_who_is_forgotten_while_rating_leaves_nothing_behind(outcome: dict[str, Any]) -> None:
    found = outcome["forgotten_while_rating"]
    assert (found["left"], found["counted"]) == (0, [0, 0])
    # A rating that comes too late has nobody to belong to any more; one that comes first goes with the rest.
    assert set(found["raised"]) <= {"1", "rated", "IntegrityError"}


def test_a_product_rated_six_times_at_once_counts_once(outcome: dict[str, Any]) -> None:
    found = outcome["one_product_rated_at_once"]
    assert found["came"].keys() <= {"200", "201"} and found["came"]["201"] >= 1, "nobody gets an error"
    assert (found["stored"], found["count"], found["counted"], found["is_each_told"]) == (1, 1, True, True)


def test_the_same_stars_six_times_at_once_are_one_change_at_most(outcome: dict[str, Any]) -> None:
    found = outcome["one_product_rated_at_once"]
    assert found["same"] == {"200": 6}
    assert found["further"] <= 1


def test_ratings_of_every_way_at_once_are_all_counted_and_none_twice(outcome: dict[str, Any]) -> None:
    found = outcome["rated_in_every_way_at_once"]
    assert found["came"].keys() <= {"200", "201", "rated", "True", "False", "2"}, "nobody gets an error"
    assert sum(found["came"].values()) == 30
    assert (found["counted"], found["is_each_told"]) == (True, [True, True])


def test_signing_in_twice_at_once_moves_a_history_once(outcome: dict[str, Any]) -> None:
    assert (outcome["merged_twice"]["mine"], outcome["merged_twice"]["counted"]) == ([1, 1], [1, 4])


def test_beats_at_once_do_what_was_left_behind_and_no_purchase_twice(outcome: dict[str, Any]) -> None:
    found = outcome["beats_at_once"]
    assert found["noted"] == [0, 0]
    assert found["purchases"] == 5
    assert set(found["done"]) == set(range(5))
    assert found["came"] == {"None": 3}
