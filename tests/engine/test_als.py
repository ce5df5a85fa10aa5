from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine.algorithms import als
from recommendations.engine.algorithms.als import Als, AlsConfig, _solved
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.types import Floats, History, Interactions, silent
from tests.engine.builders import checkerboard, history, interactions, purchases, tastes

SMALL = AlsConfig(factors=6, epochs=8, unobserved=0.3, regularization=0.02)


def fitted(world: Interactions, config: AlsConfig = SMALL, *, seed: int = 0) -> FoldInRanker:
    return Als().fit(world, config, seed=seed, progress=silent)


def loss(world: Interactions, people: Floats, things: Floats, config: AlsConfig) -> float:
    """The objective as the docstrings state it, pair by pair."""
    weights = np.maximum(world.matrix().toarray().astype(float), 0)
    predicted = people.astype(float) @ things.astype(float).T
    pairs = np.sum(weights * (1 - predicted) ** 2) + config.unobserved * np.sum(predicted**2)
    rows = weights.sum(axis=1) + config.unobserved * weights.shape[1]
    columns = weights.sum(axis=0) + config.unobserved * weights.shape[0]
    penalty = rows @ np.sum(people.astype(float) ** 2, axis=1) + columns @ np.sum(
        things.astype(float) ** 2, axis=1
    )
    return float(pairs + config.regularization * penalty)


def liked(world: Interactions):
    return world.rows(world.weights > 0).matrix()


@pytest.mark.parametrize("factors", [3, 30], ids=["fewer factors than rows", "more factors than rows"])
def test_a_half_step_is_the_minimum_of_the_stated_loss(factors: int) -> None:
    world = tastes(shoppers=12, products=25)
    config = AlsConfig(factors=factors, unobserved=0.3, regularization=0.02)
    random = np.random.default_rng(0)
    things = random.normal(size=(25, factors)).astype(np.float32)
    people = _solved(liked(world), things, config, silent)
    best = loss(world, people, things, config)
    for _ in range(20):
        step = random.normal(scale=0.02, size=people.shape).astype(np.float32)
        assert best < loss(world, people + step, things, config)
        assert best < loss(world, people - step, things, config)


def test_rows_solved_a_few_at_a_time_are_solved_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    things = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    together = _solved(liked(tastes()), things, SMALL, silent)
    monkeypatch.setattr(als, "FLOATS_AT_A_TIME", 1)
    shares: list[float] = []
    np.testing.assert_allclose(
        _solved(liked(tastes()), things, SMALL, shares.append), together, rtol=1e-4, atol=1e-6
    )
    assert len(shares) == 60
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_both_ways_to_solve_a_row_agree() -> None:
    """A row with fewer entries than factors is solved by its entries, one with more by the factors."""
    world = tastes(shoppers=12, products=25)
    things = np.random.default_rng(0).normal(size=(25, 12)).astype(np.float32)
    table = liked(world)
    entries = np.diff(table.indptr)
    assert entries.min() < 12 <= entries.max()
    solved = _solved(table, things, SMALL, silent).astype(float)
    gram = things.astype(float).T @ things
    for row, own in enumerate(table.toarray().astype(float)):
        scale = SMALL.regularization * (own.sum() + SMALL.unobserved * 25)
        system = SMALL.unobserved * gram + (things.T * own) @ things + scale * np.eye(12)
        np.testing.assert_allclose(solved[row], np.linalg.solve(system, things.T @ own), rtol=1e-3, atol=1e-4)


def test_more_epochs_never_raise_the_loss() -> None:
    world = tastes()
    losses = []
    for epochs in (1, 2, 5, 10):
        config = AlsConfig(factors=6, epochs=epochs, unobserved=0.3, regularization=0.02)
        things = fitted(world, config).factors
        losses.append(loss(world, _solved(liked(world), things, config, silent), things, config))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_a_trained_shopper_folded_in_gets_the_vector_of_the_training() -> None:
    world = checkerboard(8)
    model = fitted(world)
    people = _solved(liked(world), model.factors, SMALL, silent)
    np.testing.assert_allclose(
        model.score(list(world.histories())), people @ model.factors.T, rtol=1e-3, atol=1e-4
    )


def test_what_a_shopper_has_is_drawn_to_1_and_the_rest_to_0() -> None:
    world = checkerboard(8)
    scores = fitted(world, AlsConfig(factors=4, unobserved=0.05, regularization=0.001)).score(
        [world.history(0)]
    )[0]
    own = world.products.positions(world.history(0).products)
    assert scores[own].min() > 0.7
    assert np.abs(scores[1::2]).max() < 0.1


def test_the_unobserved_weight_holds_scores_down() -> None:
    world = tastes()
    loose, firm = (
        fitted(world, AlsConfig(factors=6, unobserved=weight, regularization=0.01)) for weight in (0.05, 2.0)
    )
    histories = list(world.histories())
    assert np.abs(firm.score(histories)).mean() < 0.7 * np.abs(loose.score(histories)).mean()


def test_the_penalty_grows_with_the_history() -> None:
    """Ten identical rows of a tenth the weight are as one: both the data and the penalty count weight."""
    model = fitted(tastes())
    once = model.score([history([3], [1.0])])[0]
    assert not np.allclose(once, model.score([history([3], [0.1])])[0], rtol=1e-2)
    flat = FoldInRanker(
        model.products, model.table, unobserved=0.3, regularization=0.02 * 0.3 * 40
    )  # fmt: skip
    assert np.linalg.norm(flat.score([history([3])])[0]) > np.linalg.norm(once)


def test_dislikes_are_not_learned_from_but_are_folded_in() -> None:
    rows = [(1, "a", 5, 1.0, 0), (1, "b", 5, 1.0, 1), (2, "a", 5, 1.0, 0), (2, "b", 5, 1.0, 1)]
    plain, with_dislike = interactions(rows), interactions([*rows, (3, "a", 1, -1.0, 0)])
    one = fitted(plain).score([history(["a"], [-1.0])])[0]
    assert one[1] < 0
    assert np.isfinite(fitted(with_dislike).score([history(["a"])])).all()
    assert fitted(with_dislike).score([History.empty()]).tolist() == [[0, 0]]


def test_a_product_nobody_has_scores_0_and_is_near_nothing() -> None:
    model = fitted(purchases({1: ["a", "b"], 2: ["a", "b"]}, catalogue=["a", "b", "z"]))
    assert model.score([history(["a", "z"])])[0, 2] == 0
    assert model.similar(np.array([2], np.int32))[0, :2].tolist() == [0, 0]


def test_another_seed_is_another_start_and_about_the_same_answer() -> None:
    world = checkerboard(8)
    one, other = (fitted(world, seed=seed).score(list(world.histories())) for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("setting", ["factors", "epochs", "unobserved", "regularization"])
def test_senseless_settings_are_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=setting):
        AlsConfig(**{setting: 0})


def test_it_says_what_it_can_afford() -> None:
    assert Als().affordable(43_000, 36_000, 1_000_000)
    assert Als().affordable(6_000, 3_000, 800_000)
    assert not Als().affordable(138_000, 27_000, 20_000_000)
    assert not Als().affordable(10_000_000, 36_000, 9_000_000)
    assert AlsConfig().factors in Als.search["factors"]
    for setting, values in Als.search.items():
        for value in values:
            AlsConfig(**{setting: value})
