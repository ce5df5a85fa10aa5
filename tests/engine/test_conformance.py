"""What every ranker in the catalogue must do, whatever its method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.protocols import Explains, FindsSimilar, Recommender
from recommendations.engine.topk import top
from recommendations.engine.types import History, Interactions, silent
from tests.engine.builders import checkerboard, history, purchases, tastes

PERSONAL = sorted(set(ALGORITHMS) - {"popularity"})


def fitted(name: str, interactions: Interactions, *, seed: int = 0) -> Recommender:
    algorithm = ALGORITHMS[name]
    return algorithm.fit(interactions, algorithm.config_class(), seed=seed, progress=silent)


@pytest.fixture(params=sorted(ALGORITHMS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {name: fitted(name, tastes()) for name in ALGORITHMS}


@pytest.fixture
def model(name: str, models: dict[str, Any]) -> Any:
    return models[name]


@pytest.mark.parametrize("name", PERSONAL)
def test_the_withheld_product_of_a_checkerboard_ranks_first(name: str) -> None:
    board = checkerboard(8)
    model = fitted(name, board)
    for shopper, own in enumerate(board.histories()):
        scores = model.score([own])[0]
        best = top(scores, 1, exclude=board.products.positions(own.products))
        assert board.products.ids[best.positions[0]] == 100 + shopper


@pytest.mark.parametrize("name", PERSONAL)
def test_a_visitor_who_was_never_trained_on_is_served_by_kind(name: str) -> None:
    board = checkerboard(8)
    model = fitted(name, board)
    scores = model.score([history([100, 102, 104])])[0]
    best = top(scores, 5, exclude=board.products.positions([100, 102, 104]))
    assert set(board.products.ids[best.positions]) == {106, 108, 110, 112, 114}


@pytest.mark.parametrize("name", PERSONAL)
def test_a_dislike_pushes_similar_products_down(name: str) -> None:
    board = checkerboard(8)
    model = fitted(name, board)
    neutral, liked, disliked = model.score([History.empty(), history([100]), history([100], [-1.0])])
    same_kind = board.products.positions([102, 104, 106, 108, 110, 112, 114])
    assert np.all(liked[same_kind] > neutral[same_kind])
    assert np.all(disliked[same_kind] < neutral[same_kind])


@pytest.mark.parametrize("name", PERSONAL)
def test_a_stronger_like_counts_for_more(name: str) -> None:
    board = checkerboard(8)
    weak, strong = fitted(name, board).score([history([100], [0.3]), history([100], [1.0])])
    assert np.all(strong[2::2] > weak[2::2])


def test_scores_are_a_finite_float32_table_of_histories_and_products(model: Any) -> None:
    scores = model.score(list(tastes().histories()))
    assert scores.shape == (60, 40)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_a_batch_is_equal_to_one_at_a_time(model: Any) -> None:
    histories = [*tastes().histories(), History.empty(), history([3]), history([-7])]
    batch = model.score(histories)
    single = np.concatenate([model.score([own]) for own in histories])
    np.testing.assert_array_equal(batch, single)


def test_no_histories_give_an_empty_table(model: Any) -> None:
    assert model.score([]).shape == (0, 40)


def test_unknown_products_are_ignored(model: Any) -> None:
    known = history([3, 5], [1.0, -0.5])
    mixed = history([-7, 3, 999, 5], [1.0, 1.0, 1.0, -0.5])
    np.testing.assert_allclose(model.score([known]), model.score([mixed]), rtol=1e-6)


def test_only_unknown_products_are_as_no_history(model: Any) -> None:
    np.testing.assert_array_equal(model.score([history([-7, 999])]), model.score([History.empty()]))


def test_every_ranker_explains(model: Any) -> None:
    assert isinstance(model, Explains)


def test_base_and_contributions_sum_to_the_score(model: Any) -> None:
    positions = np.array([39, 0, 17, 4], np.int32)
    for own in [*list(tastes().histories())[:10], History.empty(), history([3, -7], [-1.0, 1.0])]:
        explanation = model.explain(own, positions)
        assert explanation.contributions.shape == (4, len(own))
        total = explanation.base + explanation.contributions.sum(axis=1)
        np.testing.assert_allclose(total, model.score([own])[0, positions], rtol=1e-4, atol=1e-5)


def test_the_base_is_the_score_of_an_empty_history(model: Any) -> None:
    positions = np.arange(40, dtype=np.int32)
    base = model.explain(history([3, 5]), positions).base
    np.testing.assert_allclose(base, model.score([History.empty()])[0], rtol=1e-6)


def test_an_unknown_product_contributes_nothing(model: Any) -> None:
    explanation = model.explain(history([999, 3]), np.array([1, 2], np.int32))
    assert not explanation.contributions[:, 0].any()


@pytest.mark.parametrize("name", PERSONAL)
def test_similar_products_are_of_the_same_kind_and_never_the_product_itself(name: str) -> None:
    board = checkerboard(8)
    model = fitted(name, board)
    assert isinstance(model, FindsSimilar)
    similarity = model.similar(board.products.positions([100, 103]))
    assert similarity.shape == (2, 16)
    assert similarity[0, 0] == similarity[1, 3] == -np.inf
    for row, own in zip(similarity, (0, 1), strict=True):
        assert set(top(row, 7).positions % 2) == {own}


@pytest.mark.parametrize("name", PERSONAL)
def test_asking_for_similar_products_leaves_the_model_as_it_was(name: str, models: dict[str, Any]) -> None:
    own = history([1, 2, 3])
    before = models[name].score([own])
    models[name].similar(np.array([1, 2], np.int32))
    np.testing.assert_array_equal(models[name].score([own]), before)


def test_the_same_seed_gives_the_same_model(name: str) -> None:
    one, other = fitted(name, tastes(), seed=3), fitted(name, tastes(), seed=3)
    for key, array in one.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[key])


def test_fitting_leaves_the_global_random_state_alone(name: str) -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    fitted(name, checkerboard(3))
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_equal(after, before)


def test_a_model_restored_from_its_arrays_scores_the_same(name: str, model: Any) -> None:
    algorithm = ALGORITHMS[name]
    restored = algorithm.restore(algorithm.config_class(), model.products, model.arrays())
    histories = list(tastes().histories())
    np.testing.assert_array_equal(restored.score(histories), model.score(histories))
    assert restored.arrays().keys() == model.arrays().keys()


def test_no_array_has_a_row_for_every_shopper(model: Any) -> None:
    assert all(60 not in array.shape for array in model.arrays().values())


def test_products_nobody_touched_are_scored_and_never_lead(name: str) -> None:
    board = checkerboard(6, catalogue=[900, 901])
    model = fitted(name, board)
    own = board.history(0)
    scores = model.score([own, history([900])])
    assert np.isfinite(scores).all()
    best = top(scores[0], 1, exclude=board.products.positions(own.products))
    assert board.products.ids[best.positions[0]] < 900


@pytest.mark.parametrize(
    "world",
    [
        purchases({1: [10]}),
        purchases({1: [10, 11, 12]}),
        purchases({1: [10], 2: [10], 3: [10]}),
        purchases({"ann": ["hat"], "bob": ["cap", "hat"]}),
        purchases({1: [10]}).rows(np.zeros(1, bool)),
        Interactions.from_columns(
            np.empty(0, np.int64), np.empty(0, np.int64), ratings=np.empty(0, np.float32),
            weights=np.empty(0, np.float32), times=np.empty(0, np.int64),
        ),
    ],
    ids=["one pair", "one shopper", "one product", "text ids", "no rows", "nothing"],
)  # fmt: skip
def test_the_smallest_worlds_are_fitted_and_scored(name: str, world: Interactions) -> None:
    model = fitted(name, world)
    scores = model.score([*world.histories(), History.empty()])
    assert scores.shape == (len(world.shoppers) + 1, len(world.products))
    assert np.isfinite(scores).all()


def test_only_dislikes_are_fitted_and_scored(name: str) -> None:
    world = tastes()
    sour = Interactions(
        world.shoppers, world.products, world.shopper, world.product, world.ratings,
        -np.abs(world.weights), world.times,
    )  # fmt: skip
    assert np.isfinite(fitted(name, sour).score(list(sour.histories()))).all()


def test_fitting_leaves_the_training_data_as_it_was(name: str) -> None:
    world, untouched = tastes(), tastes()
    world.starts  # noqa: B018 (a cached array that a model might write to)
    fitted(name, world)
    for column in ("shopper", "product", "ratings", "weights", "times", "starts"):
        np.testing.assert_array_equal(getattr(world, column), getattr(untouched, column))


def test_progress_rises_to_one_and_may_interrupt(name: str) -> None:
    class StoppedError(Exception):
        pass

    def stop(share: float) -> None:
        raise StoppedError

    algorithm = ALGORITHMS[name]
    shares: list[float] = []
    algorithm.fit(tastes(), algorithm.config_class(), seed=0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(StoppedError):
        algorithm.fit(tastes(), algorithm.config_class(), seed=0, progress=stop)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.dictionaries(st.integers(-3, 45), st.floats(-1, 1, width=32), max_size=20),
    unknown=st.integers(1000, 2000),
)
def test_folding_in_any_history_is_finite_exact_and_blind_to_unknowns(
    models: dict[str, Any], rows: dict[int, float], unknown: int
) -> None:
    own = history(list(rows), list(rows.values()))
    more = history([*rows, unknown], [*rows.values(), 1.0])
    positions = np.arange(40, dtype=np.int32)
    for model in models.values():
        scores = model.score([own, more])
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5, atol=1e-6)
        explanation = model.explain(own, positions)
        total = explanation.base + explanation.contributions.sum(axis=1)
        np.testing.assert_allclose(total, scores[0], rtol=1e-4, atol=1e-4)
