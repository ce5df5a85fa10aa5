"""What the shop itself says at this moment: which candidates may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from catalog.columns import Catalogue
from catalog.models import Product, weighted_rating
from recommendations.conf import Conf
from recommendations.engine.compiled_arranging import arranged_of
from recommendations.engine.compiled_places import shown_of
from recommendations.engine.compiled_shelf import ANY, those_that_suit
from recommendations.engine.types import Floats, Ranking
from recommendations.engine.variety import BLOCK, REACH, Variety, diversified
from recommendations.merchandising import Rules, Targets
from recommendations.serving.looks import looks_of
from recommendations.serving.results import Filters, Sort, Strategy
from recommendations.serving.snapshot import Mask, Snapshot

Ids = NDArray[np.int64]
Scores = Mapping[int, float]
"""Product id -> score, best first."""
MOST = int(np.iinfo(np.int64).max)
NOTHING = np.empty(0, np.int64)


class Place(NamedTuple):
    """A product that may be shown."""

    product_id: int
    score: float


class Shown(NamedTuple):
    """(n,) ids and scores of what may be shown, in order. own: (t,) whether each of what was to be tried is a
    candidate by itself. explored: (n,) which were put in to be tried; None before that was done. total: how
    long the list is; where it was explored, only its beginning is here."""

    ids: Ids
    scores: Floats
    own: Mask
    explored: Mask | None
    total: int


class Exploring(NamedTuple):
    """Whose list what is tried is put into, on which day, one place in how many; `every` is 0 for none."""

    shopper_id: int = 0
    day: int = 0
    every: int = 0


NO_EXPLORING = Exploring()


def eligible(filters: Filters, catalogue: Catalogue) -> Mask:
    """(catalogue,) what the filters and the shop let through: never an invisible product."""
    if filters == Filters(exclude=filters.exclude):
        return catalogue.recommendable
    mask = np.zeros(len(catalogue), bool)
    mask[_those(catalogue.ids, NOTHING, filters, catalogue)[1]] = True
    return mask


def _columns(catalogue: Catalogue) -> tuple[Mask, Mask, Ids, Ids, Ids]:
    """What filters look at."""
    return (
        catalogue.public, catalogue.in_stock, catalogue.pence, catalogue.category, catalogue.department
    )  # fmt: skip


def _limits(filters: Filters) -> tuple[bool, int, int, int]:
    """What filters ask for, as `those_that_suit` takes it; no price is below 0 or beyond all numbers."""
    return (
        filters.in_stock,
        ANY if filters.category is None else filters.category.pk,
        0 if filters.min_price is None else min(MOST, max(0, ceil(filters.min_price * 100))),
        MOST if filters.max_price is None else min(MOST, max(-1, floor(filters.max_price * 100))),
    )


def places(
    scores: Scores,
    filters: Filters,
    rules: Rules,
    settled: Iterable[int] | Ids,
    snapshot: Snapshot,
    *,
    variety: Variety | None = None,
) -> list[Place]:
    """The candidates that may be shown, mixed for variety, after the rules. No query."""
    found = arranged(*columns_of(scores), filters, rules, settled, snapshot, variety=variety)
    return as_places(found.ids, found.scores)


def columns_of(scores: Scores) -> tuple[Ids, Floats]:
    """(ids, scores) in the order of the mapping."""
    return (
        np.fromiter(scores.keys(), np.int64, len(scores)),
        np.fromiter(scores.values(), np.float32, len(scores)),
    )


def as_places(ids: Ids, scores: Floats) -> list[Place]:
    return list(map(Place, ids.tolist(), scores.tolist()))


def arranged(
    ids: Ids,
    scores: Floats,
    filters: Filters,
    rules: Rules,
    settled: Iterable[int] | Ids,
    snapshot: Snapshot,
    *,
    variety: Variety | None = None,
    first: int | None = None,
    tried: Ids = NOTHING,
    beyond: int = 0,
    exploring: Exploring = NO_EXPLORING,
) -> Shown:
    """`places` as columns. ids, scores: (k,) candidates, best first. settled: ids to leave out, sorted where
    they are an array. first: how many places are asked for: those after them may be in another order. tried:
    ids that take part as the last of all, each once. beyond: how many more candidates there are than those
    given. exploring: says where the tried ones come in, unless there are rules: then nowhere yet."""
    left_out = _left_out(settled, filters.exclude)
    ids, scores = np.ascontiguousarray(ids, np.int64), np.ascontiguousarray(scores, np.float32)
    if variety is not None and variety.changes_nothing:
        variety = None
    if rules.rules:
        return _by_rules(ids, scores, filters, rules, left_out, snapshot, variety, tried)
    catalogue = snapshot.catalogue
    room = len(ids) + len(tried)
    needed = room if first is None else min(max(first, 0), room)
    mixing = (0.0, 0, 0) if variety is None else (variety.balance, variety.most or 0, variety.places)
    while True:
        asked: tuple[Any, ...] = (
            ids, scores, tried, left_out, beyond, needed, catalogue.ids, *_columns(catalogue),
            *_limits(filters), *snapshot.looks.columns(), *mixing, REACH, BLOCK, *exploring,
        )  # fmt: skip
        found, worth, at, own, explored, total, is_whole = arranged_of(*asked)
        if is_whole:
            return Shown(found, worth, own, explored if exploring.every else None, total)
        # Some are to be mixed that nobody has looked at.
        looks_of(found[: mixing[2]], at[: mixing[2]], snapshot)


def _by_rules(
    ids: Ids,
    scores: Floats,
    filters: Filters,
    rules: Rules,
    left_out: Ids,
    snapshot: Snapshot,
    variety: Variety | None,
    tried: Ids,
) -> Shown:
    """`arranged` by rules, all of it."""
    # Only a candidate is known to be predicted high enough; a pin does not get round that filter.
    pinned = rules.pinned() if filters.min_predicted is None else []
    more = np.array([*dict.fromkeys([*tried.tolist(), *pinned])], np.int64) if pinned else tried
    found, worth, at, own = _shown(ids, scores, more, filters, left_out, snapshot.catalogue)
    ruled = rules.apply(
        _targets(found, at, snapshot.catalogue),
        worth,
        (lambda ranking: _mixed(ranking, found, at, set(pinned), variety, snapshot)) if variety else None,
    )
    return Shown(found[ruled], worth[ruled], own[: len(tried)], None, len(ruled))


def _left_out(settled: Iterable[int] | Ids, excluded: frozenset[int]) -> Ids:
    """Both as one sorted column; `settled` is sorted where it is an array."""
    if isinstance(settled, np.ndarray) and not excluded:
        return settled
    return np.array(sorted(excluded.union(settled)), np.int64)


def _shown(
    ids: Ids, scores: Floats, more: Ids, filters: Filters, left_out: Ids, catalogue: Catalogue
) -> tuple[Ids, Floats, Ids, Mask]:
    """(ids and scores of the candidates and of what is wanted besides that may be shown, their positions in
    the catalogue; of what is wanted besides, whether each is a candidate)."""
    room = len(ids) + len(more)
    found, worth, at = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.int64)
    own = np.empty(len(more), np.bool_)
    count, _ = shown_of(
        ids, scores, more, left_out, catalogue.ids, *_columns(catalogue), *_limits(filters), found, worth, at,
        own,
    )  # fmt: skip
    return found[:count], worth[:count], at[:count], own


def _those(ids: Ids, left_out: Ids, filters: Filters, catalogue: Catalogue) -> tuple[Ids, Ids]:
    """(which of the ids may be shown, where in the catalogue those are)."""
    kept, at = np.empty(len(ids), np.int64), np.empty(len(ids), np.int64)
    count = those_that_suit(ids, left_out, catalogue.ids, *_columns(catalogue), *_limits(filters), kept, at)
    return kept[:count], at[:count]


def _targets(ids: Ids, at: Ids, catalogue: Catalogue) -> Targets:
    names = np.array([catalogue.brands[code] for code in catalogue.brand[at].tolist()], object)
    return Targets(ids, catalogue.category[at], catalogue.department[at], names)


def variety_for(strategy: Strategy, filters: Filters, settings: Conf) -> Variety | None:
    """How a list is mixed; None for one whose order says something else than how well a product suits.

    Inside one department there is no cap.
    """
    if strategy not in {Strategy.PERSONAL, Strategy.POPULAR}:
        return None
    most = settings.department_cap if filters.category is None else 0
    return Variety(settings.diversity, most or None, settings.varied_places)


def _varied(ids: Ids, scores: Floats, at: Ids, variety: Variety, snapshot: Snapshot) -> Ids:
    """The order in which these, the first places of a list, are more varied."""
    if not len(ids):
        return at
    return diversified(
        scores, looks_of(ids, at, snapshot), snapshot.catalogue.department[at],
        balance=variety.balance, most=variety.most,
    )  # fmt: skip


def _mixed(
    ranking: Ranking, ids: Ids, at: Ids, pinned: set[int], variety: Variety, snapshot: Snapshot
) -> Ranking:
    """The first places in a more varied order; what will be pinned takes no part."""
    is_pinned = np.array([pk in pinned for pk in ids[ranking.positions].tolist()], bool)
    free, scores = ranking.positions[~is_pinned], ranking.scores[~is_pinned]
    best = free[: variety.reach(len(free))]
    order = _varied(ids[best], scores[: len(best)], at[best], variety, snapshot)
    return Ranking(
        np.concatenate([free[order], free[len(order) :], ranking.positions[is_pinned]]),
        np.concatenate([scores, ranking.scores[is_pinned]]),
    )


def sort(ids: Ids, scores: Floats, by: Sort, catalogue: Catalogue) -> tuple[Ids, Floats]:
    """The list in another order; products that tie stay best match first. One query for the top rated."""
    if by == Sort.BEST:
        return ids, scores
    at = catalogue.positions(ids)
    if by == Sort.TOP_RATED:
        key = -np.array([*stars_of(ids).values()], np.float64)
    elif by == Sort.NEWEST:
        key = -catalogue.created[at]
    else:
        key = catalogue.pence[at].astype(np.float64) * (1 if by == Sort.PRICE_UP else -1)
    order = np.argsort(key, kind="stable")
    return ids[order], scores[order]


def stars_of(ids: Ids) -> dict[int, float]:
    """id -> weighted average of its ratings as of now, 1 to 5, in the order of the ids. One query."""
    rows = Product.objects.filter(pk__in=ids.tolist()).order_by()
    counts = {
        pk: (count, total) for pk, count, total in rows.values_list("pk", "rating_count", "rating_total")
    }
    return {pk: weighted_rating(*counts.get(pk, (0, 0))) for pk in ids.tolist()}
