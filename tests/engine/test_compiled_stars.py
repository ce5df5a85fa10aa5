"""The stars expected of a few products, compiled: what the formulas say, written with numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import compiled_shares, compiled_stars
from recommendations.engine.algorithms import bayes
from recommendations.engine.algorithms.bayes import BayesRatingsModel
from recommendations.engine.algorithms.latent import HIGHEST, LOWEST, FoldInRatings
from recommendations.engine.compiled_shares import decompose, rated_vector, solve, solve_decomposed, take_off
from recommendations.engine.compiled_stars import (
    add_products,
    decompose_each,
    solve_each,
    stars_of,
    vectors_of_each,
)
from recommendations.engine.types import History, Vocabulary

SEEDS = st.integers(0, 2**32 - 1)
SIZES, ROWS = st.integers(1, 7), st.integers(0, 14)
PRODUCTS = 12


def vocabulary() -> Vocabulary:
    return Vocabulary(np.arange(100, 100 + PRODUCTS))


def history_of(random: np.random.Generator, rows: int) -> History:
    """Of products the model knows and does not, rated and not."""
    ids = random.permutation(np.arange(95, 105 + PRODUCTS))[:rows]
    stars = random.choice([np.nan, 1, 2, 5], rows).astype(np.float32)
    return History(ids, stars, np.ones(rows, np.float32), np.arange(rows))


def bayes_of(random: np.random.Generator, factors: int, draws: int) -> BayesRatingsModel:
    shape = PRODUCTS, draws, factors + 1
    vectors, pulls = random.normal(size=(2, *shape)).astype(np.float32)
    halves = random.normal(size=(draws, factors + 1, factors + 1))
    precisions = halves @ halves.transpose(0, 2, 1) + np.eye(factors + 1)
    return BayesRatingsModel(vocabulary(), 3.2, vectors, pulls, precisions)


def fold_in_of(random: np.random.Generator, factors: int) -> FoldInRatings:
    bias, table = random.normal(size=PRODUCTS), random.normal(size=(PRODUCTS, factors))
    return FoldInRatings(
        vocabulary(), 3.2, bias.astype(np.float32), table.astype(np.float32),
        bias_regularization=2.0, regularization=0.5,
    )  # fmt: skip


@given(SEEDS, SIZES, st.integers(1, 5), ROWS)
def test_the_draws_vectors_are_those_of_numpy(seed: int, factors: int, draws: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    model, history = bayes_of(random, factors, draws), history_of(random, rows)
    compiled, stars = model._shopper(history), model.predict_at(history, np.arange(5, dtype=np.int32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bayes, "IS_COMPILED", False)
        plain = model._shopper(history)
        again = model.predict_at(history, np.arange(5, dtype=np.int32))
    np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(stars, again, rtol=1e-5)


@given(SEEDS, SIZES, st.integers(1, 4), ROWS)
def test_vectors_are_the_same_where_nothing_compiles(seed: int, factors: int, draws: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    model, history = bayes_of(random, factors, draws), history_of(random, rows)
    known = model.products.positions(history.products)
    asked = known, history.ratings, model.mean, model.vectors, model.pulls, model.precisions
    wanted = random.integers(0, PRODUCTS, 3).astype(np.int32)
    expecting = (*asked[:2], wanted, *asked[2:], LOWEST, HIGHEST)
    compiled, stars = vectors_of_each(*asked), stars_of(*expecting)
    with pytest.MonkeyPatch.context() as patch:
        for part in (add_products, decompose_each, solve_each, vectors_of_each):
            patch.setattr(compiled_stars, part.__name__, getattr(part, "py_func", part))
        patch.setattr(compiled_stars, "ask_ahead", lambda *_: None)
        plain = getattr(vectors_of_each, "py_func", vectors_of_each)(*asked)
        plain_stars = getattr(stars_of, "py_func", stars_of)(*expecting)
    np.testing.assert_allclose(plain, compiled, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(plain_stars, stars, rtol=1e-5)


@given(SEEDS, SIZES, ROWS)
def test_stars_are_the_mean_over_the_draws_within_bounds(seed: int, factors: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    model, history = bayes_of(random, factors, 3), history_of(random, rows)
    wanted = random.integers(0, PRODUCTS, 6).astype(np.int32)
    own = model._shopper(history)
    dots = np.einsum("isf,sf->is", model.vectors[wanted, :, :-1].astype(float), own[:, :-1])
    expected = model.mean + (dots + model.vectors[wanted, :, -1] + own[:, -1]).mean(axis=1)
    found = model.predict_at(history, wanted)
    np.testing.assert_allclose(found, np.clip(expected, LOWEST, HIGHEST), rtol=1e-5)


@given(SEEDS, SIZES, ROWS)
def test_a_folded_in_shopper_is_the_sum_of_what_each_row_adds(seed: int, factors: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    model, history = fold_in_of(random, factors), history_of(random, rows)
    shares = model._shares(history).sum(axis=1)
    np.testing.assert_allclose(model._vector(history), shares, rtol=1e-6, atol=1e-9)
    known = model.products.positions(history.products)
    asked = known, history.ratings, model.mean, model.item_bias, model.factors, 2.0, 0.5
    with pytest.MonkeyPatch.context() as patch:
        for part in (decompose, solve, solve_decomposed, take_off):
            patch.setattr(compiled_shares, part.__name__, getattr(part, "py_func", part))
        plain = getattr(rated_vector, "py_func", rated_vector)(*asked)
    np.testing.assert_allclose(plain, shares, rtol=1e-6, atol=1e-9)


def test_stars_of_a_long_history_are_right_to_five_digits() -> None:
    random, count = np.random.default_rng(7), 4000
    vectors = (random.normal(size=(count, 4, 9)) / 3).astype(np.float32)
    pulls = random.normal(size=(count, 4, 9)).astype(np.float32)
    precisions = np.tile(np.eye(9) * 20, (4, 1, 1))
    model = BayesRatingsModel(Vocabulary(np.arange(count)), 3.5, vectors, pulls, precisions)
    ids = random.permutation(count)[:3000]
    stars = random.integers(1, 6, len(ids)).astype(np.float32)
    history = History(ids, stars, np.ones(len(ids), np.float32), np.arange(len(ids)))
    wanted = np.arange(count, dtype=np.int32)
    found = model.predict_at(history, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bayes, "IS_COMPILED", False)
        np.testing.assert_allclose(found, model.predict_at(history, wanted), rtol=1e-5)
