"""Older rows of a history count less, in every linear item-item model alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.algorithms.ease import Ease, EaseConfig
from recommendations.engine.algorithms.item_knn import ItemKnn, ItemKnnConfig
from recommendations.engine.algorithms.sparse_ease import SparseEase, SparseEaseConfig
from recommendations.engine.foldin import recent_weights, weight_matrix
from recommendations.engine.protocols import Algorithm
from recommendations.engine.types import History, Vocabulary, silent
from tests.engine.builders import history, tastes

PRODUCTS = Vocabulary.of(["a", "b", "c", "d"])
LINEAR = [(Ease(), EaseConfig), (SparseEase(), SparseEaseConfig), (ItemKnn(), ItemKnnConfig)]


def at_times(products: list[str], times: list[int], weights: list[float] | None = None) -> History:
    count = len(products)
    return History(
        np.asarray(products), np.full(count, np.nan, np.float32),
        np.asarray([1.0] * count if weights is None else weights, np.float32), np.asarray(times, np.int64),
    )  # fmt: skip


def test_each_step_back_counts_less_and_a_dislike_fades_alike() -> None:
    own = at_times(["a", "b", "c"], [10, 20, 30], [1.0, -1.0, 0.5])
    positions, mask, weights = recent_weights(own, PRODUCTS, recency=0.5)
    assert positions.tolist() == [0, 1, 2]
    assert mask.all()
    assert weights.tolist() == pytest.approx([0.25, -0.5, 0.5])


def test_a_basket_ages_as_one() -> None:
    own = at_times(["a", "b", "c"], [10, 10, 30])
    assert recent_weights(own, PRODUCTS, recency=0.5)[2].tolist() == pytest.approx([0.5, 0.5, 1.0])


def test_an_unknown_product_ages_nothing() -> None:
    own = at_times(["a", "zzz", "c", "yyy"], [10, 20, 30, 40])
    positions, mask, weights = recent_weights(own, PRODUCTS, recency=0.5)
    assert positions.tolist() == [0, 2]
    assert mask.tolist() == [True, False, True, False]
    assert weights.tolist() == pytest.approx([0.5, 1.0])


def test_without_decay_the_weights_are_the_histories_own() -> None:
    own = at_times(["c", "a"], [10, 20], [0.3, -1.0])
    assert recent_weights(own, PRODUCTS)[2].tolist() == pytest.approx([0.3, -1.0])


def test_no_history_has_no_weights() -> None:
    for recency in (1.0, 0.5):
        assert weight_matrix([History.empty()], PRODUCTS, recency=recency).nnz == 0


@given(
    times=st.lists(st.integers(0, 50), min_size=1, max_size=4).map(sorted),
    recency=st.floats(0.1, 0.99),
    shift=st.integers(-1000, 1000),
)
def test_only_the_order_of_times_matters(times: list[int], recency: float, shift: int) -> None:
    names = PRODUCTS.ids[: len(times)].tolist()
    one = recent_weights(at_times(names, times), PRODUCTS, recency=recency)[2]
    other = recent_weights(at_times(names, [3 * t + shift for t in times]), PRODUCTS, recency=recency)[2]
    np.testing.assert_array_equal(one, other)
    assert one.max() == 1.0
    assert np.all(np.diff(one) >= 0)


@pytest.mark.parametrize(("algorithm", "config_class"), LINEAR, ids=lambda given: getattr(given, "name", ""))
def test_scores_lean_to_the_newest_and_contributions_still_add_up(
    algorithm: Algorithm, config_class: type
) -> None:
    world = tastes()
    flat = algorithm.fit(world, config_class(), seed=0, progress=silent)
    model = algorithm.fit(world, config_class(recency=0.5), seed=0, progress=silent)
    alone, both = flat.score([history([3])])[0], model.score([history([3, 5])])[0]
    newest = flat.score([history([5])])[0]
    np.testing.assert_allclose(both, 0.5 * alone + newest, rtol=1e-4, atol=1e-6)
    own, positions = history([3, -7, 5, 9], [1.0, 1.0, -1.0, 0.5]), np.arange(40, dtype=np.int32)
    explanation = model.explain(own, positions)  # type: ignore[attr-defined]
    total = explanation.base + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(total, model.score([own])[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("algorithm", "config_class"), LINEAR, ids=lambda given: getattr(given, "name", ""))
def test_a_restored_model_fades_the_past_as_before(algorithm: Algorithm, config_class: type) -> None:
    config = config_class(recency=0.5)
    model = algorithm.fit(tastes(), config, seed=0, progress=silent)
    restored = algorithm.restore(config, model.products, model.arrays())
    histories = list(tastes().histories())
    np.testing.assert_array_equal(restored.score(histories), model.score(histories))
