"""The sums that linear item-item models are solved from, against the definition written out."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine import regression
from recommendations.engine.regression import DAY, RegressionConfig, moments, penalties, product_scales
from recommendations.engine.types import Interactions
from tests.engine.builders import NONE, Row, interactions, purchases, tastes

SHOP = purchases({"ann": ["a", "b", "c"], "bob": ["b", "a"], "cyd": ["c"]})


def written_out(world: Interactions, config: RegressionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets by plain loops."""
    lengths = {s: int((own.weights > 0).sum()) for s, own in enumerate(world.histories())}
    scale = {s: length**-config.shopper_exponent if length else 0.0 for s, length in lengths.items()}
    mean = np.mean([value for s, value in scale.items() if lengths[s]])
    size = len(world.products)
    inputs, targets = np.zeros((size, size)), np.zeros((size, size))
    for s, own in enumerate(world.histories()):
        liked = own.weights > 0
        places, weights = world.products.positions(own.products)[liked], own.weights[liked]
        row = np.zeros(size)
        row[places] = weights
        weight = scale[s] / mean
        inputs += (1 - config.sequence) * weight * np.outer(row, row)
        targets += (1 - config.sequence) * weight * np.outer(row, row)
        for place in range(1, len(places)):
            past, chosen = np.zeros(size), np.zeros(size)
            past[places[:place]] = weights[:place] * config.recency ** np.arange(place - 1, -1, -1)
            chosen[places[place]] = weights[place]
            inputs += config.sequence * weight * np.outer(past, past)
            targets += config.sequence * weight * np.outer(past, chosen)
    return inputs, targets


@pytest.mark.parametrize(
    "config",
    [
        RegressionConfig(),
        RegressionConfig(shopper_exponent=0.7),
        RegressionConfig(sequence=1.0),
        RegressionConfig(sequence=0.4, recency=0.9, shopper_exponent=0.5),
    ],
    ids=["together", "weighed shoppers", "order only", "all of it"],
)
@pytest.mark.parametrize("world", [SHOP, tastes(shoppers=20, products=12)], ids=["shop", "tastes"])
def test_the_sums_are_those_of_the_definition(world: Interactions, config: RegressionConfig) -> None:
    sums, (inputs, targets) = moments(world, config), written_out(world, config)
    np.testing.assert_allclose(sums.inputs.toarray(), inputs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sums.targets.toarray(), targets, rtol=1e-4, atol=1e-5)


