"""The figures of a model: beside trec_eval, and beside slow and plain ways to count."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import pytrec_eval

from recommendations.engine.algorithms.item_knn import ItemKnn, ItemKnnConfig
from recommendations.engine.evaluation.bootstrap import estimates, paired
from recommendations.engine.evaluation.figures import SEGMENTS, Measured, measure
from recommendations.engine.evaluation.lists import Lists
from recommendations.engine.evaluation.report import rank
from recommendations.engine.evaluation.split import Holdout, time_split
from recommendations.engine.types import Interactions, Ranking, silent
from tests.engine.builders import purchases, tastes

KS = (3, 10)
THEIRS = {
    "recall": "recall_{}",
    "ndcg": "ndcg_cut_{}",
    "map": "map_cut_{}",
    "hit_rate": "success_{}",
}


@pytest.fixture(scope="module")
def split() -> tuple[Interactions, Holdout]:
    return time_split(tastes(shoppers=90, products=60, seed=4), fraction=0.3)


@pytest.fixture(scope="module")
def model(split: tuple[Interactions, Holdout]):
    return ItemKnn().fit(split[0], ItemKnnConfig(neighbours=20), seed=0, progress=silent)


@pytest.fixture(scope="module")
def measured(split: tuple[Interactions, Holdout], model) -> Measured:
    return measure(model, split[1], split[0], ks=KS, seed=0)


@pytest.fixture(scope="module")
def trec(split: tuple[Interactions, Holdout], model) -> list[dict[str, float]]:
    rankings, relevant = rank(model, split[1], max(KS))
    wanted = {str(number): {str(p): 1 for p in each} for number, each in enumerate(relevant)}
    # trec_eval sorts by score itself: the places are given as scores, so that ties are settled alike.
    shown = {
        str(number): {str(p): float(-place) for place, p in enumerate(ranking.positions)}
        for number, ranking in enumerate(rankings)
    }
    measures = {f"{name}.{k}" for name in ("recall", "ndcg_cut", "map_cut", "success") for k in KS}
    found = pytrec_eval.RelevanceEvaluator(wanted, measures | {"recip_rank"}).evaluate(shown)
    return [found[str(number)] for number in range(len(rankings))]


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize("name", THEIRS)
def test_every_ranking_metric_is_trec_evals(measured: Measured, trec, name: str, k: int) -> None:
    ours = measured.by_shopper[f"{name}@{k}"]
    theirs = [each[THEIRS[name].format(k)] for each in trec]
    assert ours.tolist() == pytest.approx(theirs)
    assert 0 < measured.overall.values[f"{name}@{k}"].value < 1


def test_mrr_is_trec_evals(measured: Measured, trec) -> None:
    assert measured.by_shopper["mrr@10"].tolist() == pytest.approx([each["recip_rank"] for each in trec])


def test_the_lists_are_measured_as_a_plain_count_would(split, model, measured: Measured) -> None:
    train, holdout = split
    rankings, _ = rank(model, holdout, 10)
    owners: dict[int, set[int]] = {product: set() for product in range(len(train.products))}
    for shopper, product in zip(train.shopper.tolist(), train.product.tolist(), strict=True):
        owners[product].add(shopper)
    shoppers = len(set(train.shopper.tolist()))
    counts = {product: len(those) for product, those in owners.items()}

    def percentile(product: int) -> float:
        below = sum(count < counts[product] for count in counts.values())
        level = sum(count == counts[product] for count in counts.values())
        return (below + level / 2) / len(counts)

    def alike(one: int, other: int) -> float:
        return len(owners[one] & owners[other]) / math.sqrt(max(1, counts[one]) * max(1, counts[other]))

    for number in (0, 7, len(rankings) - 1):
        shown = rankings[number].positions.tolist()
        own = train.products.positions(holdout.histories[number].products).tolist()
        novelty = np.mean([-math.log2(max(1, counts[product]) / shoppers) for product in shown])
        diversity = np.mean([1 - alike(*pair) for pair in itertools.combinations(shown, 2)])
        bias = np.mean([percentile(p) for p in shown]) - np.mean([percentile(p) for p in own])
        assert measured.by_shopper["novelty@10"][number] == pytest.approx(novelty)
        assert measured.by_shopper["diversity@10"][number] == pytest.approx(diversity)
        assert measured.by_shopper["popularity_bias@10"][number] == pytest.approx(bias)


def test_identical_products_make_a_list_without_diversity_and_unrelated_ones_a_full_one() -> None:
    world = purchases({1: ["a", "b"], 2: ["a", "b"], 3: ["c"]})
    lists = Lists(world, world.products)
    pair, mixed = (Ranking(np.array(each, np.int32), np.zeros(2, np.float32)) for each in ([0, 1], [0, 2]))
    assert lists.diversity([pair, mixed], 2).tolist() == pytest.approx([0, 1])


def test_a_list_of_nothing_is_undefined_rather_than_nought() -> None:
    world = purchases({1: ["a", "b"]})
    nothing = Ranking(np.empty(0, np.int32), np.empty(0, np.float32))
    lists = Lists(world, world.products)
    empty = [np.empty(0, np.int32)]
    assert np.isnan(lists.novelty([nothing], 5)).all()
    assert np.isnan(lists.diversity([nothing], 5)).all()
    assert np.isnan(lists.popularity_bias([nothing], empty, 5)).all()


def test_each_shopper_is_in_one_segment_and_the_whole_is_their_weighted_mean(measured: Measured) -> None:
    assert list(measured.segments) == ["cold", "warm", "heavy"] == list(SEGMENTS)
    parts = [part for part in measured.segments.values() if part.shoppers]
    assert sum(part.shoppers for part in parts) == measured.overall.shoppers
    total = sum(part.shoppers * part.values["ndcg@10"].value for part in parts)
    assert total / measured.overall.shoppers == pytest.approx(measured.overall.values["ndcg@10"].value)


def test_a_segment_without_shoppers_is_undefined() -> None:
    train, holdout = time_split(tastes(), fraction=0.3)
    model = ItemKnn().fit(train, ItemKnnConfig(), seed=0, progress=silent)
    cold = measure(model, holdout, train, ks=(5,), seed=0).segments["cold"]
    assert cold.shoppers == 0
    assert all(math.isnan(estimate.value) for estimate in cold.values.values())


def test_coverage_has_no_interval(measured: Measured) -> None:
    coverage = measured.overall.values["coverage@10"]
    assert 0 < coverage.value <= 1
    assert math.isnan(coverage.low)
    assert math.isnan(coverage.high)


def test_an_interval_holds_the_mean_and_is_as_wide_as_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = estimates({"x": values}, seed=0)["x"]
    error = values.std() / math.sqrt(len(values))
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=error / 4)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=error / 4)


def test_intervals_depend_on_the_seed_only() -> None:
    values = {"x": np.random.default_rng(1).random(50)}
    assert estimates(values, seed=1) == estimates(values, seed=1) != estimates(values, seed=2)


def test_shoppers_without_a_value_do_not_count() -> None:
    found = estimates({"x": np.array([1.0, np.nan, 3.0]), "none": np.full(3, np.nan)}, seed=0)
    assert found["x"].value == 2
    assert 1 <= found["x"].low <= found["x"].high <= 3
    assert all(math.isnan(bound) for bound in (found["none"].value, found["none"].low, found["none"].high))


def test_nobody_has_no_interval() -> None:
    assert math.isnan(estimates({"x": np.empty(0)}, seed=0)["x"].low)
    assert estimates({}, seed=0) == {}


def test_a_small_but_steady_gain_shows_only_when_shoppers_are_paired() -> None:
    worse = np.random.default_rng(2).random(200)
    better = worse + 0.02
    difference = paired(better, worse, seed=0)
    assert difference.low > 0
    assert difference.value == pytest.approx(0.02)
    alone = estimates({"better": better, "worse": worse}, seed=0)
    assert alone["better"].low < alone["worse"].high


def test_a_pair_of_equals_straddles_zero() -> None:
    values = np.random.default_rng(3).random(300)
    difference = paired(values, values[::-1], seed=0)
    assert difference.low < 0 < difference.high


def test_a_comparison_of_other_shoppers_is_refused() -> None:
    with pytest.raises(ValueError, match="the same shoppers"):
        paired(np.ones(3), np.ones(4), seed=0)
