"""From a shopper to a list: history -> score -> rules -> products -> fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from catalog.models import Category, Product
from recommendations.conf import Conf, conf
from recommendations.engine.types import UNKNOWN, Floats, Positions
from recommendations.merchandising import Rules
from recommendations.serving import baskets, exploration, newcomers, reasons, shelf, trends
from recommendations.serving.alike import alike, similar_reason, together_reason
from recommendations.serving.candidates import Candidates, candidates_for
from recommendations.serving.history import NOTHING, ShopperHistory, history_in, history_of
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Filters, Item, Reason, Recommendations, Sort, Strategy
from recommendations.serving.shelf import Ids, Place, Shown
from recommendations.serving.snapshot import Snapshot, current
from recommendations.serving.state import Whose

EVERYTHING = Filters()
NOBODY = frozenset[int]()
NOWHERE = np.empty(0, np.int32)


class Ranked(NamedTuple):
    """A shopper's list before its products are read, and what it was made of.

    ids, scores: (n,) its beginning, as long as was asked for. explored: which of these were put there to be
    tried. total: how long the whole list is. settings: those that it was made by.
    """

    ids: Ids
    scores: Floats
    strategy: Strategy
    history: ShopperHistory
    snapshot: Snapshot
    explored: frozenset[int]
    total: int
    settings: Conf

    @property
    def model(self) -> LiveModel | None:
        return self.snapshot.model

    def page(self, first: int, count: int) -> tuple[list[int], list[float]]:
        """(ids, scores) of so many places from that one (from 0) on, or of those there are."""
        page = slice(first, first + count)
        return self.ids[page].tolist(), self.scores[page].tolist()

    def places(self, first: int, count: int) -> list[Place]:
        """`page`, place by place."""
        return list(map(Place, *self.page(first, count)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of a shopper's list."""

    filters: Filters = EVERYTHING
    sort: Sort = Sort.BEST
    limit: int = 20
    offset: int = 0


def recommend_for(
    shopper: Whose | None,
    *,
    now: datetime,
    filters: Filters = EVERYTHING,
    sort: Sort = Sort.BEST,
    limit: int = 20,
    offset: int = 0,
    snapshot: Snapshot | None = None,
) -> Recommendations:
    """The shopper's list; the fallback list for None, for an empty history and without consent.

    snapshot: the shop, where it was looked at already.
    """
    asked = Asked(filters, sort, limit, offset)
    found = ranked_for(shopper, now=now, asked=asked, snapshot=snapshot)
    version = found.model.version if found.model else None
    items = items_of(*found.page(offset, limit), found)
    return Recommendations(items, found.total, found.strategy, version, now)


def ranked_for(
    shopper: Whose | None,
    *,
    now: datetime,
    asked: Asked | None = None,
    snapshot: Snapshot | None = None,
    found: tuple[ShopperHistory, Candidates] | None = None,
    told: str | None = None,
) -> Ranked:
    """The shopper's list as places in the order asked for, with what it was made of; no product is read yet.

    asked: None for the whole list, best first. found: what was read and scored for many shoppers at once.
    told: the text of the history of a shopper with consent, where it was read already.
    """
    settings, snapshot = conf(), snapshot or current()
    rules, filters = snapshot.rules_at(now), asked.filters if asked else EVERYTHING
    if found is None:
        history = NOTHING
        if told is not None:
            history = history_in(told, settings, now=now)
        elif shopper and shopper.consent:
            history = history_of(shopper.pk, settings, now=now)
        first = enough_for(asked, rules, settings) if asked else None
        candidates = scored(history, snapshot, filters, settings, now=now, first=first)
    else:
        history, candidates = found
    strategy = candidates.strategy
    tried, exploring = shelf.NOTHING, shelf.NO_EXPLORING
    if shopper and strategy == Strategy.PERSONAL and filters.min_predicted is None:
        news = newcomers.newcomers_of(snapshot, settings)
        exploring = exploration.exploring(settings, shopper_id=shopper.pk, now=now)
        tried = exploration.picks(history, news, settings, exploring, now=now)
    is_best_first = asked is None or asked.sort == Sort.BEST
    most = asked.offset + asked.limit if asked and is_best_first else settings.list_length
    shown = shelf.arranged(
        candidates.products, candidates.scores, filters, rules, history.settled_ids, snapshot, tried=tried,
        variety=shelf.variety_for(strategy, filters, settings), first=most, beyond=candidates.beyond,
        exploring=exploring if len(tried) else shelf.NO_EXPLORING,
    )  # fmt: skip
    if filters.min_predicted is not None:
        shown = _rated_enough(shown, filters.min_predicted, snapshot)
    ids, scores, explored, total = shown.ids[:most], shown.scores[:most], NOBODY, shown.total
    if shown.explored is not None:
        ids, scores, explored = shown.ids, shown.scores, frozenset(shown.ids[shown.explored].tolist())
    elif len(tried):
        ids, scores, explored, total = exploration.placed(
            shown.ids, shown.scores, tried, shown.own, exploring, most=most
        )
    length = settings.list_length
    listed = Ranked(
        ids[:length], scores[:length], strategy, history, snapshot, explored,
        min(total + candidates.beyond, length), settings,
    )  # fmt: skip
    return listed if is_best_first or asked is None else _ordered(listed, asked.sort)


