from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine.algorithms.bayes import BayesRatings, BayesRatingsConfig, BayesRatingsModel
from recommendations.engine.algorithms.catalogue import RATING_ALGORITHMS
from recommendations.engine.algorithms.gibbs import _ridge, _wishart, draws_of
from recommendations.engine.types import History, Interactions, Vocabulary, silent
from tests.engine.builders import NONE, checkerboard, history, interactions, rated_history, tastes

EVERY = np.arange(40, dtype=np.int32)


def fitted(world: Interactions, *, seed: int = 0, **settings: float) -> BayesRatingsModel:
    return BayesRatings().fit(world, BayesRatingsConfig(**settings), seed=seed, progress=silent)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> BayesRatingsModel:
    return fitted(tastes())


def test_ratings_held_out_are_predicted_better_than_by_svd_and_by_the_products_means() -> None:
    world = tastes(shoppers=150, products=60, seed=4)
    held = np.random.default_rng(0).random(len(world)) < 0.2
    train, test = world.rows(~held), world.rows(held)
    errors = {}
    for name, algorithm in RATING_ALGORITHMS.items():
        found = algorithm.fit(train, algorithm.config_class(), seed=0, progress=silent)
        table = found.predict(list(train.histories()))
        errors[name] = np.sqrt(np.mean((table[test.shopper, test.product] - test.ratings) ** 2))
    means = fitted(train).predict([History.empty()])[0]
    assert errors["bayes"] < errors["svd"]
    assert errors["bayes"] < 0.7 * np.sqrt(np.mean((means[test.product] - test.ratings) ** 2))


def test_predictions_are_stars(model: BayesRatingsModel) -> None:
    table = model.predict(list(tastes().histories()))
    assert table.shape == (60, 40)
    assert table.dtype == np.float32
    assert table.min() >= 1
    assert table.max() <= 5


def test_a_batch_of_predictions_is_equal_to_one_at_a_time(model: BayesRatingsModel) -> None:
    histories = [*tastes().histories(), History.empty(), rated_history([3], [5.0])]
    single = np.concatenate([model.predict([own]) for own in histories])
    np.testing.assert_array_equal(model.predict(histories), single)
    assert model.predict([]).shape == (0, 40)


def test_no_history_no_ratings_and_unknown_products_are_predicted_the_base(model: BayesRatingsModel) -> None:
    expected = np.clip(model.mean + model.vectors[:, :, -1].mean(axis=1), 1, 5)
    for own in (History.empty(), history([3, 5]), rated_history([999], [5.0])):
        np.testing.assert_allclose(model.predict([own])[0], expected, rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(stars=st.dictionaries(st.integers(-3, 45), st.sampled_from([1.0, 2.5, 5.0, NONE]), max_size=15))
def test_a_predicted_rating_is_the_clipped_sum_of_its_reasons(
    model: BayesRatingsModel, stars: dict[int, float]
) -> None:
    own = rated_history(list(stars), list(stars.values()))
    explanation = model.explain(own, EVERY)
    total = explanation.base + explanation.contributions.sum(axis=1)
    np.testing.assert_allclose(np.clip(total, 1, 5), model.predict([own])[0], rtol=1e-4)
    assert not explanation.contributions[:, np.isnan(own.ratings)].any()
    unknown = (own.products < 0) | (own.products >= 40)
    assert not explanation.contributions[:, unknown].any()


def test_the_fold_in_of_a_draw_minimises_the_loss_it_states() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(12, 1, 4)).astype(np.float32)
    pulls = random.normal(scale=0.3, size=(12, 1, 4)).astype(np.float32)
    precision = np.diag([0.5, 0.7, 0.9, 2.0])
    model = BayesRatingsModel(Vocabulary(np.arange(12)), 3.0, vectors, pulls, precision[None])
    own = rated_history([2, 5, 9], [4.0, 2.0, 3.5])
    features = np.column_stack([vectors[[2, 5, 9], 0, :3], np.ones(3)]).astype(float)
    foretold = np.linalg.solve(precision, pulls[[2, 5, 9], 0].sum(axis=0)) / np.sqrt(3)
    wanted = own.ratings - 3.0 - vectors[[2, 5, 9], 0, 3]

    def loss(shopper: np.ndarray) -> float:
        away = shopper - foretold
        return float(np.sum((wanted - features @ shopper) ** 2) + away @ precision @ away)

    every = np.column_stack([vectors[:, 0, :3], np.ones(12)]).astype(float)
    explanation = model.explain(own, np.arange(12, dtype=np.int32))
    best = np.linalg.lstsq(every, explanation.contributions.sum(axis=1).astype(float), rcond=None)[0]
    for step in np.vstack([np.eye(4), -np.eye(4)]) * 0.01:
        assert loss(best) < loss(best + step)


def test_a_low_rating_pushes_similar_products_down() -> None:
    kinds = np.arange(40) % 2
    random = np.random.default_rng(0)
    rows = [
        (shopper, product, 5.0 if shopper % 2 == kinds[product] else 1.0, 1.0, product)
        for shopper in range(60)
        for product in range(40)
        if random.random() < 0.6
    ]
    low, high = fitted(interactions(rows)).predict(
        [rated_history([0, 2], [1.0, 1.0]), rated_history([0, 2], [5.0, 5.0])]
    )
    assert np.all(low[4::2] < high[4::2])
    assert np.all(low[1::2] > high[1::2])


