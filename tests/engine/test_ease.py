"""EASE whole and on neighbours, against the regressions they stand for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from recommendations.engine.algorithms import ease, sparse_ease
from recommendations.engine.algorithms.ease import Ease, EaseConfig
from recommendations.engine.algorithms.sparse_ease import SparseEase, SparseEaseConfig
from recommendations.engine.regression import RegressionConfig, moments, penalties, product_scales
from recommendations.engine.topk import top
from recommendations.engine.types import Interactions, silent
from tests.engine.builders import history, purchases, tastes

SETTINGS = [
    {"regularization": 5.0},
    {"regularization": 5.0, "dropout": 0.4, "shopper_exponent": 0.6},
    {"regularization": 5.0, "sequence": 0.5, "recency": 0.8, "dropout": 0.2},
    {"regularization": 5.0, "sequence": 1.0, "popularity_exponent": 0.3, "trend": 0.5},
]
NAMES = ["plain", "dropout", "order", "scaled"]


def whole(world: Interactions, **values: Any) -> np.ndarray:
    return np.asarray(Ease().fit(world, EaseConfig(**values), seed=0, progress=silent).weights)


def on_neighbours(world: Interactions, neighbours: int, **values: Any) -> np.ndarray:
    config = SparseEaseConfig(neighbours=neighbours, **values)
    weights = SparseEase().fit(world, config, seed=0, progress=silent).weights
    assert not isinstance(weights, np.ndarray)
    return np.asarray(weights.toarray())


@pytest.mark.parametrize("values", SETTINGS, ids=NAMES)
def test_each_product_is_the_ridge_regression_on_all_others(values: dict[str, float]) -> None:
    world, config = tastes(), RegressionConfig(**values)
    sums = moments(world, config)
    system = sums.inputs.toarray().astype(np.float64) + np.diag(penalties(sums, config))
    scales, weights = product_scales(world, sums, config), whole(world, **values)
    for target in (0, 17, 39):
        others = np.delete(np.arange(40), target)
        expected = np.linalg.solve(system[np.ix_(others, others)], sums.targets.toarray()[others, target])
        np.testing.assert_allclose(weights[others, target], expected * scales[target], rtol=1e-3, atol=1e-5)
        assert weights[target, target] == 0


@pytest.mark.parametrize("values", SETTINGS, ids=NAMES)
def test_with_all_products_as_neighbours_it_is_ease(values: dict[str, float]) -> None:
    # Everything is owned together with everything else by somebody: no pair is left out.
    world = dataclasses.replace(tastes(), weights=np.abs(tastes().weights) + np.float32(0.1))
    np.testing.assert_allclose(
        on_neighbours(world, 40, **values), whole(world, **values), rtol=1e-3, atol=1e-5
    )


def test_looking_up_in_the_sparse_matrix_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = on_neighbours(tastes(), 7, **SETTINGS[2])
    monkeypatch.setattr(sparse_ease, "DENSE_UP_TO", 0)
    np.testing.assert_allclose(on_neighbours(tastes(), 7, **SETTINGS[2]), dense, rtol=1e-5, atol=1e-7)


def test_products_that_never_occur_together_say_nothing_about_each_other() -> None:
    weights = on_neighbours(purchases({1: ["a", "b"], 2: ["b", "c"]}), 40)
    assert weights[0, 2] == weights[2, 0] == 0
    assert np.count_nonzero(weights) == 4


def test_single_precision_for_large_catalogues_changes_next_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for values in SETTINGS:
        double = whole(tastes(), **values)
        with monkeypatch.context() as patch:
            patch.setattr(ease, "DOUBLE_PRECISION_UP_TO", 0)
            np.testing.assert_allclose(whole(tastes(), **values), double, rtol=1e-2, atol=1e-4)


def test_the_inverse_does_not_depend_on_the_blocks_it_is_mirrored_by(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = whole(tastes(), regularization=5.0)
    monkeypatch.setattr(ease, "BLOCK", 7)
    np.testing.assert_array_equal(whole(tastes(), regularization=5.0), expected)


def test_a_product_keeps_its_best_neighbours_only_and_never_itself() -> None:
    few = on_neighbours(tastes(), 3, regularization=5.0)
    assert np.all(np.count_nonzero(few, axis=0) == 3)
    assert not np.diag(few).any()
    # Alone, a neighbour explains (Z'Y)_ij^2 / A_ii; the three that explain most are kept.
    sums = moments(tastes(), RegressionConfig(regularization=5.0))
    gain = sums.targets.toarray() ** 2 / (sums.inputs.diagonal() + 5.0)[:, None]
    np.fill_diagonal(gain, 0)
    for target in range(40):
        assert set(np.flatnonzero(few[:, target])) == set(np.argsort(-gain[:, target])[:3])


def test_equally_good_neighbours_are_kept_by_their_order() -> None:
    world = purchases({shopper: ["a", "b", "c", "d"] for shopper in range(5)})
    few = on_neighbours(world, 2)
    assert [np.flatnonzero(column).tolist() for column in few.T] == [[1, 2], [0, 2], [0, 1], [0, 1]]


@pytest.mark.parametrize("algorithm", [Ease(), SparseEase()], ids=lambda algorithm: algorithm.name)
def test_learning_the_order_recommends_the_sequel_and_not_the_prequel(algorithm: Any) -> None:
    baskets: dict[object, list[object]] = {
        shopper: ["part 1", "part 2", "part 3"] if shopper % 2 else ["x", "part 2", "part 3"]
        for shopper in range(40)
    }
    config = algorithm.config_class(regularization=1.0, sequence=1.0, recency=0.5)
    model = algorithm.fit(purchases(baskets), config, seed=0, progress=silent)
    scores = model.score([history(["part 2"])])[0]
    best = top(scores, 1, exclude=model.products.positions(["part 2"]))
    assert model.products.ids[best.positions[0]] == "part 3"
    assert scores[model.products.positions(["part 1"])[0]] <= 0


@pytest.mark.parametrize(
    ("algorithm", "size", "fits"),
    [
        (Ease(), (22_363, 12_101, 200_000), True),
        (Ease(), (30_000, 41_000, 810_000), False),
        (SparseEase(), (30_000, 41_000, 810_000), True),
        (SparseEase(), (6_022, 3_043, 796_244), True),
        (SparseEase(), (5_000, 2_000_000, 10_000_000), False),
    ],
)
def test_each_says_what_it_can_afford(
    algorithm: Ease | SparseEase, size: tuple[int, int, int], fits: bool
) -> None:
    assert algorithm.affordable(*size) is fits


def test_no_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="neighbours"):
        SparseEaseConfig(neighbours=0)
