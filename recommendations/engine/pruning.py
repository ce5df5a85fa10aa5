"""The best of a factor model's products for a shopper, exactly, without computing every score.

They are found in single precision first, with a bound on its error: what may be among the k best within that
bound is computed again, exactly. In large catalogues the first columns are read first: |rest of q_i| |rest of
p| bounds what the others can add (Cauchy, Schwarz), and a product whose bound falls short of k others is not
read any further. Li, Chan, Yiu, Mamoulis, "FEXIPRO: fast and exact inner product retrieval in recommender
systems", SIGMOD 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recommendations.engine import compiled_search
from recommendations.engine.compiling import is_compiled
from recommendations.engine.factors import ItemFactors, parts_of
from recommendations.engine.foldin import ROUNDING, SLACK, Matrix, rounding
from recommendations.engine.popular import popular
from recommendations.engine.topk import Places, best_of, few_of, left_out, mask_of, penalty, settled, without
from recommendations.engine.types import Allowed, Floats, Positions, Prior, Ranking, Roughly

CELLS_AT_A_TIME = 8_000_000
"""Scores of a batch in memory at once: 32 MB."""
IS_COMPILED = is_compiled(compiled_search.best)
ZERO, NO_SCORES = np.float32(0), np.empty(0, np.float32)
SOME, RARE = 4_096, 32
"""So many products, or one in so many, are scored exactly at once. To pick out the vectors of more takes
longer than to read the codes of all."""
NOWHERE, EVERYTHING = np.empty(0, np.int32), np.empty(0, np.bool_)
GUESSED, HOPELESS, SAMPLED = 2, 4, 16
"""Products scored exactly for a first guess, in k; to read on from one product in so many is to read all;
one in so many tells whether a guess is worth it."""


def best(
    table: ItemFactors,
    shopper: Matrix,
    k: int,
    *,
    exclude: Positions | None = None,
    allowed: Allowed | None = None,
    prior: Prior | None = None,
) -> Ranking:
    """`topk.top` of a row of scores. shopper: (factors,) p on the grid. prior: what they lean on."""
    few = few_of(allowed, len(table))
    if fits(prior):
        return compiled_best(table, shopper, k, exclude, few, allowed, prior)
    question = Question(table, shopper, prior)
    if few is not None:
        return question.among(without(few, exclude), k)
    hidden = penalty(allowed)
    rough = question.rough_head()
    rough = left_out(rough if hidden is None else np.add(rough, hidden, out=rough), exclude)
    return question.pruned(rough, k) if table.rest.shape[1] else question.settled(rough, k)


def fits(prior: Prior | None) -> bool:
    """Whether the compiled search can be used: it is there, and was compiled for such values."""
    return IS_COMPILED and (prior is None or prior.values.dtype == np.float32)


def compiled_best(
    table: ItemFactors, shopper: Matrix, k: int, exclude: Positions | None, few: Places | None,
    allowed: Allowed | None, prior: Prior | None,
) -> Ranking:  # fmt: skip
    """`best`, compiled. few: `few_of` what is allowed."""
    share, values, most, others = ZERO, NO_SCORES, NO_SCORES, table.most[1]
    if prior is not None:
        share, values = np.float32(prior.share * table.spread(shopper)), np.ascontiguousarray(prior.values)
        known = popular(prior.values)
        most, others = known.tops, others + abs(float(share)) * known.greatest
    own = table.head, table.rest, table.base, shopper, share, values
    if k <= 0:
        return Ranking(NOWHERE, NO_SCORES)
    if few is not None and is_rare(few, len(table)):
        return Ranking(*compiled_search.among(*own, without(few, exclude), k))
    mask = EVERYTHING if allowed is None else mask_of(allowed, len(table))
    out = NOWHERE if exclude is None else np.ascontiguousarray(exclude, np.int32)
    coarse, margin = table.coarse, rounding(0, 0.0, others)
    return Ranking(
        *compiled_search.best(
            coarse.codes, coarse.scales, coarse.units, *table.tops, most, *own, mask, out, k, margin
        )
    )


def is_rare(few: Places, count: int) -> bool:
    """Whether the few of `count` products are all scored exactly at once."""
    return len(few) <= SOME or len(few) * RARE <= count


def best_of_each(
    table: ItemFactors,
    shoppers: Matrix,
    k: int,
    *,
    exclude: Sequence[Positions | None],
    allowed: Allowed | None = None,
    priors: Sequence[Prior | None],
) -> Iterator[Ranking]:
    """`best` for every row of (shoppers, factors): one by one where that is compiled, else by matrix products
    with bounded memory."""
    few = few_of(allowed, len(table))
    if all(map(fits, priors)):
        told = (
            allowed if few is None or is_rare(few, len(table)) else mask_of(few.astype(np.int32), len(table))
        )
        for shopper, out, prior in zip(shoppers, exclude, priors, strict=True):
            yield compiled_best(table, shopper, k, out, few, told, prior)
        return
    hidden = penalty(allowed)
    head, rest, base = table.head, table.rest, table.base
    if few is not None:
        head, rest, base, hidden = head[few], rest[few], base[few], None
    if hidden is not None:
        base = base + hidden
    step = max(1, CELLS_AT_A_TIME // max(1, len(base)))
    for start in range(0, len(shoppers), step):
        some = shoppers[start : start + step].astype(np.float32)
        part = some[:, : head.shape[1]] @ head.T
        if rest.shape[1]:
            part += some[:, head.shape[1] :] @ rest.T
        part += base
        for row, rough in enumerate(part, start):
            question = Question(table, shoppers[row], priors[row])
            rough = question.leant(rough, few)
            own = exclude[row]
            if few is None:
                left_out(rough, own)
            elif own is not None:
                rough[np.isin(few, own)] = -np.inf
            yield question.settled(rough, k, few)


class Question:
    """What one shopper asks of the table: p, what the scores lean on, and how wrong rough scores may be."""

    def __init__(self, table: ItemFactors, shopper: Matrix, prior: Prior | None) -> None:
        """shopper: (factors,) p on the grid."""
        self._table = table
        self._shopper = shopper
        self.single = shopper.astype(np.float32)
        self._prior = prior
        self.share = np.float32(0)
        length, base = table.most
        if prior is not None:
            self.share = np.float32(prior.share * table.spread(shopper))
            base += abs(float(self.share)) * popular(prior.values).greatest
        self._margin = rounding(table.size, length * float(np.linalg.norm(shopper)), base)

    def among(self, places: Places, k: int) -> Ranking:
        """The k best of the places, which rise."""
        rough = np.empty(len(places), np.float32)
        for part in parts_of(len(places)):
            chosen, width = places[part], self._table.head.shape[1]
            rough[part] = self._table.head[chosen] @ self.single[:width]
            if self._table.rest.shape[1]:
                rough[part] += self._table.rest[chosen] @ self.single[width:]
            rough[part] += self._table.base[chosen]
        return self.settled(self.leant(rough, places), k, places)

    def rough_head(self) -> Floats:
        """(products,) what the head says, with base and prior."""
        rough = self._table.head @ self.single[: self._table.head.shape[1]]
        rough += self._table.base
        return self.leant(rough)

    def leant(self, rough: Floats, places: Places | None = None) -> Floats:
        """The scores (of the places, or of all products), changed in place, with the prior."""
        if self._prior is not None:
            rough += self.share * (self._prior.values if places is None else self._prior.values[places])
        return rough

    def roughly(self) -> Roughly:
        """All products."""
        rough = self.rough_head()
        if self._table.rest.shape[1]:
            rough += self._table.rest @ self.single[self._table.head.shape[1] :]
        return Roughly(rough, self._margin, self._exact)

    def settled(self, rough: Floats, k: int, places: Places | None = None) -> Ranking:
        """The k best by rough scores of the places, or of all products."""
        return settled(rough, self._margin, self._exact, k, places)

    def pruned(self, rough: Floats, k: int) -> Ranking:
        """The k best by what the head says."""
        if k <= 0:
            return best_of(rough, k)
        width = self._table.head.shape[1]
        beyond = float(np.linalg.norm(self._shopper[width:]))
        beyond *= 1 + SLACK * ROUNDING
        if self._is_worth_a_guess(rough, beyond, k) and (edge := self._guess(rough, k)) > -np.inf:
            reach = self._table.rest_lengths * np.float32(beyond)
            reach += rough
            near = np.flatnonzero(reach >= edge - 2 * self._margin)
            if len(near) * HOPELESS <= len(rough):
                return self.among(near, k)
        rough += self._table.rest @ self.single[width:]
        return self.settled(rough, k)

    def _is_worth_a_guess(self, rough: Floats, beyond: float, k: int) -> bool:
        """Whether it seems, from a few products, that most are out of reach of the k-th best by the head."""
        few = rough[::SAMPLED]
        place = max(0, len(few) - 1 - k // SAMPLED)
        edge = np.partition(few, place)[place]
        reach = few + self._table.rest_lengths[::SAMPLED] * np.float32(beyond)
        return bool(np.count_nonzero(reach >= edge) * 2 <= len(few))

    def _guess(self, rough: Floats, k: int) -> float:
        """A score that k products reach: the k-th best of those the head puts first."""
        most = GUESSED * k
        if most >= len(rough):
            return -np.inf
        first = np.argpartition(rough, len(rough) - most)[-most:]
        found = np.sort(self._exact(np.sort(first[rough[first] > -np.inf])))
        return float(found[-k]) if len(found) >= k else -np.inf

    def _exact(self, places: Places) -> Floats:
        scores = self._table.scores_at(self._shopper, places)
        if self._prior is None:
            return scores
        return np.asarray(scores + self.share * self._prior.values[places], np.float32)
