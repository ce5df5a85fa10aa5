"""How a blend is weighed on the validation part, and when the search keeps one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommendations.engine.algorithms.blend import BlendConfig, BlendModel
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.blending import Proposals, best_weights, gain, joined, proposals
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


def weighed(model: BlendModel, weights: Any) -> BlendModel:
    return BlendModel(model.products, model.parts, np.asarray(weights, np.float32))


def asked_of(model: BlendModel, holdout: Holdout, k: int = 10) -> Proposals:
    parts = [part for part in model.parts if part is not None]
    return proposals(parts, np.ones(len(parts)), holdout, k=k)


def noise(seed: int, count: int = 120) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, count)).astype(np.float32)


def test_a_part_that_knows_nothing_gets_no_weight() -> None:
    holdout, truth = question()
    assert best_weights(asked_of(blend(truth, noise(1)), holdout)).tolist() == [1, 0]
    assert best_weights(asked_of(blend(noise(1), truth), holdout)).tolist() == [0, 1]


def test_parts_that_err_apart_are_better_together() -> None:
    holdout, truth = question()
    one, other = 2 * truth + noise(1), 2 * truth + noise(2)
    model = blend(one, other)
    weights = best_weights(asked_of(model, holdout))
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0.2
    ndcg = [
        evaluate(weighed(model, each), holdout, ks=(10,)).values["ndcg@10"]
        for each in (weights, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    ]
    assert ndcg[0] > 1.1 * max(ndcg[1:])


@pytest.mark.parametrize("weights", [[1.0, 0.0], [0.0, 1.0], [0.7, 0.3], [0.25, 0.75]])
def test_weighing_only_what_is_proposed_gives_the_value_of_the_whole_ranking(weights: list[float]) -> None:
    holdout, truth = question()
    model = blend(2 * truth + noise(1), 2 * truth + noise(2))
    whole = evaluate(weighed(model, weights), holdout, ks=(10,)).by_shopper["ndcg@10"]
    np.testing.assert_allclose(asked_of(model, holdout).ndcg(np.array(weights)), whole, atol=1e-6)


def test_the_gain_is_what_shoppers_not_weighed_on_get_from_it() -> None:
    holdout, truth = question()
    alike = asked_of(blend(2 * truth + noise(1), 2 * truth + noise(1)), holdout)
    apart = asked_of(blend(2 * truth + noise(1), 2 * truth + noise(2)), holdout)
    assert gain(alike) == 0
    assert gain(apart) > 0.05
    assert gain(apart.of(np.arange(1))) == 0


def test_the_parts_are_asked_in_their_own_spreads() -> None:
    holdout, truth = question()
    model = blend(2 * truth + noise(1), 1_000 * (2 * truth + noise(2)))
    parts = [part for part in model.parts if part is not None]
    even = best_weights(proposals(parts, np.array([1.0, 1_000.0]), holdout, k=10))
    np.testing.assert_allclose(
        even, best_weights(asked_of(blend(2 * truth + noise(1), 2 * truth + noise(2)), holdout))
    )


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


def test_around_an_earlier_blend_its_parts_are_tried_and_weighed_anew() -> None:
    train, validation = learned_and_asked()
    ease, knn = (ALGORITHMS[name].config_class() for name in ("ease", "item_knn"))
    earlier = BlendConfig.of([("item_knn", knn), ("ease", replace(ease, regularization=100.0))], [0.1, 0.9])
    outcome = choose(
        train, validation, k=10, seed=0, now=lambda: 0.0, budget=100, tell=lambda *_: None,
        around=("blend", earlier),
    )  # fmt: skip
    assert {trial.algorithm for trial in outcome.trials} - {"blend"} == {"popularity", "item_knn", "ease"}
    own = [trial for trial in outcome.trials if trial.algorithm == "ease"]
    assert own[0].config == replace(ease, regularization=100.0)
    assert outcome.left_out["als"] == "the earlier winner was of another kind"
    assert outcome.best is not None
    assert outcome.best.value == max(trial.value for trial in outcome.by_algorithm.values())


def test_several_cuts_are_weighed_together() -> None:
    holdout, truth = question()
    one = asked_of(blend(2 * truth + noise(1), 2 * truth + noise(2)), holdout)
    other = asked_of(blend(2 * truth + noise(3), 2 * truth + noise(4)), holdout, k=10)
    both = joined([one, other])
    weights = np.array([0.6, 0.4])
    np.testing.assert_array_equal(
        both.ndcg(weights), np.concatenate([one.ndcg(weights), other.ndcg(weights)])
    )


def test_a_bought_product_is_proposed_again_only_where_repeats_are_asked_for() -> None:
    holdout, _ = question()
    again = replace(holdout, repeats=True)
    own = np.eye(120, dtype=np.float32)
    wanted = replace(again, relevant=tuple(np.array([s], np.int32) for s in range(120)))
    alone = np.array([1.0, 0.0])
    assert asked_of(blend(own, own), wanted).ndcg(alone).min() == 1
    assert asked_of(blend(own, own), replace(wanted, repeats=False)).ndcg(alone).max() == 0