def enough_for(asked: Asked, rules: Rules, settings: Conf) -> int | None:
    """How many candidates the places asked for are made of: those before them and those mixed with them.

    None for all: rules move what is far down, another order begins with any of them, and where they may be
    too few for a whole list, their number is how long it is.
    """
    left_out = len(asked.filters.exclude)
    is_whole = settings.candidates - left_out >= settings.list_length
    if rules.rules or asked.sort != Sort.BEST or not is_whole:
        return None
    return max(asked.offset + asked.limit, settings.varied_places) + left_out


def _rated_enough(shown: Shown, least: float, snapshot: Snapshot) -> Shown:
    """Where nobody predicts ratings, those that everybody gives enough stars: the best there is to expect."""
    if snapshot.model and snapshot.model.bundle.ratings:
        return shown
    enough = np.array([stars >= least for stars in shelf.stars_of(shown.ids).values()], bool)
    ids = shown.ids[enough]
    return shown._replace(ids=ids, scores=shown.scores[enough], total=len(ids))


def _ordered(found: Ranked, by: Sort) -> Ranked:
    ids, scores = shelf.sort(found.ids, found.scores, by, found.snapshot.catalogue)
    return found._replace(ids=ids, scores=scores)


def similar_to(product: Product, *, now: datetime, limit: int = 8) -> Recommendations:
    """Products like this one by the live model, else of the same category."""
    snapshot = current()
    scores, strategy = alike(product, snapshot, conf())
    return _plain(scores, strategy, similar_reason(product, strategy), snapshot, now=now, limit=limit)


def bought_together(product: Product, *, now: datetime, limit: int = 4) -> Recommendations:
    """What was bought in the same orders, surely and oftenest first; empty when nothing was."""
    partners = baskets.partner_scores(product)
    scores = {pk: lift for pk, (lift, _) in partners.items()}
    answer = _plain(scores, Strategy.BOUGHT_TOGETHER, Reason(""), current(), now=now, limit=limit)
    items = tuple(
        Item(
            item.product,
            item.score,
            together_reason(product, partners[item.product.pk][1]),
        )
        for item in answer.items
    )
    return replace(answer, items=items, model_version=None)


def trending(*, now: datetime, limit: int = 20, category: Category | None = None) -> Recommendations:
    """What shoppers turned to lately; in a shop nobody visited lately the top rated, then the newest.

    A department's list is filled up with its own top rated and newest, each with its honest reason; the
    strategy is that of the first product.
    """
    settings, snapshot, filters = conf(), current(), Filters(category=category)
    rules = snapshot.rules_at(now).without_pins()
    scores, strategy = lately(settings, now=now)
    origin = dict.fromkeys(scores, strategy)
    shown = shelf.places(scores, filters, rules, (), snapshot)
    if category is not None and len(shown) < limit:
        known = {place.product_id for place in shown}
        scores = {pk: score for pk, score in scores.items() if pk in known}
        for name, more in (
            (Strategy.POPULAR, trends.top_rated_scores(settings, category=category)),
            (Strategy.NEWEST, trends.newest_scores(settings, category=category)),
        ):
            fresh = [pk for pk in more if pk not in scores]
            lowest = min(scores.values(), default=1.0)
            scores |= {pk: lowest / (2 + place) for place, pk in enumerate(fresh)}
            origin |= dict.fromkeys(fresh, name)
        shown = shelf.places(scores, filters, rules, (), snapshot)
    page = shown[:limit]
    products = products_of([place.product_id for place in page])
    items = tuple(
        Item(product, place.score, reasons.everybodys(product, origin[product.pk], settings))
        for place in page
        for product in [products[place.product_id]]
    )
    first = origin[page[0].product_id] if page else strategy
    return Recommendations(items, len(shown), first, None, now)


