"""The best N products of a row of scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import Allowed, Floats, Positions, Ranking


def top(
    scores: Floats,
    k: int,
    *,
    exclude: Positions | None = None,
    allowed: Allowed | None = None,
) -> Ranking:
    """The k best of one row: higher scores first, and of equal scores the lower position first.

    scores: (products,); a product whose score is NaN or -inf is never returned. exclude: positions to leave
    out (UNKNOWN is ignored). allowed: what may be returned, a (products,) mask or positions. Fewer than k
    where fewer qualify.
    """
    # fmax takes the number where one of the two is NaN.
    usable = np.fmax(scores, -np.inf)
    if allowed is not None:
        usable[barred(allowed, len(scores))] = -np.inf
    if exclude is not None:
        usable[exclude[exclude >= 0]] = -np.inf
    positions = _best(usable, k)
    return Ranking(positions.astype(np.int32), np.asarray(scores[positions], np.float32))


def barred(allowed: Allowed, count: int) -> NDArray[np.bool_]:
    """(count,) mask of what is not allowed."""
    if allowed.dtype == np.bool_:
        return np.asarray(~allowed, np.bool_)
    mask = np.ones(count, np.bool_)
    mask[allowed[allowed >= 0]] = False
    return mask


def top_batch(
    scores: Floats,
    k: int,
    *,
    exclude: Sequence[Positions] | None = None,
    allowed: Allowed | None = None,
) -> list[Ranking]:
    """`top` for every row of (rows, products) scores; `exclude` has one entry a row, `allowed` is for all."""
    excluded: Sequence[Positions | None] = [None] * len(scores) if exclude is None else exclude
    return [top(row, k, exclude=own, allowed=allowed) for row, own in zip(scores, excluded, strict=True)]


def _best(scores: Floats, k: int) -> NDArray[np.int64]:
    """Places of the k highest above -inf, sorted; argpartition alone would take any that tie at the edge."""
    if 0 < k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = np.flatnonzero(scores > edge)
        if len(kept) < k and edge > -np.inf:
            kept = np.concatenate([kept, np.flatnonzero(scores == edge)[: k - len(kept)]])
    else:
        kept = np.flatnonzero(scores > -np.inf)[: max(0, k)]
    return kept[np.lexsort((kept, -scores[kept]))]