def test_the_sums_do_not_depend_on_the_run_of_rows_taken_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    config = RegressionConfig(sequence=0.5, recency=0.8)
    whole = moments(tastes(), config)
    monkeypatch.setattr(regression, "CHUNK", 7)
    parts = moments(tastes(), config)
    np.testing.assert_allclose(whole.inputs.toarray(), parts.inputs.toarray(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(whole.targets.toarray(), parts.targets.toarray(), rtol=1e-4, atol=1e-6)


def test_order_is_directed() -> None:
    targets = moments(purchases({1: ["a", "b"], 2: ["a", "b"]}), RegressionConfig(sequence=1.0)).targets
    assert targets.toarray().tolist() == [[0, 2], [0, 0]]


def test_a_basket_has_no_order_and_counts_as_one_step() -> None:
    world = interactions(
        [(1, "a", NONE, 1.0, 1), (1, "b", NONE, 1.0, 1), (1, "c", NONE, 1.0, 2), (1, "d", NONE, 1.0, 3)]
    )
    targets = moments(world, RegressionConfig(sequence=1.0, recency=0.5)).targets
    # a and b come with each other; c is one step after both, d two.
    assert targets.toarray().tolist() == [[0, 0, 1, 0.5], [0, 0, 1, 0.5], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_data_without_times_has_no_order() -> None:
    world = interactions([(1, "a", NONE, 1.0, 0), (1, "b", NONE, 1.0, 0)])
    assert moments(world, RegressionConfig(sequence=1.0)).targets.nnz == 0


def test_what_is_too_old_to_count_is_left_out() -> None:
    world = purchases({1: [f"{number:03}" for number in range(100)]})
    targets = moments(world, RegressionConfig(sequence=1.0, recency=0.5)).targets.toarray()
    before_last = np.flatnonzero(targets[:, -1])
    assert before_last.min() == 99 - 7
    assert targets[before_last[-1], -1] == 1.0
    everything = moments(world, RegressionConfig(sequence=1.0)).targets.toarray()
    assert np.count_nonzero(everything[:, -1]) == regression.MAXIMUM_ROWS


def test_dropout_penalizes_what_is_common_and_nothing_more() -> None:
    sums = moments(SHOP, RegressionConfig())
    config = RegressionConfig(regularization=3.0, dropout=0.5)
    assert penalties(sums, config).tolist() == [2 + 3, 2 + 3, 2 + 3]
    assert penalties(sums, RegressionConfig(regularization=3.0)).tolist() == [3, 3, 3]


def test_popularity_lowers_scores_by_its_power() -> None:
    world = purchases({1: ["a", "b"], 2: ["a"], 3: ["a"]})
    config = RegressionConfig(popularity_exponent=0.5)
    assert product_scales(world, moments(world, config), config).tolist() == pytest.approx([0.5, 2**-0.5])


def test_what_sells_now_is_raised_above_what_sold_before() -> None:
    rows: list[Row] = [(shopper, "winter", NONE, 1.0, 0) for shopper in range(3)]
    rows += [(shopper, "spring", NONE, 1.0, 7 * DAY) for shopper in range(3)]
    world = interactions(rows)
    config = RegressionConfig(trend=1.0, trend_half_life_days=7.0)
    # Recent: 3 for spring, 1.5 for winter; 4.5 of 6 in all, so 2.25 of 3 is usual.
    spring, winter = product_scales(world, moments(world, config), config).tolist()
    assert (spring, winter) == pytest.approx((4 / 3.25, 2.5 / 3.25))


def test_there_is_no_trend_without_times_or_likes() -> None:
    config = RegressionConfig(trend=1.0)
    same = interactions([(1, "a", NONE, 1.0, 5), (2, "b", NONE, 1.0, 5), (3, "b", NONE, 1.0, 5)])
    assert product_scales(same, moments(same, config), config).tolist() == pytest.approx([1, 1])
    sour = interactions([(1, "a", NONE, -1.0, 5)])
    assert product_scales(sour, moments(sour, config), config).tolist() == [1]


@pytest.mark.parametrize(
    "values",
    [
        {"regularization": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"trend_half_life_days": 0},
        {"recency": 0},
        {"recency": 1.1},
        {"sequence": 1.1},
    ],
)
def test_senseless_settings_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        RegressionConfig(**values)


@pytest.mark.parametrize(
    "changed",
    [{}, {"shopper_exponent": 0.5}, {"sequence": 0.5}, {"sequence": 0.5, "recency": 0.7}, {"recency": 0.7}],
)
def test_moments_remembered_from_another_fit_are_those_of_a_fresh_one(changed: dict[str, float]) -> None:
    world, fresh = tastes(), tastes()
    for before in (
        {},
        {"shopper_exponent": 1.0},
        {"sequence": 0.5},
        {"sequence": 0.5, "recency": 0.9},
        changed,
    ):
        moments(world, RegressionConfig(**before, regularization=7.0))
        again = moments(world, RegressionConfig(**changed))
        expected = moments(fresh, RegressionConfig(**changed))
        np.testing.assert_array_equal(again.inputs.toarray(), expected.inputs.toarray())
        np.testing.assert_array_equal(again.targets.toarray(), expected.targets.toarray())


def test_a_fit_with_other_penalties_takes_the_moments_of_the_one_before() -> None:
    world = tastes()
    first = moments(world, RegressionConfig(regularization=5.0))
    assert moments(world, RegressionConfig(regularization=9.0, dropout=0.5, popularity_exponent=0.1)) is first
    assert moments(tastes(), RegressionConfig()) is not first