def newest(*, now: datetime, limit: int = 20) -> Recommendations:
    """The newest products."""
    found = _plain(trends.newest_scores(conf()), Strategy.NEWEST, None, current(), now=now, limit=limit)
    return replace(found, model_version=None)


def scored(
    history: ShopperHistory,
    snapshot: Snapshot,
    filters: Filters,
    settings: Conf,
    *,
    now: datetime,
    first: int | None = None,
) -> Candidates:
    """Candidates best first, the `first` of them or all; without a model what everybody turns to."""
    if snapshot.model is None:
        scores, strategy = lately(settings, now=now)
        return Candidates(*shelf.columns_of(scores), strategy)
    return candidates_for(
        history, snapshot, settings,
        allowed=shelf.eligible(filters, snapshot.catalogue) if filters.narrows else None,
        min_predicted=filters.min_predicted, first=first,
    )  # fmt: skip


def lately(settings: Conf, *, now: datetime) -> tuple[dict[int, float], Strategy]:
    if scores := trends.trend_scores(settings, now=now):
        return scores, Strategy.TRENDING
    if scores := trends.top_rated_scores(settings):
        return scores, Strategy.POPULAR
    return trends.newest_scores(settings), Strategy.NEWEST


def _plain(
    scores: dict[int, float],
    strategy: Strategy,
    reason: Reason | None,
    snapshot: Snapshot,
    *,
    now: datetime,
    limit: int,
) -> Recommendations:
    """A list that is the same for everybody; without one `reason` for all, each product has its own."""
    settings = conf()
    shown = shelf.places(scores, EVERYTHING, snapshot.rules_at(now).without_pins(), (), snapshot)
    products = products_of([place.product_id for place in shown[:limit]])
    items = tuple(
        Item(
            products[place.product_id],
            place.score,
            reason or reasons.everybodys(products[place.product_id], strategy, settings),
        )
        for place in shown[:limit]
        if place.product_id in products
    )
    version = snapshot.model.version if snapshot.model else None
    return Recommendations(items, len(shown), strategy, version, now)


def items_of(
    ids: list[int], scores: list[float], found: Ranked, products: Mapping[int, Product] | None = None
) -> tuple[Item, ...]:
    """A page of a list; `products` when they were read already."""
    history, model, cards = found.history, found.model, found.snapshot.cards
    if products is None:
        products = products_of(ids)
    ids, scores = those_there(ids, scores, products)
    if not ids:
        return ()
    at = model.bundle.products.positions(np.array(ids, np.int64)) if model else NOWHERE
    if model and found.strategy == Strategy.PERSONAL:
        read = reasons.products_named(products)
        why = reasons.personal_reasons(ids, history, model, read, positions=at)
        news = newcomers.newcomers_of(found.snapshot, found.settings)
        why |= newcomers.reasons_for(ids, history, news, found.explored, cards)
    else:
        why = {pk: reasons.everybodys(products[pk], found.strategy, found.settings) for pk in ids}
    stars, explored = predicted(at, history, model) if model else [None] * len(ids), found.explored
    own = [products[pk] for pk in ids], scores, [why[pk] for pk in ids], stars
    return tuple(map(Item, *own, [pk in explored for pk in ids]))


def those_there(
    ids: list[int], scores: list[float], products: Mapping[int, object]
) -> tuple[list[int], list[float]]:
    """Both less what was deleted in this very moment and is not among the products any more."""
    if all(map(products.__contains__, ids)):
        return ids, scores
    there = [place for place, pk in enumerate(ids) if pk in products]
    return [ids[place] for place in there], [scores[place] for place in there]


def predicted(at: Positions, history: ShopperHistory, model: LiveModel) -> list[float | None]:
    """Stars expected of the products at these positions of the model; None of those nobody can predict."""
    if model.bundle.ratings is None:
        return [None] * len(at)
    ratings = model.bundle.ratings.model
    # For so few a list is quicker than a column.
    if UNKNOWN not in at.tolist():
        stars: list[float | None] = ratings.predict_at(history.history, at).tolist()
        return stars
    stars, known = [None] * len(at), at != UNKNOWN
    told = ratings.predict_at(history.history, at[known]).tolist()
    for place, each in zip(np.flatnonzero(known).tolist(), told, strict=True):
        stars[place] = each
    return stars


def products_of(ids: Sequence[int]) -> dict[int, Product]:
    return Product.objects.for_cards().in_bulk(ids)
