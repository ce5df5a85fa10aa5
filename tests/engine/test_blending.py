"""How a blend is weighed on the validation part, and when the search keeps one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommendations.engine.algorithms.blend import BlendModel
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.blending import best_weights, weighed
from recommendations.engine.choosing import choose
from recommendations.engine.evaluation.cuts import Feedback, RandomCut, ask, latest
from recommendations.engine.evaluation.report import evaluate
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.types import Arrays, Floats, Interactions, Vocabulary
from tests.engine.builders import tastes


class Table:
    """Scores by the shopper's only product: a row of a given table."""

    def __init__(self, scores: Floats) -> None:
        self.products = Vocabulary(np.arange(scores.shape[1]))
        self._scores = scores

    def score(self, histories) -> Floats:
        return np.stack([self._scores[history.products[0]] for history in histories])

    def arrays(self) -> Arrays:
        return {}


def question(count: int = 120) -> tuple[Holdout, Floats]:
    """(shopper s has product s and will like product (s + 1) mod n; the table that knows it)."""
    ones = np.ones(count, np.float32)
    ids = np.arange(count)
    had = Feedback(ids, ids, ones, ones * np.nan, ids)
    later = Feedback(ids, (ids + 1) % count, ones, ones * np.nan, ids)
    truth = np.zeros((count, count), np.float32)
    truth[ids, (ids + 1) % count] = 1
    return ask(latest(had), later, newcomers=False), truth


def blend(*tables: Floats) -> BlendModel:
    parts: list[Any] = [Table(np.asarray(table, np.float32)) for table in tables]
    return BlendModel(parts[0].products, parts, np.full(len(parts), 1 / len(parts), np.float32))


def noise(seed: int, count: int = 120) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, count)).astype(np.float32)


def test_a_part_that_knows_nothing_gets_no_weight() -> None:
    holdout, truth = question()
    assert best_weights(blend(truth, noise(1)), holdout, k=10).tolist() == [1, 0]
    assert best_weights(blend(noise(1), truth), holdout, k=10).tolist() == [0, 1]


def test_parts_that_err_apart_are_better_together() -> None:
    holdout, truth = question()
    one, other = 2 * truth + noise(1), 2 * truth + noise(2)
    model = blend(one, other)
    weights = best_weights(model, holdout, k=10)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0.2
    ndcg = [
        evaluate(weighed(model, each), holdout, ks=(10,)).values["ndcg@10"]
        for each in (weights, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    ]
    assert ndcg[0] > 1.1 * max(ndcg[1:])


def test_weighing_is_the_weighted_sum_of_the_scores() -> None:
    holdout, truth = question()
    one, other = truth + noise(1), noise(2)
    shown = weighed(blend(one, other), np.array([0.7, 0.3])).score(holdout.histories)
    np.testing.assert_allclose(shown, 0.7 * one + 0.3 * other, rtol=1e-4, atol=1e-5)


def learned_and_asked() -> tuple[Interactions, Holdout]:
    data = tastes(shoppers=200, products=60, seed=1)
    liked = data.rows(data.weights > 0)
    rows = Feedback(
        liked.shoppers.ids[liked.shopper], liked.products.ids[liked.product], liked.weights, liked.ratings,
        liked.times,
    )  # fmt: skip
    kept = RandomCut(fraction=0.2).learned(rows)
    train = latest(rows.rows(kept))
    return train, ask(train, rows.rows(~kept), newcomers=False)


def test_the_search_ends_with_a_blend_whose_configuration_gives_what_was_measured() -> None:
    train, validation = learned_and_asked()
    outcome = choose(
        train, validation, names=("item_knn", "ease", "blend"), k=10, seed=0, now=lambda: 0.0, budget=100,
        tell=lambda *_: None,
    )  # fmt: skip
    assert outcome.best is not None
    singles = [trial.value for name, trial in outcome.by_algorithm.items() if name != "blend"]
    assert outcome.best.value == max(trial.value for trial in outcome.by_algorithm.values())
    if "blend" in outcome.by_algorithm:
        trial = outcome.by_algorithm["blend"]
        model = ALGORITHMS["blend"].fit(train, trial.config, seed=0, progress=lambda _: None)
        measured = evaluate(model, validation, ks=(10,)).values["ndcg@10"]
        assert measured == pytest.approx(trial.value, abs=1e-3)
        assert trial.value >= max(singles) - 1e-9
    else:
        assert "better together" in outcome.left_out["blend"]


def test_one_algorithm_makes_no_blend() -> None:
    train, validation = learned_and_asked()
    outcome = choose(
        train, validation, names=("popularity", "blend"), k=10, seed=0, now=lambda: 0.0, budget=100,
        tell=lambda *_: None,
    )  # fmt: skip
    assert set(outcome.by_algorithm) == {"popularity"}
    assert set(outcome.left_out) == {"blend"}
