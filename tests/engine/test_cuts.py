"""Which rows are learned from and which are asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.evaluation.cuts import (
    BasketCut,
    Cut,
    Feedback,
    LastCut,
    RandomCut,
    TimeCut,
    ask,
    latest,
    some_of,
)

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 6)), max_size=60)


def feedback(*rows: tuple[object, object, int], weights: list[float] | None = None) -> Feedback:
    """Rows of (shopper, product, time)."""
    shoppers, products, times = zip(*rows, strict=True) if rows else ((), (), ())
    return Feedback(
        np.asarray(shoppers),
        np.asarray(products),
        np.ones(len(rows), np.float32) if weights is None else np.asarray(weights, np.float32),
        np.full(len(rows), np.nan, np.float32),
        np.asarray(times, np.int64),
    )


WORLD = feedback(
    ("ann", "hat", 1),
    ("bob", "cap", 2),
    ("ann", "tie", 3),
    ("ann", "sock", 3),
    ("bob", "hat", 4),
    ("eve", "tie", 5),
)


def asked_of(cut: Cut, world: Feedback = WORLD) -> list[tuple[str, str]]:
    later = world.rows(~cut.learned(world))
    return list(zip(later.shoppers.tolist(), later.products.tolist(), strict=True))


def test_a_time_cut_asks_about_everything_from_the_moment_on() -> None:
    assert asked_of(TimeCut(at=4)) == [("bob", "hat"), ("eve", "tie")]


def test_a_share_of_the_rows_takes_all_rows_of_its_first_second() -> None:
    # The last half begins in second 3, in which there are two rows.
    assert asked_of(TimeCut(fraction=0.5)) == [
        ("ann", "tie"),
        ("ann", "sock"),
        ("bob", "hat"),
        ("eve", "tie"),
    ]


def test_the_last_row_of_a_shopper_is_the_last_in_the_file_of_those_at_one_time() -> None:
    assert asked_of(LastCut()) == [("ann", "sock"), ("bob", "hat")]


def test_the_last_basket_is_all_of_a_shoppers_last_time() -> None:
    assert asked_of(BasketCut()) == [("ann", "tie"), ("ann", "sock"), ("bob", "hat")]


def test_a_shopper_with_one_basket_keeps_it() -> None:
    assert asked_of(BasketCut(), feedback(("ann", "hat", 1), ("ann", "cap", 1))) == []


def test_a_random_cut_takes_its_share_of_each_shopper_and_at_least_one() -> None:
    many = feedback(
        *[("ann", product, 0) for product in range(50)], ("bob", 1, 0), ("bob", 2, 0), ("eve", 3, 0)
    )
    asked = asked_of(RandomCut(fraction=0.1, seed=3), many)
    assert sorted(shopper for shopper, _ in asked) == ["ann"] * 5 + ["bob"]


def test_a_random_cut_depends_on_its_seed_only() -> None:
    many = feedback(*[(shopper, product, 0) for shopper in range(9) for product in range(20)])
    first, same, other = (asked_of(RandomCut(seed=seed), many) for seed in (1, 1, 2))
    assert first == same != other


def test_repeated_purchases_of_a_product_fall_on_one_side_of_a_random_cut() -> None:
    twice = feedback(*[("ann", product, time) for time in (1, 2) for product in range(20)])
    asked = [product for _, product in asked_of(RandomCut(fraction=0.3), twice)]
    assert sorted(asked) == sorted([*set(asked), *set(asked)])


@pytest.mark.parametrize("cut", [LastCut(), BasketCut(), RandomCut()], ids=str)
@given(rows=ROWS)
def test_nobody_loses_their_whole_past_to_a_cut_by_shopper(
    cut: Cut, rows: list[tuple[int, int, int]]
) -> None:
    world = feedback(*rows)
    learned = cut.learned(world)
    assert len(learned) == len(world)
    assert set(world.shoppers[learned].tolist()) == set(world.shoppers.tolist())


@pytest.mark.parametrize("fraction", [0, 1, -0.1])
def test_a_senseless_share_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        TimeCut(fraction=fraction)


def asked(train: Feedback, later: Feedback, *, newcomers: bool = True) -> dict[str, list[str]]:
    holdout = ask(latest(train), later, newcomers=newcomers)
    return {
        str(shopper): holdout.products.ids[wanted].tolist()
        for shopper, wanted in zip(holdout.shoppers, holdout.relevant, strict=True)
    }


def test_only_products_new_to_the_shopper_are_asked_about_and_each_once() -> None:
    later = feedback(("ann", "hat", 9), ("ann", "cap", 9), ("ann", "cap", 10), ("bob", "cap", 9))
    assert asked(WORLD, later) == {"ann": ["cap"]}


def test_a_product_nobody_had_before_is_asked_about_all_the_same() -> None:
    assert asked(WORLD, feedback(("ann", "zip", 9))) == {"ann": ["zip"]}


def test_what_is_disliked_later_is_not_to_be_found() -> None:
    later = feedback(("ann", "cap", 9), ("bob", "tie", 9), weights=[-1.0, 1.0])
    assert asked(WORLD, later) == {"bob": ["tie"]}


def test_newcomers_are_asked_with_an_empty_history_or_not_at_all() -> None:
    later = feedback(("zoe", "hat", 9), ("ann", "cap", 9))
    holdout = ask(latest(WORLD), later, newcomers=True)
    lengths = dict(zip(holdout.shoppers.tolist(), map(len, holdout.histories), strict=True))
    assert lengths == {"ann": 3, "zoe": 0}
    assert asked(WORLD, later, newcomers=False) == {"ann": ["cap"]}


def test_nothing_later_asks_nobody() -> None:
    assert asked(WORLD, WORLD.rows(np.zeros(len(WORLD), bool))) == {}


@given(early=ROWS, late=ROWS)
def test_the_question_is_the_difference_of_sets(
    early: list[tuple[int, int, int]], late: list[tuple[int, int, int]]
) -> None:
    if not early or not late:
        return
    expected: dict[str, set[Any]] = {}
    for shopper, product, _ in late:
        if (shopper, product) not in {(row[0], row[1]) for row in early}:
            expected.setdefault(str(shopper), set()).add(product)
    found: dict[str, list[Any]] = {**asked(feedback(*early), feedback(*late))}
    assert {shopper: set(wanted) for shopper, wanted in found.items()} == expected


def test_some_of_the_shoppers_are_drawn_with_their_own_questions() -> None:
    world = feedback(*[(shopper, shopper, 0) for shopper in range(100)])
    later = feedback(*[(shopper, shopper + 1, 1) for shopper in range(100)])
    holdout = some_of(ask(latest(world), later, newcomers=False), 10, random=np.random.default_rng(0))
    assert len(holdout) == len(set(holdout.shoppers.tolist())) == 10
    for shopper, history, wanted in zip(holdout.shoppers, holdout.histories, holdout.relevant, strict=True):
        assert history.products.tolist() == [shopper]
        assert holdout.products.ids[wanted].tolist() == [shopper + 1]
