"""What each row of a history adds to a score, compiled: what the formulas say, written with numpy."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import compiled_foldin, compiled_shares
from recommendations.engine.algorithms import latent
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.causes import main_causes
from recommendations.engine.compiled_foldin import dots_of, folded_in, in_fours, parts_of
from recommendations.engine.compiled_shares import (
    causes_of,
    decompose,
    dots_into,
    most_pushed_by,
    pushes_of,
    shares_of,
    solve,
    solve_decomposed,
    take_off,
    vectors_of,
)
from recommendations.engine.factors import ItemFactors
from recommendations.engine.types import UNKNOWN, History, Vocabulary

SEEDS = st.integers(0, 2**32 - 1)
PRODUCTS = 12


def ranker_of(random: np.random.Generator, factors: int, *, by_row: float) -> FoldInRanker:
    base, table = random.normal(size=PRODUCTS), random.normal(size=(PRODUCTS, factors))
    return FoldInRanker(
        Vocabulary(np.arange(100, 100 + PRODUCTS)),
        ItemFactors.of(base.astype(np.float32), table.astype(np.float32)),
        unobserved=0.1, regularization=0.7, by_row=by_row,
    )  # fmt: skip


def history_of(random: np.random.Generator, rows: int) -> History:
    ids = random.permutation(np.arange(95, 105 + PRODUCTS))[:rows]
    weights = random.choice([0.0, -1.0, 0.3, 1.0], rows).astype(np.float32)
    return History(ids, np.full(rows, np.nan, np.float32), weights, np.arange(rows))


def by_the_formula(
    ranker: FoldInRanker, history: History, wanted: np.ndarray, *, by_row: float
) -> np.ndarray:
    """q_i' A^-1 c_j q_j (t_j - b_j), row by row."""
    q, base = ranker.factors.astype(np.float64), ranker.base.astype(np.float64)
    known = ranker.products.positions(history.products)
    weights = np.where(known == UNKNOWN, 0, history.weights).astype(np.float64)
    system = 0.1 * np.diag(ranker.table.gram) + (0.7 + by_row * np.abs(weights).sum()) * np.eye(q.shape[1])
    for place, weight in zip(known, weights, strict=True):
        system += abs(weight) * np.outer(q[place], q[place])
    return np.array([
        [
            abs(weight) * (np.sign(weight) - base[place]) * q[i] @ np.linalg.solve(system, q[place])
            for place, weight in zip(known, weights, strict=True)
        ]
        for i in wanted
    ]).reshape(len(wanted), len(history))  # fmt: skip


@given(SEEDS, st.integers(1, 9), st.integers(0, 15), st.sampled_from([0.0, 0.4]))
def test_contributions_are_what_the_formula_says(seed: int, factors: int, rows: int, by_row: float) -> None:
    random = np.random.default_rng(seed)
    ranker, history = ranker_of(random, factors, by_row=by_row), history_of(random, rows)
    wanted = random.integers(0, PRODUCTS, 5).astype(np.int32)
    found = ranker.explain(history, wanted)
    expected = by_the_formula(ranker, history, wanted, by_row=by_row)
    np.testing.assert_allclose(found.contributions, expected, rtol=1e-4, atol=1e-5)
    score = ranker.score([history])[0][wanted]
    np.testing.assert_allclose(found.base + found.contributions.sum(axis=1), score, rtol=1e-4, atol=1e-4)


PARTS = (
    decompose, dots_into, dots_of, in_fours, parts_of, shares_of, solve, solve_decomposed,
    take_off, vectors_of,
)  # fmt: skip


