from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.foldin import weight_matrix
from recommendations.engine.types import UNKNOWN, History, Interactions, RatingColumns, Vocabulary, silent
from tests.engine.builders import NONE, history, interactions, purchases, tastes


def test_a_vocabulary_is_sorted_and_without_repeats() -> None:
    assert Vocabulary.of(["tie", "cap", "tie"]).ids.tolist() == ["cap", "tie"]
    with pytest.raises(ValueError, match="sorted and unique"):
        Vocabulary(np.array([2, 1]))
    with pytest.raises(ValueError, match="sorted and unique"):
        Vocabulary(np.array([1, 1]))


@given(ids=st.sets(st.integers(-50, 50)), asked=st.lists(st.integers(-60, 60)))
def test_a_position_leads_back_to_its_id_and_strangers_are_unknown(ids: set[int], asked: list[int]) -> None:
    vocabulary = Vocabulary.of(np.array(sorted(ids), np.int64))
    positions = vocabulary.positions(np.array(asked, np.int64))
    assert positions.dtype == np.int32
    for wanted, position in zip(asked, positions, strict=True):
        assert (position == UNKNOWN) == (wanted not in ids)
        assert position == UNKNOWN or vocabulary.ids[position] == wanted


def test_of_repeated_feedback_the_latest_is_kept() -> None:
    world = interactions([("ann", "hat", 2, -0.2, 9), ("ann", "hat", 5, 1.0, 5), ("ann", "hat", 4, 0.6, 7)])
    assert (world.ratings.tolist(), world.times.tolist()) == ([2], [9])


def test_rows_are_sorted_by_shopper_and_then_time() -> None:
    world = interactions([("bob", "hat", 1, 1, 1), ("ann", "tie", 1, 1, 9), ("ann", "hat", 1, 1, 3)])
    assert world.shoppers.ids[world.shopper].tolist() == ["ann", "ann", "bob"]
    assert world.history(0).products.tolist() == ["hat", "tie"]


def test_the_catalogue_adds_products_nobody_touched() -> None:
    world = purchases({1: ["b"]}, catalogue=["a", "b", "c"])
    assert world.products.ids.tolist() == ["a", "b", "c"]
    assert world.matrix().toarray().tolist() == [[0, 1, 0]]


def test_histories_and_rows_are_the_same_feedback() -> None:
    world = tastes()
    histories = list(world.histories())
    assert sum(len(own) for own in histories) == len(world)
    dense = world.matrix().toarray()
    np.testing.assert_array_equal(weight_matrix(histories, world.products).toarray(), dense)


def test_chosen_rows_keep_both_vocabularies() -> None:
    world = purchases({1: ["a"], 2: ["b"]})
    one = world.rows(world.shopper == 1)
    assert (len(one), len(one.shoppers), len(one.products)) == (1, 2, 2)
    assert [len(own) for own in one.histories()] == [0, 1]


def test_a_matrix_takes_any_column() -> None:
    world = interactions([(1, "a", 4, 0.6, 0), (2, "b", 2, -0.2, 0)])
    assert world.matrix(world.ratings).toarray().tolist() == [[4, 0], [0, 2]]


def test_a_history_tells_what_of_it_is_known() -> None:
    positions, mask = history([7, 5, 9]).known_to(Vocabulary(np.array([5, 6, 7])))
    assert (positions.tolist(), mask.tolist()) == ([2, 0], [True, True, False])
    assert len(History.empty()) == 0
    assert History.empty().known_to(Vocabulary(np.array(["a"])))[0].tolist() == []


def test_a_weight_matrix_leaves_out_the_unknown_and_keeps_the_sign() -> None:
    products = Vocabulary(np.array([1, 2, 3]))
    table = weight_matrix([history([3, 9], [-0.5, 1.0]), History.empty(), history([1])], products)
    assert table.toarray().tolist() == [[0, 0, -0.5], [0, 0, 0], [1, 0, 0]]
    assert weight_matrix([], products).shape == (0, 3)


def test_rating_columns_are_chosen_in_the_order_asked() -> None:
    columns = RatingColumns(
        np.array(["a", "b", "c"]), np.array([1, 2, 3]), np.array([5, 4, NONE], np.float32)
    )
    chosen = columns.rows(np.array([2, 0]))
    assert (chosen.shoppers.tolist(), chosen.products.tolist(), len(chosen)) == (["c", "a"], [3, 1], 2)


def test_no_interactions_are_a_value() -> None:
    nothing = np.empty(0, np.float32)
    world = Interactions.from_columns(
        np.empty(0, int), np.empty(0, int), ratings=nothing, weights=nothing, times=np.empty(0, np.int64)
    )
    assert (len(world), list(world.histories()), world.matrix().shape) == (0, [], (0, 0))
    silent(0.5)
