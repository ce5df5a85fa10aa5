"""What is particular to one algorithm; what all share is in test_conformance.py."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine import neighbours
from recommendations.engine.algorithms.catalogue import (
    ALGORITHMS,
    RATING_ALGORITHMS,
    algorithm_named,
    config_from,
    rating_algorithm_named,
)
from recommendations.engine.algorithms.ease import Ease, EaseConfig
from recommendations.engine.algorithms.item_knn import ItemKnn, ItemKnnConfig
from recommendations.engine.algorithms.popularity import DAY, Popularity, PopularityConfig
from recommendations.engine.types import History, silent
from tests.engine.builders import NONE, history, interactions, purchases, tastes

BASKETS = purchases({1: ["a", "b"], 2: ["a", "b", "c"], 3: ["a", "d"], 4: ["c", "d"]})


def test_popularity_sums_what_was_liked_and_not_what_was_disliked() -> None:
    world = interactions([(1, "a", NONE, 1.0, 0), (2, "a", NONE, 0.5, 0), (3, "a", NONE, -1.0, 0)])
    model = Popularity().fit(world, PopularityConfig(), seed=0, progress=silent)
    assert model.score([History.empty()]).tolist() == [[1.5]]


def test_popularity_halves_with_every_half_life() -> None:
    world = interactions([(1, "old", NONE, 1.0, 0), (1, "new", NONE, 1.0, 60 * DAY)])
    model = Popularity().fit(world, PopularityConfig(half_life_days=30), seed=0, progress=silent)
    assert model.score([History.empty()]).tolist() == [[1.0, 0.25]]


def test_popularity_is_the_same_for_everybody() -> None:
    model = Popularity().fit(BASKETS, PopularityConfig(), seed=0, progress=silent)
    one, other = model.score([history(["a"]), history(["d"], [-1.0])])
    np.testing.assert_array_equal(one, other)


def test_item_knn_without_shrinkage_is_the_cosine() -> None:
    model = ItemKnn().fit(BASKETS, ItemKnnConfig(shrinkage=0), seed=0, progress=silent)
    # a: shoppers 1, 2, 3; b: 1, 2; c: 2, 4; d: 3, 4.
    expected = [-np.inf, 2 / np.sqrt(6), 1 / np.sqrt(6), 1 / np.sqrt(6)]
    assert model.similar(np.array([0], np.int32))[0].tolist() == pytest.approx(expected)


def test_item_knn_shrinks_what_few_shoppers_say() -> None:
    model = ItemKnn().fit(BASKETS, ItemKnnConfig(shrinkage=2), seed=0, progress=silent)
    assert model.similar(np.array([0], np.int32))[0, 1] == pytest.approx(2 / (np.sqrt(6) + 2))


def test_item_knn_keeps_only_the_nearest_neighbours_and_of_equals_the_first() -> None:
    model = ItemKnn().fit(BASKETS, ItemKnnConfig(neighbours=1, shrinkage=0), seed=0, progress=silent)
    # b is nearest to a; b and d are equally near to c, which keeps b.
    scores = model.score([history(["b"]), history(["d"])])
    assert scores[0].tolist() == pytest.approx([2 / np.sqrt(6), 0, 1 / 2, 0])
    assert scores[1].tolist() == [0, 0, 0, 0]


def test_item_knn_does_not_depend_on_how_many_products_are_compared_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = ItemKnn().fit(tastes(), ItemKnnConfig(neighbours=7), seed=0, progress=silent)
    monkeypatch.setattr(neighbours.runs, "__kwdefaults__", {"most": 60})
    parts = ItemKnn().fit(tastes(), ItemKnnConfig(neighbours=7), seed=0, progress=silent)
    histories = list(tastes().histories())
    np.testing.assert_allclose(whole.score(histories), parts.score(histories), rtol=1e-6)


def test_item_knn_affords_large_sparse_catalogues_but_not_millions_of_products() -> None:
    assert ItemKnn().affordable(30_000, 41_000, 810_000)
    assert ItemKnn().affordable(43_000, 36_000, 780_000)
    assert not ItemKnn().affordable(138_000, 27_000, 20_000_000)
    assert not ItemKnn().affordable(30_000, 2_000_000, 3_000_000)


def test_ease_is_the_constrained_ridge_regression() -> None:
    world = tastes()
    model = Ease().fit(world, EaseConfig(regularization=5.0), seed=0, progress=silent)
    weights = np.asarray(model.weights)
    liked = np.maximum(world.matrix().toarray(), 0).astype(np.float64)
    for target in (0, 17):
        others = np.delete(np.arange(liked.shape[1]), target)
        gram = liked[:, others].T @ liked[:, others] + 5.0 * np.eye(len(others))
        expected = np.linalg.solve(gram, liked[:, others].T @ liked[:, target])
        np.testing.assert_allclose(weights[others, target], expected, rtol=1e-3, atol=1e-5)
        assert weights[target, target] == 0


def test_ease_refuses_a_catalogue_it_has_no_memory_for_and_says_what_to_use() -> None:
    with pytest.raises(ValueError, match=r"4 x 4.*max_products is 3.*sparse_ease, item_knn or svd"):
        Ease().fit(BASKETS, EaseConfig(max_products=3), seed=0, progress=silent)


@pytest.mark.parametrize(
    ("config_class", "values"),
    [
        (PopularityConfig, {"half_life_days": 0}),
        (ItemKnnConfig, {"neighbours": 0}),
        (ItemKnnConfig, {"shrinkage": -1}),
        (EaseConfig, {"regularization": 0}),
        (ALGORITHMS["svd"].config_class, {"factors": 0}),
        (ALGORITHMS["svd"].config_class, {"shopper_regularization": 0}),
        (RATING_ALGORITHMS["svd"].config_class, {"epochs": 0}),
        (RATING_ALGORITHMS["svd"].config_class, {"shopper_regularization": 0}),
    ],
)
def test_senseless_settings_are_refused(config_class: type, values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        config_class(**values)


def test_every_algorithm_is_found_by_its_own_name() -> None:
    assert {"als", "ease", "item_knn", "popularity", "svd"} <= set(ALGORITHMS)
    assert all(algorithm_named(name).name == name for name in ALGORITHMS)
    assert all(rating_algorithm_named(name).name == name for name in RATING_ALGORITHMS)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'sdv'; choose one of: als, .*ease, .*item_knn"):
        algorithm_named("sdv")
    with pytest.raises(ValueError, match="'ease'; choose one of: bayes, svd"):
        rating_algorithm_named("ease")


def test_an_unknown_setting_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no setting k; it has: neighbours, recency, shrinkage"):
        config_from(ItemKnnConfig, {"k": 5})
    assert config_from(ItemKnnConfig, {"neighbours": 5}) == ItemKnnConfig(neighbours=5)
