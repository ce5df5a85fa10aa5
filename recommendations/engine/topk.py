"""The best N products of a row of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import Allowed, Floats, Positions, Ranking

Places: TypeAlias = NDArray[np.integer]
FEW = 8
"""A filter that lets no more than one in so many products through is answered among those alone."""


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
    if (few := few_of(allowed, len(scores))) is not None:
        places = without(few, exclude)
        return best_of(scores[places], k, places)
    hidden = penalty(allowed)
    if hidden is None and exclude is None:
        return best_of(scores, k)
    usable = scores.copy() if hidden is None else scores + hidden
    return best_of(left_out(usable, exclude), k)


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


def best_of(scores: Floats, k: int, places: Places | None = None) -> Ranking:
    """The k highest above -inf, sorted. places: (n,) rising positions of the scores; None for 0, 1, 2..."""
    kept = _best(scores, k)
    positions = kept if places is None else places[kept]
    return Ranking(positions.astype(np.int32), np.asarray(scores[kept], np.float32))


def settled(
    rough: Floats,
    margin: float,
    exact: Callable[[Places], Floats],
    k: int,
    places: Places | None = None,
) -> Ranking:
    """`top` of scores that are known roughly: what may be among the k best is computed again by `exact`.

    rough: (n,), each at most `margin` from the exact score, -inf for what must not be returned. exact: of
    (m,) positions. places: (n,) positions of the scores, in any order; None for 0, 1, 2...
    """
    if k <= 0:
        return best_of(rough, k)
    edge = np.partition(rough, len(rough) - k)[len(rough) - k] if k < len(rough) else -np.inf
    # The k-th best exact score is no lower than the edge - margin; nothing further down can reach it.
    near = np.flatnonzero(rough >= edge - 2 * margin) if edge > -np.inf else np.flatnonzero(rough > -np.inf)
    chosen = near if places is None else np.sort(places[near])
    return best_of(exact(chosen), k, chosen)


_looked_through: tuple[Allowed, Places | None] | None = None


def few_of(allowed: Allowed | None, count: int) -> Places | None:
    """The rising positions of what is allowed, where that is few of `count` products; else None.

    A mask that cannot be written to is not looked through again: all of a shop's lists have the same.
    """
    global _looked_through
    if allowed is None:
        return None
    if allowed.dtype == np.bool_:
        last = _looked_through
        if last is not None and last[0] is allowed:
            return last[1]
        few = np.flatnonzero(allowed) if np.count_nonzero(allowed) * FEW <= count else None
        if not allowed.flags.writeable:
            _looked_through = allowed, few
        return few
    rising: Places = np.asarray(allowed, np.int64)
    if not np.all(np.diff(rising) > 0):
        rising = np.unique(rising)
    return rising[np.searchsorted(rising, 0) :]


def mask_of(allowed: Allowed, count: int) -> NDArray[np.bool_]:
    """(count,) whether each product is allowed."""
    if allowed.dtype == np.bool_:
        return np.ascontiguousarray(allowed, np.bool_)
    mask = np.zeros(count, np.bool_)
    mask[allowed[allowed >= 0]] = True
    return mask


def without(places: Places, exclude: Positions | None) -> Places:
    """The places that are not excluded."""
    if exclude is None or not len(exclude):
        return places
    return places[np.isin(places, exclude, invert=True)]


def penalty(allowed: Allowed | None) -> Floats | None:
    """(products,) what to add to scores for a mask: 0 or -inf; None for none and for positions. To choose by
    a condition takes ten times as long."""
    if allowed is None or allowed.dtype != np.bool_ or allowed.all():
        return None
    with np.errstate(divide="ignore"):
        return np.log(allowed, dtype=np.float32)


def left_out(scores: Floats, exclude: Positions | None) -> Floats:
    """The scores, changed in place, with -inf for the excluded positions; UNKNOWN is ignored."""
    if exclude is not None and len(exclude):
        scores[exclude[exclude >= 0]] = -np.inf
    return scores


def _best(scores: Floats, k: int) -> NDArray[np.int64]:
    """Places of the k highest above -inf, sorted; argpartition alone would take any that tie at the edge."""
    if not 0 < k < len(scores):
        kept = np.flatnonzero(scores > -np.inf)[: max(0, k)]
        return kept[np.lexsort((kept, -scores[kept]))]
    if (few := _best_of_few(scores, k)) is not None:
        return few
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    if np.isnan(edge) or np.isnan(scores.max()):
        # NaN is sorted last, as if it were the best. fmax takes the number where one of the two is NaN.
        return _best(np.fmax(scores, -np.inf), k)
    kept = np.flatnonzero(scores > edge)
    if len(kept) < k and edge > -np.inf:
        kept = np.concatenate([kept, np.flatnonzero(scores == edge)[: k - len(kept)]])
    return kept[np.lexsort((kept, -scores[kept]))]


def _best_of_few(scores: Floats, k: int) -> NDArray[np.int64] | None:
    """`_best` of a row most of which is 0 or below, as item-item models give: among many equals a partition
    takes ten times as long. None for other rows."""
    positive = scores > 0
    count = int(np.count_nonzero(positive))
    if count * FEW > len(scores):
        return None
    high = np.flatnonzero(positive)
    if count >= k:
        return high[_best(scores[high], k)]
    level = np.flatnonzero(scores == 0)[: k - count]
    if count + len(level) < k:
        return None
    return np.concatenate([high[np.lexsort((high, -scores[high]))], level])
