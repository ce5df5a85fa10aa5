"""Where a search sets out, and which settings it leaves alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.protocols import Needs, Starts
from recommendations.engine.starting import (
    DAY,
    FEATURES,
    ORDER,
    TIME,
    applicable,
    configurations,
    draws,
    searched,
    starts,
    told_by,
)
from recommendations.engine.types import Interactions
from tests.engine.builders import checkerboard, interactions, purchases, tastes

NOTHING: frozenset[str] = frozenset()
ALL = frozenset({ORDER, TIME, FEATURES})
NAN = float("nan")


def at(*times: int) -> Interactions:
    return interactions([("ann", place, NAN, 1.0, time) for place, time in enumerate(times)])


def test_data_without_times_tells_no_order() -> None:
    assert told_by(at(0, 0, 0)) == NOTHING
    assert told_by(at(5)) == NOTHING


def test_positions_are_an_order_and_no_time() -> None:
    assert told_by(purchases({1: ["a", "b", "c"]})) == {ORDER}


def test_days_apart_is_time_even_where_every_shopper_came_once() -> None:
    once = interactions([("ann", 1, NAN, 1.0, 0), ("bob", 1, NAN, 1.0, DAY)])
    assert told_by(once) == {TIME}
    assert told_by(at(0, DAY)) == {ORDER, TIME}


def test_described_products_are_told() -> None:
    assert FEATURES in told_by(checkerboard())
    assert FEATURES not in told_by(tastes())


def test_no_feedback_tells_nothing() -> None:
    assert told_by(tastes().rows(np.zeros(len(tastes()), bool))) == NOTHING


def test_content_needs_descriptions_and_the_others_do_not() -> None:
    without = {name for name, algorithm in ALGORITHMS.items() if not applicable(algorithm, NOTHING)}
    assert without == {"content"}
    assert all(applicable(algorithm, ALL) for algorithm in ALGORITHMS.values())


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_what_is_not_searched_without_times_changes_nothing_there(name: str) -> None:
    """Every setting that is left out is fitted with each of its values, and scores all the same."""
    algorithm = ALGORITHMS[name]
    board = checkerboard(6)
    flat = dataclasses.replace(board, times=np.zeros(len(board), np.int64))
    histories = [dataclasses.replace(own, times=np.zeros(len(own), np.int64)) for own in flat.histories()]
    told = told_by(flat)
    assert told == {FEATURES}
    for setting in set(algorithm.search) - set(searched(algorithm, told)):
        scores = []
        for value in algorithm.search[setting]:
            config = dataclasses.replace(algorithm.config_class(), **{setting: value})
            scores.append(algorithm.fit(flat, config, seed=0, progress=lambda _: None).score(histories))
        for other in scores[1:]:
            np.testing.assert_array_equal(other.argsort(axis=1), scores[0].argsort(axis=1))


def test_recency_and_trend_are_searched_where_there_are_times() -> None:
    ease = ALGORITHMS["ease"]
    assert {"recency", "sequence", "trend"} <= set(searched(ease, ALL))
    assert set(searched(ease, frozenset({ORDER}))) & {"recency", "sequence", "trend"} == {
        "recency",
        "sequence",
    }
    assert not set(searched(ease, NOTHING)) & {"recency", "sequence", "trend"}


@pytest.mark.parametrize("told", [NOTHING, frozenset({ORDER}), ALL])
@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_starts_are_valid_all_different_and_the_default_is_first(name: str, told: frozenset[str]) -> None:
    algorithm = ALGORITHMS[name]
    found = list(starts(algorithm, told))
    assert found[0] == algorithm.config_class()
    assert len(found) == len(set(found))
    if told == ALL and isinstance(algorithm, Starts):
        assert len(found) == 1 + len(algorithm.starts)


def test_starts_that_need_an_order_are_left_out_where_there_is_none() -> None:
    ease = ALGORITHMS["ease"]
    assert isinstance(ease, Needs)
    assert (
        len(list(starts(ease, NOTHING)))
        < len(list(starts(ease, frozenset({ORDER}))))
        < len(list(starts(ease, ALL)))
    )
    assert all(config.sequence == 0 and config.recency == 1 for config in starts(ease, NOTHING))


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_needed_setting_exists(name: str) -> None:
    algorithm = ALGORITHMS[name]
    if isinstance(algorithm, Needs):
        for setting, need in algorithm.needs.items():
            assert need in ALL
            assert not setting or setting in algorithm.search


def test_combinations_follow_the_starts_and_never_repeat() -> None:
    als = ALGORITHMS["als"]
    found = list(configurations(als, NOTHING, np.random.default_rng(0)))
    begun = list(starts(als, NOTHING))
    assert found[: len(begun)] == begun
    assert len(found) == len(set(found)) > len(begun) + 20


def test_draws_change_at_most_two_settings_by_at_most_their_reach() -> None:
    ease = ALGORITHMS["ease"]
    values = searched(ease, NOTHING)
    centre = ease.config_class()
    drawn = draws(ease, centre, NOTHING, reach=2, random=np.random.default_rng(0))
    seen = set()
    for _, config in zip(range(200), drawn, strict=False):
        moved: dict[str, Any] = {
            name: each.index(getattr(config, name)) - each.index(getattr(centre, name))
            for name, each in values.items()
        }
        assert sum(step != 0 for step in moved.values()) <= 2
        assert max(abs(step) for step in moved.values()) <= 2
        seen |= {name for name, step in moved.items() if step}
    assert seen == set(values)


def test_an_algorithm_without_settings_has_nothing_to_draw() -> None:
    blend = ALGORITHMS["blend"]
    assert list(draws(blend, blend.config_class(), ALL, reach=2, random=np.random.default_rng(0))) == []
