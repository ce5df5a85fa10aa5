"""Large item-item tables, a run of rows at a time, and only the largest few entries of every row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Progress

SparseFloats = sparse.csr_matrix[np.float32]
ENTRIES_AT_A_TIME = 20_000_000
UNEVEN = 5
"""Mean square of a shopper's rows over the square of their mean, about: activity follows a power law."""


def gram_work(shoppers: int, interactions: int) -> float:
    """Multiplications that `gram` of such a table takes, about: some 20 million of them a second."""
    return UNEVEN * interactions**2 / max(1, shoppers)


def runs(work: NDArray[np.int64], *, most: int = ENTRIES_AT_A_TIME) -> Iterator[slice]:
    """Cuts rows into runs of at most `most` units of work each, or of one row; work: (rows,) of each."""
    reached = np.cumsum(work)
    start = 0
    while start < len(work):
        before = reached[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(reached, before + most, side="right")))
        yield slice(start, end)
        start = end


def gram(
    left: SparseFloats, right: SparseFloats, *, progress: Progress
) -> Iterator[tuple[slice, SparseFloats]]:
    """(rows, those rows of left'right) of (shoppers, products) tables, within bounded memory.

    A run holds no more entries than ENTRIES_AT_A_TIME, or is of one row.
    """
    transposed = sparse.csr_matrix(left.T)
    # A row of the product has at most an entry for each row of each shopper who has the product.
    lengths = np.diff(right.indptr).astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(lengths[transposed.indices])])
    entries = np.minimum(sums[transposed.indptr[1:]] - sums[transposed.indptr[:-1]], right.shape[1])
    for run in runs(entries):
        yield run, sparse.csr_matrix(transposed[run] @ right)
        progress(run.stop / len(entries))


def largest(table: SparseFloats, most: int) -> SparseFloats:
    """The table with the `most` largest entries of every row, by column; of equals the first."""
    lengths = np.diff(table.indptr)
    if not len(lengths) or lengths.max() <= most:
        return table
    table.sort_indices()
    kept = np.ones(table.nnz, bool)
    for row in np.flatnonzero(lengths > most):
        own = slice(table.indptr[row], table.indptr[row + 1])
        values = table.data[own]
        edge = np.partition(values, len(values) - most)[len(values) - most]
        stays = values > edge
        stays[np.flatnonzero(values == edge)[: most - int(stays.sum())]] = True
        kept[own] = stays
    ends = np.concatenate([[0], np.cumsum(np.minimum(lengths, most))])
    return sparse.csr_matrix((table.data[kept], table.indices[kept], ends), shape=table.shape)