@given(SEEDS, st.integers(1, 9), st.integers(0, 15))
def test_it_is_the_same_where_nothing_compiles(seed: int, factors: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    ranker, history = ranker_of(random, factors, by_row=0.2), history_of(random, rows)
    wanted = np.arange(4, dtype=np.int32)
    asked = ranker._asked(history, wanted)
    pushes, causes = pushes_of(*asked), most_pushed_by(*asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_foldin, "in_fours", getattr(in_fours, "py_func", in_fours))
        for part in PARTS:
            patch.setattr(compiled_shares, part.__name__, getattr(part, "py_func", part))
        plain = getattr(pushes_of, "py_func", pushes_of)(*asked)
        plain_causes = getattr(most_pushed_by, "py_func", most_pushed_by)(*asked)
        patch.setattr(latent, "IS_COMPILED", False)
        explained, told = ranker.explain(history, wanted), ranker.causes(history, wanted)
    np.testing.assert_allclose(plain, pushes, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(explained.contributions, pushes, rtol=1e-5, atol=1e-6)
    for rows_of, parts in (plain_causes, (told.rows, told.parts)):
        np.testing.assert_array_equal(rows_of, causes[0])
        np.testing.assert_allclose(parts, causes[1], rtol=1e-4, atol=1e-6)


@given(SEEDS, st.integers(1, 9), st.integers(0, 15), st.integers(0, 6))
def test_the_main_causes_are_those_of_the_contributions(
    seed: int, factors: int, rows: int, wanted: int
) -> None:
    random = np.random.default_rng(seed)
    ranker, history = ranker_of(random, factors, by_row=0.2), history_of(random, rows)
    asked = random.integers(0, PRODUCTS, wanted).astype(np.int32)
    found = main_causes(ranker, history, asked)
    rows_of, parts = causes_of(ranker.explain(history, asked).contributions)
    assert found.rows.tolist() == rows_of.tolist()
    assert found.parts.tolist() == parts.tolist()


def test_contributions_do_not_depend_on_whose_list_was_made_before() -> None:
    random = np.random.default_rng(1)
    ranker, places = ranker_of(random, 5, by_row=0.2), np.arange(6, dtype=np.int32)
    ann, bob = history_of(random, 4), history_of(random, 14)
    alone = [ranker.explain(own, places).contributions for own in (ann, bob)]
    assert alone[0].any()
    ranker.top_of(ann, 3)
    np.testing.assert_array_equal(ranker.explain(ann, places).contributions, alone[0])
    ranker.top_of(ann, 3)
    np.testing.assert_array_equal(ranker.explain(bob, places).contributions, alone[1])
    again = History(ann.products, ann.ratings, -ann.weights, ann.times)
    assert not np.array_equal(ranker.explain(again, places).contributions, alone[0])


def test_a_history_is_folded_in_once_for_its_list_and_its_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    random, asked = np.random.default_rng(4), Mock(side_effect=folded_in)
    monkeypatch.setattr("recommendations.engine.algorithms.latent.folded_in", asked)
    ranker, own = ranker_of(random, 5, by_row=0.2), history_of(random, 9)
    places = np.arange(6, dtype=np.int32)
    ranker.top_of(own, 3)
    ranker.causes(own, places)
    ranker.explain(own, places)
    assert asked.call_count == 1


@given(SEEDS, st.integers(1, 12), st.integers(0, 5))
def test_systems_are_solved(seed: int, size: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    half = random.normal(size=(size, size))
    system, right = half @ half.T + np.eye(size), random.normal(size=(size, rows))
    found = right.copy()
    solve(system.copy(), found)
    np.testing.assert_allclose(system @ found, right, atol=1e-8)


@given(SEEDS, st.integers(0, 6), st.integers(0, 6))
def test_the_main_cause_is_the_first_of_the_largest_pushes_that_add(
    seed: int, wanted: int, rows: int
) -> None:
    pushes = np.random.default_rng(seed).integers(-2, 3, (wanted, rows)).astype(np.float32)
    totals = np.maximum(pushes, 0).sum(axis=1)
    for function in (causes_of, getattr(causes_of, "py_func", causes_of)):
        found, parts = function(pushes)
        best: list[Any] = [row.argmax() if rows and row.max() > 0 else -1 for row in pushes]
        assert found.tolist() == best
        expected = [max([0, *row]) / (total or 1) for row, total in zip(pushes.tolist(), totals, strict=True)]
        np.testing.assert_allclose(parts, expected)
