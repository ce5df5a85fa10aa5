"""The leading part of a large sparse matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Floats, Progress

OVERSAMPLED, ITERATIONS = 32, 6
DENSE_UP_TO = 1_000
NOTHING = 1e-5


def leading_eigenvectors(
    matrix: sparse.csr_matrix[np.float32], count: int, *, seed: int, progress: Progress
) -> Floats:
    """(columns, up to `count`) orthonormal right singular vectors of the largest singular values above 0.

    Of a large matrix by subspace iteration from a random start, so that of nearly equal singular values any
    mixture may be found. Halko, Martinsson, Tropp, "Finding structure with randomness: probabilistic
    algorithms for constructing approximate matrix decompositions", SIAM Review 53(2), 2011.
    """
    width = matrix.shape[1]
    if not count or not matrix.nnz:
        progress(1.0)
        return np.zeros((width, 0), np.float32)
    if width <= max(DENSE_UP_TO, count + OVERSAMPLED):
        values, vectors = np.linalg.eigh((matrix.T @ matrix).toarray().astype(np.float64))
    else:
        values, vectors = _iterated(matrix, count + OVERSAMPLED, seed, progress)
    order = np.argsort(-values, kind="stable")[:count]
    kept = order[values[order] > NOTHING * values[order[0]]]
    progress(1.0)
    return np.ascontiguousarray(vectors[:, kept], np.float32)


def _iterated(
    matrix: sparse.csr_matrix[np.float32], count: int, seed: int, progress: Progress
) -> tuple[NDArray[np.float64], Floats]:
    """(eigenvalues, eigenvectors) of matrix'matrix in a subspace that came close to the leading one."""
    transposed = sparse.csr_matrix(matrix.T)
    random = np.random.default_rng(seed)
    basis: Floats = random.standard_normal((matrix.shape[1], count), np.float32)
    for iteration in range(ITERATIONS):
        basis = np.asarray(np.linalg.qr(transposed @ (matrix @ basis))[0], np.float32)
        progress((iteration + 1) / (ITERATIONS + 1))
    image = np.asarray(matrix @ basis, np.float32)
    values, turn = np.linalg.eigh((image.T @ image).astype(np.float64))
    return values, np.asarray(basis @ turn.astype(np.float32), np.float32)
