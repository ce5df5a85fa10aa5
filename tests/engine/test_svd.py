"""Surprise's SVD, fitted as it fits and served without it; that both solvers are one is in test_sgd.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import surprise
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine.algorithms.latent import FoldInRanker, FoldInRatings
from recommendations.engine.algorithms.svd import (
    NATIVE,
    SvdConfig,
    SvdRanking,
    SvdRatings,
    SvdRatingsConfig,
    native_ratings,
)
from recommendations.engine.factors import ItemFactors
from recommendations.engine.types import History, RatingColumns, Vocabulary, silent
from tests.engine.builders import NONE, checkerboard, history, interactions, rated_history, tastes

EVERY = np.arange(40, dtype=np.int32)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> list[surprise.SVD]:
    """Surprise's own algorithms as they were fitted, with their shopper side."""
    made: list[surprise.SVD] = []

    class Caught(surprise.SVD):  # type: ignore[misc]
        def fit(self, trainset):
            made.append(self)
            return super().fit(trainset)

    monkeypatch.setattr(surprise, "SVD", Caught)
    return made


def estimates(fitted: surprise.SVD) -> np.ndarray:
    """(shoppers, products): what Surprise itself would say, unclipped."""
    mean = fitted.trainset.global_mean
    return np.asarray(mean + fitted.bu[:, None] + fitted.bi + fitted.pu @ fitted.qi.T)


@pytest.fixture(scope="module")
def ratings() -> FoldInRatings:
    return SvdRatings().fit(tastes(), SvdRatingsConfig(), seed=0, progress=silent)


def test_a_trained_shopper_folded_in_is_predicted_about_what_surprise_predicts(caught) -> None:
    world = tastes(shoppers=150, products=60)
    model = SvdRatings().fit(world, SvdRatingsConfig(epochs=100, solver="surprise"), seed=0, progress=silent)
    own = np.clip(estimates(caught[0]), 1, 5)
    folded = model.predict(list(world.histories()))
    # Stars. The two differ by design: Surprise's shopper vectors start at random and are stopped early.
    assert np.sqrt(np.mean((own - folded) ** 2)) < 0.3
    assert np.corrcoef(own.ravel(), folded.ravel())[0, 1] > 0.95


def test_a_trained_shopper_folded_in_is_ranked_about_as_surprise_ranks(caught) -> None:
    world = tastes(shoppers=150, products=60)
    model = SvdRanking().fit(world, SvdConfig(solver="surprise"), seed=0, progress=silent)
    own, folded = estimates(caught[0]), model.score(list(world.histories()))
    agreement = [np.corrcoef(one, other)[0, 1] for one, other in zip(own, folded, strict=True)]
    assert np.mean(agreement) > 0.8


def test_training_on_columns_is_surprises_own_training(caught) -> None:
    world = tastes()
    config = SvdRatingsConfig(factors=5, epochs=7, solver="surprise")
    SvdRatings().fit(world, config, seed=3, progress=silent)
    by_shopper: dict[int, list[tuple[int, float]]] = {shopper: [] for shopper in range(60)}
    rows = zip(world.shopper.tolist(), world.product.tolist(), world.ratings.tolist(), strict=True)
    for shopper, product, rating in rows:
        by_shopper[shopper].append((product, rating))
    trainset = surprise.Trainset(by_shopper, {}, 60, 40, len(world), (1, 5), {}, {})
    plain = surprise.SVD(n_factors=5, n_epochs=7, lr_all=0.007, reg_all=0.1, random_state=3).fit(trainset)
    np.testing.assert_allclose(estimates(caught[0]), estimates(plain), rtol=1e-6)


@pytest.mark.parametrize(
    ("algorithm", "config"),
    [(SvdRanking(), SvdConfig(learning_rate=9)), (SvdRatings(), SvdRatingsConfig(learning_rate=9))],
    ids=["ranking", "ratings"],
)
def test_a_fit_that_runs_away_is_refused_and_says_what_to_change(algorithm: Any, config: Any) -> None:
    with pytest.raises(ValueError, match="lower learning_rate, which is 9"):
        algorithm.fit(tastes(), config, seed=0, progress=silent)


def test_predictions_are_stars_and_better_than_the_mean(ratings: FoldInRatings) -> None:
    world = tastes()
    table = ratings.predict(list(world.histories()))
    assert table.dtype == np.float32
    assert table.min() >= 1
    assert table.max() <= 5
    error = table[world.shopper, world.product] - world.ratings
    assert np.sqrt(np.mean(error**2)) < 0.75 * world.ratings.std()


def test_no_history_is_predicted_the_products_own_mean(ratings: FoldInRatings) -> None:
    expected = np.clip(ratings.mean + ratings.item_bias, 1, 5)
    np.testing.assert_allclose(ratings.predict([History.empty()])[0], expected, rtol=1e-6)
    unrated, unknown = history([3, 5]), rated_history([999], [5.0])
    for row in ratings.predict([unrated, unknown]):
        np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_a_product_nobody_rated_is_predicted_the_mean_of_all_ratings() -> None:
    world = interactions([(1, "a", 5, 1, 0), (2, "a", 4, 1, 0), (1, "b", NONE, 1, 0)], catalogue=["c"])
    model = SvdRatings().fit(world, SvdRatingsConfig(), seed=0, progress=silent)
    assert model.predict([History.empty()])[0, 1:].tolist() == pytest.approx([4.5, 4.5])


