"""The best of a very large factor table: nearly always all of them, from a small part of it.

In the scores b_i + q_i . p of factor models what has a long vector or a high base leads, whoever asks: of a
million products the 20 best for a shopper were among the first 2 in 100. So products are looked at in the
order in which they lead (`factors.Leading`), twice as many at every step, until what follows is out of reach:
if its greatest base and length, in the direction nearest to p that was met so far, would not reach the score
of the `SURE`-th best found. That direction is an estimate, not a bound: a product with a short vector that
points exactly at p may be missed. Where all lead alike, nothing falls out of reach, and the whole table is
searched exactly: recall is kept at the price of time. Filters and exclusions hold right in the search, and
the scores returned are exact. docs/adr/0014 says what it was compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.factors import ItemFactors, Leading
from recommendations.engine.foldin import Matrix
from recommendations.engine.popular import popular
from recommendations.engine.pruning import Question, best
from recommendations.engine.topk import best_of, mask_of, penalty
from recommendations.engine.types import Allowed, Floats, Positions, Prior, Ranking

SURE = 40
"""How many of the k best must be out of reach of what follows; those after them may lack a few."""
RARE = 50
"""A filter that lets no more than one in so many products through is answered exactly, among those."""
SPARSE = 4
"""Of one in so many products or fewer the vectors are picked out; of more, all are multiplied."""
TINY = np.float32(1e-30)


def nearly_best(
    table: ItemFactors,
    shopper: Matrix,
    k: int,
    *,
    exclude: Positions | None = None,
    allowed: Allowed | None = None,
    prior: Prior | None = None,
) -> Ranking:
    """`pruning.best`, which it is where the table has no `leading`, where k is large or few are allowed."""
    lead = table.leading
    if lead is None or not 0 < k <= lead.ends[0]:
        return best(table, shopper, k, exclude=exclude, allowed=allowed, prior=prior)
    mask = None if allowed is None else _mask(allowed, len(table))
    if mask is not None and np.count_nonzero(mask) * RARE <= len(table):
        return best(table, shopper, k, exclude=exclude, allowed=allowed, prior=prior)
    search = _Search(lead, Question(table, shopper, prior), shopper, exclude, mask)
    if prior is not None:
        search.look_at_popular(prior, k)
    found = search.run(k)
    if found is None:
        return best(table, shopper, k, exclude=exclude, allowed=mask, prior=prior)
    return found


def nearly_best_of_each(
    table: ItemFactors,
    shoppers: Matrix,
    k: int,
    *,
    exclude: Sequence[Positions | None],
    allowed: Allowed | None = None,
    priors: Sequence[Prior | None],
) -> Iterator[Ranking]:
    """`nearly_best` for every row of (shoppers, factors), each as alone."""
    for shopper, own, prior in zip(shoppers, exclude, priors, strict=True):
        yield nearly_best(table, shopper, k, exclude=own, allowed=allowed, prior=prior)


class _Search:
    """One shopper's way through the leading products."""

    def __init__(
        self, lead: Leading, question: Question, shopper: Matrix, exclude: Positions | None,
        mask: NDArray[np.bool_] | None,
    ) -> None:  # fmt: skip
        self._lead = lead
        self._question = question
        self._length = float(np.linalg.norm(shopper))
        self._exclude = exclude
        self._mask = mask
        self._nearest = 0.0
        self._popular: Ranking | None = None
        self._more = 0.0

    def look_at_popular(self, prior: Prior, k: int) -> None:
        """What the prior puts first is found exactly, however short its vectors."""
        known = popular(prior.values)
        places = known.places
        if self._mask is not None:
            places = places[self._mask[places]]
        if self._exclude is not None:
            places = places[np.isin(places, self._exclude, invert=True)]
        self._popular = self._question.among(places, k)
        self._more = max(0.0, float(self._question.share) * known.beyond)

    def run(self, k: int) -> Ranking | None:
        """The k best; None if the leading products do not settle it."""
        rough: list[Floats] = []
        places: list[Positions] = []
        start, sure = 0, min(k, SURE)
        for end, (base, length) in zip(self._lead.ends.tolist(), self._lead.beyond.tolist(), strict=True):
            scores, own = self._scores(start, end)
            rough.append(scores)
            places.append(own)
            known = np.concatenate(rough)
            reach = base + self._nearest * self._length * length + self._more
            if np.count_nonzero(known > -np.inf) >= k and self._edge(known, sure) > reach:
                found = self._question.settled(known, k, np.concatenate(places))
                return found if self._popular is None else _merged(found, self._popular, k)
            start = end
        return None

    def _edge(self, rough: Floats, sure: int) -> float:
        edge = float(np.partition(rough, len(rough) - sure)[len(rough) - sure])
        if self._popular is not None and len(self._popular) >= sure:
            edge = max(edge, float(self._popular.scores[sure - 1]))
        return edge

    def _scores(self, start: int, end: int) -> tuple[Floats, Positions]:
        """(rough scores, positions) of the products that lead from `start` to `end`, -inf for the barred."""
        lead, rows = self._lead, slice(start, end)
        here = None if self._mask is None else self._mask[lead.places[rows]]
        if here is not None and np.count_nonzero(here) * SPARSE <= len(here):
            return self._looked_at(start + np.flatnonzero(here))
        rough, places = self._looked_at(rows)
        if here is not None and (hidden := penalty(here)) is not None:
            rough += hidden
        return rough, places

    def _looked_at(self, rows: slice | NDArray[np.int64]) -> tuple[Floats, Positions]:
        """(rough scores, positions) of some of the leading products."""
        lead = self._lead
        places, lengths = lead.places[rows], lead.lengths[rows]
        rough: Floats = lead.vectors[rows] @ self._question.single
        if self._length and len(rough):
            nearest = np.max(rough / np.maximum(lengths, TINY)) / self._length
            self._nearest = max(self._nearest, float(nearest))
        rough += lead.base[rows]
        self._question.leant(rough, places)
        return self._without_excluded(rough, rows), places

    def _without_excluded(self, rough: Floats, rows: slice | NDArray[np.int64]) -> Floats:
        if self._exclude is None:
            return rough
        ranks = self._lead.ranks[self._exclude[self._exclude >= 0]]
        if isinstance(rows, slice):
            rough[ranks[(ranks >= rows.start) & (ranks < rows.stop)] - rows.start] = -np.inf
        else:
            rough[np.isin(rows, ranks)] = -np.inf
        return rough


def _merged(one: Ranking, other: Ranking, k: int) -> Ranking:
    places, first = np.unique(np.concatenate([one.positions, other.positions]), return_index=True)
    return best_of(np.concatenate([one.scores, other.scores])[first], k, places)


def _mask(allowed: Allowed, count: int) -> NDArray[np.bool_] | None:
    """(count,) what is allowed; None for everything."""
    if allowed.dtype == np.bool_:
        return None if allowed.all() else np.asarray(allowed, np.bool_)
    return mask_of(allowed, count)
