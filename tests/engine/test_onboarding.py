"""What a new shopper is asked about: known to many, judged differently, from all over the shop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.onboarding import (
    OnboardingConfig,
    choose,
    departments,
    disagreement,
    first_questions,
    popularity,
)
from tests.engine.builders import NONE, Row, described, interactions, purchases, tastes

ALIKE = np.zeros(6, np.int64)


def test_of_products_judged_alike_the_best_known_are_asked_about_first() -> None:
    chosen = choose(np.array([3.0, 9, 1, 5, 0, 7]), np.ones(6), np.arange(6), count=3)
    assert chosen.tolist() == [1, 5, 3]


def test_of_equally_known_products_the_most_disputed_are_asked_about_first() -> None:
    chosen = choose(np.full(6, 5.0), np.array([0.1, 0.9, 0.3, 0.8, 0.2, 0.7]), ALIKE, count=3)
    assert chosen.tolist() == [1, 3, 5]


def test_a_product_of_another_department_goes_before_one_that_is_little_better_known() -> None:
    known, shelves = np.array([10.0, 9.9, 9.8, 9.5]), np.array([0, 0, 0, 1])
    assert choose(known, np.ones(4), shelves, count=2).tolist() == [0, 3]
    one_shelf = OnboardingConfig(spread=1.0)
    assert choose(known, np.ones(4), shelves, count=2, config=one_shelf).tolist() == [0, 1]


def test_a_much_better_known_product_goes_before_another_department() -> None:
    assert choose(np.array([10.0, 9.9, 1.0]), np.ones(3), np.array([0, 0, 1]), count=2).tolist() == [0, 1]


def test_without_ratings_what_the_same_shoppers_buy_is_asked_about_once() -> None:
    baskets: dict[object, list[object]] = {n: ["tea", "pot"] for n in range(5)}
    baskets |= {10 + n: ["rake"] for n in range(4)}
    asked = first_questions(purchases(baskets))
    # Pot is as popular as tea, but says what tea has said.
    assert asked == ["pot", "rake", "tea"]


def test_what_nobody_ever_touched_is_not_asked_about() -> None:
    assert first_questions(purchases({1: ["tea"]}, catalogue=["tea", "unknown"])) == ["tea"]


def test_a_dislike_makes_a_product_known_too() -> None:
    rows: list[Row] = [(1, "a", 1.0, -1.0, 0), (2, "a", 5.0, 1.0, 0), (1, "b", 3.0, 0.3, 1)]
    assert popularity(interactions(rows)) == pytest.approx([2.0, 0.3])


def test_disagreement_is_the_entropy_of_the_stars() -> None:
    """Surprise in nats over ln 5, computed by hand: one star and five stars in halves give ln 2."""
    rows: list[Row] = [(n, "split", 1.0 if n % 2 else 5.0, 0.0, 0) for n in range(4)]
    rows += [(n, "agreed", 5.0, 0.0, 1) for n in range(4)]
    found = disagreement(interactions(rows), prior=0)
    assert found == pytest.approx([0.0, np.log(2) / np.log(5)], abs=1e-6)


def test_a_product_with_few_ratings_is_taken_to_be_like_the_others() -> None:
    rows: list[Row] = [(n, "many", float(1 + n % 5), 0.0, 0) for n in range(50)]
    rows.append((1, "one", 5.0, 0.0, 1))
    many, one = disagreement(interactions(rows), prior=10)
    assert many > 0.99
    assert 0.9 < one < many


def test_departments_come_from_what_the_shop_says_and_may_be_missing() -> None:
    world = purchases({1: ["a", "b", "c", "d"]})
    told = described(
        {"a": "A", "b": "B", "c": "C"},
        categories={"a": ("Garden", "Rakes"), "b": ("Garden", "Pots"), "c": ("Kitchen",)},
    )
    a, b, c, d = departments(replace(world, features=told)).tolist()
    assert a == b
    assert len({a, c, d}) == 3
    assert len(set(departments(world).tolist())) == 1


def test_the_same_feedback_always_asks_the_same() -> None:
    assert first_questions(tastes(), count=20) == first_questions(tastes(), count=20)


def test_as_many_as_asked_for_and_no_more() -> None:
    assert len(first_questions(tastes(products=40), count=20)) == 20
    assert len(first_questions(tastes(products=12), count=20)) == 12


@given(
    known=st.lists(st.floats(0, 1e6), min_size=1, max_size=30),
    count=st.integers(0, 40),
    data=st.data(),
)
def test_no_product_is_asked_about_twice_and_none_that_is_unknown(
    known: list[float], count: int, data: st.DataObject
) -> None:
    size = len(known)
    disputed = data.draw(st.lists(st.floats(0, 1), min_size=size, max_size=size))
    shelves = data.draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    chosen = choose(np.array(known), np.array(disputed), np.array(shelves), count=count).tolist()
    assert len(set(chosen)) == len(chosen) == min(count, sum(each > 0 for each in known))
    assert all(known[place] > 0 for place in chosen)


@pytest.mark.parametrize(
    "values", [{"disagreement": -1.0}, {"spread": 0.0}, {"spread": 1.1}, {"prior": -1.0}]
)
def test_settings_without_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        OnboardingConfig(**values)


def test_a_purchase_has_no_stars_and_does_not_count_as_a_rating() -> None:
    rows: list[Row] = [(1, "a", NONE, 1.0, 0), (2, "a", 5.0, 1.0, 0), (3, "a", 1.0, -1.0, 0)]
    assert disagreement(interactions(rows), prior=0) == pytest.approx([np.log(2) / np.log(5)])