def test_no_ratings_at_all_are_predicted_the_middle_of_the_scale() -> None:
    model = SvdRatings().fit(checkerboard(3), SvdRatingsConfig(), seed=0, progress=silent)
    assert np.unique(model.predict([History.empty(), history([100])])).tolist() == [3]


def test_a_batch_of_predictions_is_equal_to_one_at_a_time(ratings: FoldInRatings) -> None:
    histories = [*tastes().histories(), History.empty()]
    single = np.concatenate([ratings.predict([own]) for own in histories])
    np.testing.assert_array_equal(ratings.predict(histories), single)
    assert ratings.predict([]).shape == (0, 40)


@settings(max_examples=30, deadline=None)
@given(stars=st.dictionaries(st.integers(-3, 45), st.sampled_from([1.0, 2.5, 5.0, NONE]), max_size=15))
def test_a_predicted_rating_is_the_clipped_sum_of_its_reasons(
    ratings: FoldInRatings, stars: dict[int, float]
) -> None:
    own = rated_history(list(stars), list(stars.values()))
    explanation = ratings.explain(own, EVERY)
    total = explanation.base + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(np.clip(total, 1, 5), ratings.predict([own])[0], rtol=1e-4)
    assert not explanation.contributions[:, np.isnan(own.ratings)].any()


def test_a_low_rating_pushes_similar_products_down() -> None:
    kinds = np.arange(40) % 2
    random = np.random.default_rng(0)
    rows = [
        (shopper, product, 5.0 if shopper % 2 == kinds[product] else 1.0, 1.0, product)
        for shopper in range(60)
        for product in range(40)
        if random.random() < 0.6
    ]
    model = SvdRatings().fit(interactions(rows), SvdRatingsConfig(), seed=0, progress=silent)
    low, high = model.predict([rated_history([0, 2], [1.0, 1.0]), rated_history([0, 2], [5.0, 5.0])])
    assert np.all(low[4::2] < high[4::2])
    assert np.all(low[1::2] > high[1::2])


def test_the_ranking_fold_in_minimises_the_loss_it_states() -> None:
    random = np.random.default_rng(0)
    base, factors = random.random(12).astype(np.float32), random.normal(size=(12, 3)).astype(np.float32)
    model = FoldInRanker(
        Vocabulary(np.arange(12)), ItemFactors.of(base, factors), unobserved=0.3, regularization=0.7
    )
    own = history([2, 5, 9], [1.0, -0.4, 0.2])

    def loss(vector: np.ndarray) -> float:
        held = 0.3 * np.sum((factors @ vector) ** 2)
        wanted = (np.array([1, -1, 1]) - base[[2, 5, 9]] - factors[[2, 5, 9]] @ vector) ** 2
        return float(held + np.abs(own.weights) @ wanted + 0.7 * vector @ vector)

    added = model.score([own])[0] - base
    best = np.linalg.lstsq(factors.astype(float), added.astype(float), rcond=None)[0]
    for step in np.vstack([np.eye(3), -np.eye(3)]) * 0.01:
        assert loss(best) < loss(best + step)


def test_the_ranking_fold_in_of_nothing_known_is_the_base() -> None:
    model = SvdRanking().fit(checkerboard(4), SvdConfig(), seed=0, progress=silent)
    np.testing.assert_array_equal(model.score([History.empty(), history([5])]), [model.base, model.base])


def test_a_product_nobody_touched_has_the_lowest_base() -> None:
    model = SvdRanking().fit(checkerboard(4, catalogue=[900]), SvdConfig(), seed=0, progress=silent)
    assert model.base[-1] == model.base.min()
    assert not model.factors[-1].any()


@pytest.mark.parametrize("name", sorted(NATIVE))
def test_surprises_own_algorithms_predict_as_they_would_in_surprise(name: str) -> None:
    world = tastes()
    rows = RatingColumns(world.shopper, world.product, world.ratings)
    train, test = rows.rows(np.arange(900)), rows.rows(np.arange(900, len(rows)))
    predicted = native_ratings(name, train, test, seed=0)

    trainset = surprise.Dataset(surprise.Reader(rating_scale=(1, 5))).construct_trainset(
        [(*row, 0) for row in zip(train.shoppers, train.products, train.ratings.tolist(), strict=True)]
    )
    plain = NATIVE[name](0).fit(trainset)
    pairs = zip(test.shoppers, test.products, strict=True)
    assert predicted.tolist() == pytest.approx([plain.predict(*pair).est for pair in pairs])


def test_importing_surprise_makes_no_folder_in_the_home(tmp_path, monkeypatch) -> None:
    import os
    import subprocess
    import sys

    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("SURPRISE_DATA_FOLDER", None)
    code = "from recommendations.engine.algorithms import svd; print(svd._surprise().__name__)"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
