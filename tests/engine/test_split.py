from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine.evaluation.split import Holdout, hold_out, time_split
from recommendations.engine.types import Interactions
from tests.engine.builders import NONE, interactions, tastes

WORLD = interactions(
    [
        ("ann", "hat", 5, 1.0, 10),
        ("ann", "cap", NONE, 1.0, 20),
        ("bob", "hat", NONE, 1.0, 30),
        ("ann", "tie", 4, 0.6, 100),
        ("ann", "sock", 1, -0.6, 110),
        ("bob", "belt", NONE, 1.0, 120),
        ("eve", "hat", 5, 1.0, 130),
    ]
)


def asked(holdout: Holdout) -> dict[str, list[str]]:
    return {
        str(shopper): sorted(holdout.products.ids[relevant].tolist())
        for shopper, relevant in zip(holdout.shoppers, holdout.relevant, strict=True)
    }


def test_the_cut_parts_before_from_after() -> None:
    train, holdout = time_split(WORLD, at=100)
    assert train.times.tolist() == [10, 20, 30]
    assert asked(holdout) == {"ann": ["tie"], "bob": ["belt"]}


def test_the_second_of_the_cut_belongs_to_the_later_side() -> None:
    assert time_split(WORLD, at=101)[0].times.max() == 100


def test_histories_are_what_was_known_before_the_cut() -> None:
    holdout = time_split(WORLD, at=100)[1]
    assert [history.products.tolist() for history in holdout.histories] == [["hat", "cap"], ["hat"]]


def test_a_shopper_without_a_past_is_not_asked_about() -> None:
    assert "eve" not in time_split(WORLD, at=100)[1].shoppers


def test_a_dislike_is_not_something_to_be_found_but_is_a_rating_to_be_predicted() -> None:
    holdout = time_split(WORLD, at=100)[1]
    assert "sock" not in asked(holdout)["ann"]
    assert holdout.products.ids[holdout.rating_product].tolist() == ["tie", "sock"]
    assert holdout.ratings.tolist() == [4, 1]
    assert holdout.rating_shopper.tolist() == [0, 0]
    assert len(holdout.rating_histories) == 1


def test_a_product_bought_again_is_not_new() -> None:
    early = interactions([("ann", "hat", NONE, 1.0, 1), ("ann", "cap", NONE, 1.0, 2)], catalogue=["tie"])
    late = interactions([("ann", "hat", NONE, 1.0, 8), ("ann", "tie", NONE, 1.0, 9)], catalogue=["cap"])
    assert asked(hold_out(early, late)) == {"ann": ["tie"]}


def test_two_sides_with_other_vocabularies_are_refused() -> None:
    other = interactions([("ann", "hat", NONE, 1.0, 8)])
    with pytest.raises(ValueError, match="share their vocabularies"):
        hold_out(WORLD, other)


def test_a_fraction_holds_out_about_that_share_of_the_newest_rows() -> None:
    world = tastes()
    train, _ = time_split(world, fraction=0.25)
    assert len(train) == pytest.approx(0.75 * len(world), rel=0.01)
    newest = world.times[world.times >= train.times.max()]
    assert len(newest) == pytest.approx(0.25 * len(world), rel=0.05)


def test_both_vocabularies_are_kept_whole() -> None:
    train, holdout = time_split(WORLD, at=100)
    assert train.products is WORLD.products is holdout.products
    assert train.shoppers is WORLD.shoppers


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 2.0])
def test_a_senseless_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        time_split(WORLD, fraction=fraction)


@pytest.mark.parametrize("at", [0, 10_000])
def test_a_cut_with_one_empty_side_asks_nobody(at: int) -> None:
    holdout = time_split(WORLD, at=at)[1]
    assert len(holdout) == 0
    assert holdout.relevant == holdout.histories == holdout.rating_histories == ()


def test_no_interactions_give_an_empty_holdout() -> None:
    nothing: Interactions = WORLD.rows(np.zeros(len(WORLD), bool))
    train, holdout = time_split(nothing)
    assert (len(train), len(holdout)) == (0, 0)
