"""Parts of large tables, against the whole of small ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.engine import neighbours, spectrum
from recommendations.engine.foldin import exact_scores, on_grid
from recommendations.engine.neighbours import gram, largest, runs
from recommendations.engine.spectrum import leading_eigenvectors
from recommendations.engine.types import silent


def random_table(rows: int, columns: int, *, density: float = 0.2, seed: int = 0):
    return sparse.random_array(
        (rows, columns), density=density, dtype=np.float32, rng=np.random.default_rng(seed), format="csr"
    )


def test_runs_cover_all_rows_once_and_keep_to_the_limit_but_for_single_rows() -> None:
    work = np.array([3, 0, 4, 50, 1, 1, 9, 2])
    cut = list(runs(work, most=10))
    assert np.concatenate([np.arange(len(work))[run] for run in cut]).tolist() == list(range(8))
    assert all(work[run].sum() <= 10 or run.stop - run.start == 1 for run in cut)


@pytest.mark.parametrize("most", [1, 40, 10_000])
def test_a_product_by_runs_is_the_whole_product(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours.runs, "__kwdefaults__", {"most": most})
    left, right = random_table(12, 9), random_table(12, 9, seed=1)
    shares: list[float] = []
    parts = [(run, rows.toarray()) for run, rows in gram(left, right, progress=shares.append)]
    np.testing.assert_allclose(np.vstack([rows for _, rows in parts]), (left.T @ right).toarray(), rtol=1e-5)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_largest_entries_of_each_row_stay_in_their_places() -> None:
    table = random_table(20, 30, density=0.5)
    kept = largest(table.copy(), 4).toarray()
    for before, after in zip(table.toarray(), kept, strict=True):
        best = np.sort(before[before > 0])[::-1][:4]
        np.testing.assert_array_equal(np.sort(after[after > 0])[::-1], best)
        np.testing.assert_array_equal(after[after > 0], before[after > 0])


def test_of_equally_large_entries_the_first_columns_stay() -> None:
    kept = largest(sparse.csr_matrix(np.ones((2, 5), np.float32)), 2)
    assert kept.toarray().tolist() == [[1, 1, 0, 0, 0]] * 2


def test_sums_on_a_grid_do_not_depend_on_their_order() -> None:
    random = np.random.default_rng(0)
    products, shopper = random.normal(size=(50, 300)), random.normal(size=(1, 300))
    order = random.permutation(300)
    one = exact_scores(on_grid(shopper), on_grid(products))
    other = exact_scores(on_grid(shopper[:, order]), on_grid(products[:, order]))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one, shopper @ products.T, rtol=1e-5, atol=1e-5)


def test_nothing_stays_nothing_on_the_grid() -> None:
    assert on_grid(np.zeros((2, 3))).tolist() == [[0, 0, 0]] * 2
    assert on_grid(np.zeros((2, 0))).shape == (2, 0)


def test_the_leading_singular_vectors_of_a_large_table_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 90))
    matrix = sparse.csr_matrix(rows + 0.01 * random_table(200, 90).toarray(), dtype=np.float32)
    exact = np.linalg.svd(matrix.toarray())[2][:6].T
    for dense_up_to in (10, 1_000):
        monkeypatch.setattr(spectrum, "DENSE_UP_TO", dense_up_to)
        found = leading_eigenvectors(matrix, 6, seed=0, progress=silent)
        np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=1e-3)


def test_directions_in_which_nothing_happens_are_left_out() -> None:
    twice = sparse.csr_matrix(np.ones((4, 3), np.float32))
    assert leading_eigenvectors(twice, 3, seed=0, progress=silent).shape == (3, 1)
    nothing = sparse.csr_matrix(np.zeros((4, 3), np.float32))
    assert leading_eigenvectors(nothing, 3, seed=0, progress=silent).shape == (3, 0)