def test_which_products_are_rated_tells_something_whatever_the_stars() -> None:
    """Who rates odd products likes products 0 to 9, who rates even ones does not; the rest has 3 stars."""
    random = np.random.default_rng(0)
    rows = [
        (shopper, product, (5.0 if shopper % 2 else 1.0) if product < 10 else 3.0, 1.0, product)
        for shopper in range(80)
        for product in range(40)
        if (product < 10 or product % 2 == shopper % 2) and random.random() < 0.7
    ]
    model = fitted(interactions(rows))
    even, odd = model.predict([rated_history(list(range(start, 40, 2)), [3.0] * 14) for start in (12, 13)])
    assert np.all(odd[:10] > even[:10] + 0.5)


def test_a_product_nobody_rated_is_predicted_about_the_mean_of_all_ratings() -> None:
    rows = [(1, "a", 5.0, 1.0, 0), (2, "a", 4.0, 1.0, 0), (1, "b", NONE, 1.0, 0)]
    model = fitted(interactions(rows, catalogue=["c"]))
    assert model.predict([History.empty()])[0, 1:].tolist() == pytest.approx([4.5, 4.5])
    assert not model.vectors[1:].any()


def test_no_ratings_at_all_are_predicted_the_middle_of_the_scale() -> None:
    model = fitted(checkerboard(3))
    assert np.unique(model.predict([History.empty(), history([100])])).tolist() == [3]


@pytest.mark.parametrize("stars", [[5.0], [3.0, 3.0], [1.0, 5.0]])
def test_a_handful_of_ratings_is_fitted(stars: list[float]) -> None:
    world = interactions([(number, "hat", star, 1.0, 0) for number, star in enumerate(stars)])
    found = fitted(world).predict([History.empty(), rated_history(["hat"], [5.0])])
    assert np.isfinite(found).all()
    assert min(stars) - 1 <= found[0, 0] <= max(stars) + 1


def test_the_same_seed_gives_the_same_model_and_another_a_similar_one() -> None:
    world = tastes()
    one, same, other = (fitted(world, seed=seed).predict(list(world.histories())) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert 0 < np.abs(one - other).mean() < 0.15


def test_a_restored_model_predicts_the_same(model: BayesRatingsModel) -> None:
    restored = BayesRatings().restore(BayesRatingsConfig(), model.products, model.arrays())
    histories = list(tastes().histories())
    np.testing.assert_array_equal(restored.predict(histories), model.predict(histories))
    assert all(60 not in array.shape for array in model.arrays().values())


def test_progress_rises_to_one_and_may_interrupt() -> None:
    class StoppedError(Exception):
        pass

    def stop(share: float) -> None:
        raise StoppedError

    shares: list[float] = []
    BayesRatings().fit(tastes(), BayesRatingsConfig(), seed=0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(StoppedError):
        BayesRatings().fit(tastes(), BayesRatingsConfig(), seed=0, progress=stop)


def test_the_noise_of_the_ratings_is_found() -> None:
    """Stars drawn around a plane with a noise of .5: what a draw's products leave unexplained is that."""
    random = np.random.default_rng(0)
    truth = 3 + 0.8 * random.normal(size=(200, 1)) @ random.normal(size=(1, 50))
    rows = [
        (shopper, product, float(truth[shopper, product] + 0.5 * random.normal()), 1.0, 0)
        for shopper in range(200)
        for product in range(50)
    ]
    world = interactions(rows)
    *_, last = draws_of(
        world, mean=3.0, factors=2, sweeps=30, presence=10.0, random=np.random.default_rng(1)
    )  # fmt: skip
    people = np.linalg.lstsq(
        np.column_stack([last.products[:, :-1], np.ones(50)]),
        (world.ratings.reshape(200, 50) - 3 - last.products[:, -1]).T, rcond=None,
    )[0]  # fmt: skip
    left = world.ratings.reshape(200, 50) - 3 - last.products[:, -1]
    left = left - people.T @ np.column_stack([last.products[:, :-1], np.ones(50)]).T
    assert left.std() == pytest.approx(0.5, rel=0.1)


def test_a_drawn_precision_is_that_of_the_vectors_it_is_drawn_for() -> None:
    random = np.random.default_rng(0)
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    vectors = random.multivariate_normal([0, 0], covariance, size=20_000)
    draws = np.mean([_wishart(vectors, random) for _ in range(30)], axis=0)
    np.testing.assert_allclose(np.linalg.inv(draws), covariance, rtol=0.05)


def test_the_conjugate_steps_lead_to_the_ridge_solution() -> None:
    from scipy import sparse

    random = np.random.default_rng(0)
    pattern = sparse.csr_matrix(random.random((30, 12)))
    wanted = random.normal(size=(30, 2))
    solution = np.zeros((12, 2))
    for _ in range(10):
        solution = _ridge(pattern, sparse.csr_matrix(pattern.T), wanted, 3.0, start=solution)
    dense = pattern.toarray()
    exact = np.linalg.solve(dense.T @ dense + 3.0 * np.eye(12), dense.T @ wanted)
    np.testing.assert_allclose(solution, exact, rtol=1e-6)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("factors", 0), ("draws", 0), ("burn_in", -1), ("presence_regularization", 0.0)],
)
def test_senseless_settings_are_refused(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=setting):
        BayesRatingsConfig(**{setting: value})  # type: ignore[arg-type]
