"""A shopper's vector, compiled and not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import factors
from recommendations.engine.algorithms import latent
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.compiled_foldin import decompose_sums, folded_in, solve_one, to_grid
from recommendations.engine.factors import ItemFactors
from recommendations.engine.foldin import on_grid
from recommendations.engine.types import History, Vocabulary

COUNT, SIZE = 60, 12


@pytest.fixture(params=[4, SIZE])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Columns of the head."""
    monkeypatch.setattr(factors, "PRUNED_FROM", 10)
    monkeypatch.setattr(factors, "HEAD", request.param)
    return int(request.param)


def model(seed: int, *, by_row: float = 0.0) -> FoldInRanker:
    random = np.random.default_rng(seed)
    base, vectors = (
        random.normal(size=COUNT),
        random.normal(size=(COUNT, SIZE)) * np.exp(-0.2 * np.arange(SIZE)),
    )
    table = ItemFactors.of(base.astype(np.float32), vectors.astype(np.float32))
    return FoldInRanker(
        Vocabulary(np.arange(COUNT)), table, unobserved=0.2, regularization=0.5, by_row=by_row
    )


def history(products: list[int], weights: list[float]) -> History:
    count = len(products)
    own = np.array(weights, np.float32)
    return History(np.array(products, np.int64), np.full(count, np.nan, np.float32), own, np.arange(count))


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 1_000), by_row=st.sampled_from([0.0, 0.3]),
    rows=st.dictionaries(
        st.integers(-5, COUNT + 5), st.sampled_from([-1.0, 0.0, 1e-6, 0.3, 1.0, 50.0]), max_size=40
    ),
)  # fmt: skip
@pytest.mark.usefixtures("width")
def test_the_vector_is_the_solution_of_the_whole_system(
    seed: int, by_row: float, rows: dict[int, float]
) -> None:
    made = model(seed, by_row=by_row)
    telling = {place: weight for place, weight in rows.items() if 0 <= place < COUNT and weight}
    known, weights = np.array([*telling], np.int64), np.array([*telling.values()])
    vectors, sizes = made.factors[known].astype(np.float64), np.abs(weights)
    # Q is turned to where Q'Q is diagonal.
    gram = made.factors.T.astype(np.float64) @ made.factors
    system = 0.2 * np.diag(np.diag(gram)) + (0.5 + by_row * sizes.sum()) * np.eye(SIZE)
    system += (vectors * sizes[:, None]).T @ vectors
    aims = sizes * (np.sign(weights) - made.base[known])
    own = history([*rows], [*rows.values()])
    found = made._shopper(own)
    np.testing.assert_allclose(found, np.linalg.solve(system, aims @ vectors), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(on_grid(found[None])[0], found)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1_000), count=st.integers(0, 40))
@pytest.mark.usefixtures("width")
def test_without_the_compiler_the_vector_is_the_same_up_to_a_step_of_the_grid(seed: int, count: int) -> None:
    made, random = model(seed), np.random.default_rng(seed)
    own = history(random.permutation(COUNT)[:count].tolist(), random.normal(size=count).tolist())
    found = made._shopper(own)
    before, latent.IS_COMPILED = latent.IS_COMPILED, False
    try:
        plain = made._shopper(own)
    finally:
        latent.IS_COMPILED = before
    np.testing.assert_allclose(plain, found, rtol=0, atol=np.abs(found).max() * 2.0**-21)


def test_the_order_of_the_rows_changes_no_more_than_a_step_of_the_grid() -> None:
    made = model(3)
    for count in (5, 30):
        places, weights = list(range(count)), np.linspace(-1, 1, count).tolist()
        one = made._shopper(history(places, weights))
        other = made._shopper(history(places[::-1], weights[::-1]))
        np.testing.assert_allclose(one, other, rtol=0, atol=np.abs(one).max() * 2.0**-21)


def test_of_nothing_known_the_vector_is_zero() -> None:
    made = model(1)
    for own in (history([], []), history([COUNT + 1], [1.0]), history([3], [0.0])):
        np.testing.assert_array_equal(made._shopper(own), np.zeros(SIZE))


def test_tables_that_cannot_be_written_to_are_read() -> None:
    made, own = model(2), history([1, 2, 3], [1.0, -1.0, 0.5])
    expected = made._shopper(own)
    table = made.table
    for array in (table.base, table.head, table.rest, own.weights):
        array.setflags(write=False)
    places = np.array([1, 2, 3], np.int32)
    found = folded_in(places, own.weights, table.base, table.head, table.rest, made._held, 0.0)
    np.testing.assert_array_equal(found[:SIZE], expected)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=8))
def test_a_row_is_brought_to_the_grid_as_numpy_does(row: list[float]) -> None:
    found = np.array(row)
    to_grid(found)
    np.testing.assert_array_equal(found, on_grid(np.array([row]))[0])


@pytest.mark.parametrize("size", [0, 4, 8, 12, 36])
def test_a_system_of_sums_is_decomposed_and_solved(size: int) -> None:
    random = np.random.default_rng(size)
    rows, diagonal, right = random.normal(size=(size, 7)), random.random(size) + 0.1, random.normal(size=size)
    found, system = right.copy(), np.full((size, size), np.nan)
    decompose_sums(rows, rows, diagonal, system)
    whole = rows @ rows.T + np.diag(diagonal)
    np.testing.assert_allclose(np.tril(system), np.linalg.cholesky(whole), rtol=1e-8, atol=1e-8)
    solve_one(system, found)
    np.testing.assert_allclose(found, np.linalg.solve(whole, right), rtol=1e-8, atol=1e-8)
