"""What the shop itself says at this moment: which candidates may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catalog.columns import NONE, Catalogue
from catalog.models import Product, weighted_rating
from recommendations.conf import Conf
from recommendations.engine.types import UNKNOWN, Floats, Ranking
from recommendations.engine.variety import Variety, mixed
from recommendations.merchandising import Rules, Targets
from recommendations.serving.looks import likeness_of
from recommendations.serving.results import Filters, Sort, Strategy
from recommendations.serving.snapshot import Mask, Snapshot

Ids = NDArray[np.int64]
Scores = Mapping[int, float]
"""Product id -> score, best first."""


class Place(NamedTuple):
    """A product that may be shown."""

    product_id: int
    score: float


def eligible(filters: Filters, catalogue: Catalogue) -> Mask:
    """(catalogue,) what the filters and the shop let through: never an invisible product."""
    if filters == Filters(exclude=filters.exclude):
        return catalogue.recommendable
    return _eligible(filters, catalogue, np.arange(len(catalogue)))


def _eligible(filters: Filters, catalogue: Catalogue, at: Ids) -> Mask:
    """(k,) the same for products at these positions."""
    mask: Mask = catalogue.public[at] & (at != NONE) if len(catalogue) else np.zeros(len(at), bool)
    if not len(catalogue):
        return mask
    if filters.in_stock:
        mask &= catalogue.in_stock[at]
    if filters.category is not None:
        wanted = filters.category.pk
        mask &= (catalogue.category[at] == wanted) | (catalogue.department[at] == wanted)
    if filters.min_price is not None:
        mask &= catalogue.pence[at] >= ceil(filters.min_price * 100)
    if filters.max_price is not None:
        mask &= catalogue.pence[at] <= floor(filters.max_price * 100)
    return mask


def places(
    scores: Scores,
    filters: Filters,
    rules: Rules,
    settled: Iterable[int],
    snapshot: Snapshot,
    *,
    variety: Variety | None = None,
) -> list[Place]:
    """The candidates that may be shown, mixed for variety, after the rules. No query."""
    return as_places(*arranged(*columns_of(scores), filters, rules, settled, snapshot, variety=variety))


def columns_of(scores: Scores) -> tuple[Ids, Floats]:
    """(ids, scores) in the order of the mapping."""
    return (
        np.fromiter(scores.keys(), np.int64, len(scores)),
        np.fromiter(scores.values(), np.float32, len(scores)),
    )


def as_places(ids: Ids, scores: Floats) -> list[Place]:
    return list(map(Place._make, zip(ids.tolist(), scores.tolist(), strict=True)))


def arranged(
    ids: Ids,
    scores: Floats,
    filters: Filters,
    rules: Rules,
    settled: Iterable[int],
    snapshot: Snapshot,
    *,
    variety: Variety | None = None,
    first: int | None = None,
) -> tuple[Ids, Floats]:
    """`places` as columns. ids, scores: (k,) candidates, best first. first: how many places are asked for:
    those after them may be in another order."""
    left_out = filters.exclude.union(settled)
    # Only a candidate is known to be predicted high enough; a pin does not get round that filter.
    pinned = [pk for pk in rules.pinned() if pk not in left_out] if filters.min_predicted is None else []
    if pinned:
        ids, scores = with_more(pinned, ids, scores)
    at = snapshot.catalogue.positions(ids)
    mask = _eligible(filters, snapshot.catalogue, at)
    if left_out:
        mask &= np.array([pk not in left_out for pk in ids.tolist()], bool)
    if not mask.all():
        ids, scores, at = ids[mask], scores[mask], at[mask]
    mixing = variety is not None and not variety.changes_nothing
    if not rules.rules:
        if not variety or not mixing:
            return ids, scores
        whole = Ranking(np.arange(len(ids), dtype=np.int32), scores)
        ranking = _mixed(whole, ids, at, set(), variety, snapshot, first)
        return ids[ranking.positions], scores[ranking.positions]
    order = rules.apply(
        _targets(ids, at, snapshot.catalogue),
        scores,
        (lambda ranking: _mixed(ranking, ids, at, set(pinned), variety, snapshot, None))
        if variety and mixing
        else None,
    )
    return ids[order], scores[order]


def with_more(wanted: list[int], ids: Ids, scores: Floats) -> tuple[Ids, Floats]:
    """The candidates, and at their end, with the lowest score, what is wanted and is none of them."""
    known = set(ids.tolist())
    more = [pk for pk in dict.fromkeys(wanted) if pk not in known]
    if not more:
        return ids, scores
    lowest = scores.min() if len(scores) else np.float32(0)
    return np.append(ids, np.array(more, np.int64)), np.append(scores, np.full(len(more), lowest, np.float32))


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


def _mixed(
    ranking: Ranking,
    ids: Ids,
    at: Ids,
    pinned: set[int],
    variety: Variety,
    snapshot: Snapshot,
    first: int | None,
) -> Ranking:
    """The first places in a more varied order; what will be pinned takes no part."""
    free, kept_out = ranking, None
    if pinned:
        is_pinned = np.array([pk in pinned for pk in ids[ranking.positions].tolist()], bool)
        free = Ranking(ranking.positions[~is_pinned], ranking.scores[~is_pinned])
        kept_out = Ranking(ranking.positions[is_pinned], ranking.scores[is_pinned])
    best = free.positions[: variety.reach(len(free))]
    departments = snapshot.catalogue.department[at[best]]
    departments = np.where(departments == NONE, UNKNOWN, departments)
    likeness = likeness_of(ids[best].tolist(), at[best], snapshot)
    arranged = mixed(free, likeness, departments, variety, first=first)
    if kept_out is None:
        return arranged
    return Ranking(
        np.concatenate([arranged.positions, kept_out.positions]),
        np.concatenate([arranged.scores, kept_out.scores]),
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
