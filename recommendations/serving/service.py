"""From a shopper to a list: history -> score -> rules -> products -> fallback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from catalog.models import Category, Product
from feedback.models import Shopper
from recommendations.conf import Conf, conf
from recommendations.engine.protocols import FindsSimilar
from recommendations.engine.topk import top
from recommendations.engine.types import UNKNOWN, Positions
from recommendations.merchandising import Rules, rules_in_force
from recommendations.serving import baskets, exploration, newcomers, reasons, shelf, trends
from recommendations.serving.candidates import candidates_for
from recommendations.serving.history import NOTHING, ShopperHistory, history_of
from recommendations.serving.index import LiveModel, live_model
from recommendations.serving.results import Filters, Item, Reason, Recommendations, Sort, Strategy
from recommendations.serving.shelf import Place

EVERYTHING = Filters()
SIMILAR_BECAUSE = {
    Strategy.SIMILAR: "Liked by the same shoppers",
    Strategy.DESCRIBED_ALIKE: "Described alike",
}


@dataclass(frozen=True, eq=False)
class Ranked:
    """A shopper's list before its products are read: places best first, and what they were made of."""

    places: list[Place]
    strategy: Strategy
    history: ShopperHistory
    model: LiveModel | None
    rules: Rules
    explored: frozenset[int] = frozenset()


def recommend_for(
    shopper: Shopper | None,
    *,
    now: datetime,
    filters: Filters = EVERYTHING,
    sort: Sort = Sort.BEST,
    limit: int = 20,
    offset: int = 0,
    rules: Rules | None = None,
) -> Recommendations:
    """The shopper's list; the fallback list for None, for an empty history and without consent.

    rules: those in force, where they were read already.
    """
    found = ranked_for(shopper, now=now, filters=filters, rules=rules)
    page = shelf.sort(found.places, sort)[offset : offset + limit]
    return Recommendations(
        items=items_of(page, found.history, found.model, found.strategy, explored=found.explored),
        total=len(found.places),
        strategy=found.strategy,
        model_version=found.model.version if found.model else None,
        generated_at=now,
    )


def ranked_for(
    shopper: Shopper | None, *, now: datetime, filters: Filters = EVERYTHING, rules: Rules | None = None
) -> Ranked:
    """The shopper's list as places, best first, with what it was made of; no product is read for it yet."""
    settings, model = conf(), live_model()
    history = history_of(shopper.pk, settings, now=now) if shopper and shopper.consent else NOTHING
    rules = rules or rules_in_force(now=now)
    scores, strategy = scores_for(shopper, history, model, filters, settings, now=now)
    variety = shelf.variety_for(strategy, filters, settings)
    tried: list[int] = []
    if model and shopper and strategy == Strategy.PERSONAL and filters.min_predicted is None:
        news = newcomers.last_seen(model)
        tried = exploration.picks(history, news, settings, shopper_id=shopper.pk, now=now)
    shown = shelf.places(_with(tried, scores), filters, rules, history.settled, variety=variety)
    if model and len(shown) < settings.list_length <= settings.candidates <= len(scores):
        # Much of what scores best cannot be had: choose again, among what can.
        scores, strategy = scores_for(shopper, history, model, filters, settings, now=now, narrow=True)
        shown = shelf.places(_with(tried, scores), filters, rules, history.settled, variety=variety)
    if filters.min_predicted is not None and not (model and model.bundle.ratings):
        # Nobody predicts ratings here; what everybody gives is the best there is to expect.
        shown = [place for place in shown if place.weighted_rating >= filters.min_predicted]
    explored: frozenset[int] = frozenset()
    if tried and shopper:
        shown, explored = exploration.placed(shown, tried, scores, settings, shopper_id=shopper.pk, now=now)
    return Ranked(shown[: settings.list_length], strategy, history, model, rules, explored)


def similar_to(product: Product, *, now: datetime, limit: int = 8) -> Recommendations:
    """Products like this one by the live model, else of the same category."""
    model = live_model()
    scores, strategy = alike(product, model, conf())
    return _plain(scores, strategy, similar_reason(product, strategy), now=now, limit=limit, model=model)


def bought_together(product: Product, *, now: datetime, limit: int = 4) -> Recommendations:
    """What was bought in the same orders, surely and oftenest first; empty when nothing was."""
    partners = baskets.partner_scores(product)
    scores = {pk: lift for pk, (lift, _) in partners.items()}
    answer = _plain(scores, Strategy.BOUGHT_TOGETHER, Reason(""), now=now, limit=limit)
    items = tuple(
        Item(
            item.product,
            item.score,
            together_reason(product, partners[item.product.pk][1]),
        )
        for item in answer.items
    )
    return Recommendations(items, answer.total, answer.strategy, None, now)


def trending(*, now: datetime, limit: int = 20, category: Category | None = None) -> Recommendations:
    """What shoppers turned to lately; in a shop nobody visited lately the top rated, then the newest.

    A department's list is filled up with its own top rated and newest, each with its honest reason; the
    strategy is that of the first product.
    """
    settings, rules, filters = conf(), rules_in_force(now=now).without_pins(), Filters(category=category)
    scores, strategy = lately(settings, now=now)
    origin = dict.fromkeys(scores, strategy)
    shown = shelf.places(scores, filters, rules, ())
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
        shown = shelf.places(scores, filters, rules, ())
    page = shown[:limit]
    products = products_of(page)
    items = tuple(
        Item(product, place.score, reasons.everybodys(product, origin[product.pk], settings))
        for place in page
        for product in [products[place.product_id]]
    )
    first = origin[page[0].product_id] if page else strategy
    return Recommendations(items, len(shown), first, None, now)


def newest(*, now: datetime, limit: int = 20) -> Recommendations:
    """The newest products."""
    return _plain(trends.newest_scores(conf()), Strategy.NEWEST, None, now=now, limit=limit)


def scores_for(
    shopper: Shopper | None,
    history: ShopperHistory,
    model: LiveModel | None,
    filters: Filters,
    settings: Conf,
    *,
    now: datetime,
    narrow: bool = False,
) -> tuple[dict[int, float], Strategy]:
    """(product id -> score, best first, and how that came about); `narrow`: only of what may be shown."""
    if model is None:
        return lately(settings, now=now)
    narrow |= any(each is not None for each in (filters.category, filters.min_price, filters.max_price))
    allowed = np.array(shelf.eligible(filters).values_list("pk", flat=True), np.int64) if narrow else None
    known_by = f"{shopper.pk}:{shopper.feedback_version}" if shopper and len(history) else ""
    found = candidates_for(
        history, model, settings,
        shopper_key=known_by, allowed=allowed, min_predicted=filters.min_predicted,
        newcomers=newcomers.newcomers_of(model, settings) if len(history) else None,
    )  # fmt: skip
    return dict(zip(found.products.tolist(), found.scores.tolist(), strict=True)), found.strategy


def lately(settings: Conf, *, now: datetime) -> tuple[dict[int, float], Strategy]:
    if scores := trends.trend_scores(settings, now=now):
        return scores, Strategy.TRENDING
    if scores := trends.top_rated_scores(settings):
        return scores, Strategy.POPULAR
    return trends.newest_scores(settings), Strategy.NEWEST


def _with(tried: list[int], scores: dict[int, float]) -> dict[int, float]:
    """The scores, with the products to be tried at the end."""
    lowest = min(scores.values(), default=0.0)
    return scores | {pk: lowest for pk in tried if pk not in scores}


def alike(product: Product, model: LiveModel | None, settings: Conf) -> tuple[dict[int, float], Strategy]:
    if model and (scores := _alike_by_model(product, model, settings)):
        return scores, Strategy.SIMILAR
    if model and (scores := _alike_by_texts(product, model, settings)):
        return scores, Strategy.DESCRIBED_ALIKE
    if product.category is None:
        return {}, Strategy.SAME_CATEGORY
    department = Product.objects.recommendable().in_category(product.category.department)
    shelf_mates = department.exclude(pk=product.pk).by_rating()
    return trends.rating_scores(shelf_mates, most=settings.candidates), Strategy.SAME_CATEGORY


def _alike_by_model(product: Product, model: LiveModel, settings: Conf) -> dict[int, float]:
    position = model.bundle.products.positions(np.array([product.pk]))
    if position[0] == UNKNOWN:
        return {}
    return _nearest(model.bundle.ranker.model, position, model, settings)


def _nearest(part: object, position: Positions, model: LiveModel, settings: Conf) -> dict[int, float]:
    """product id -> likeness by a part of the model; empty for a part that knows of none."""
    if not isinstance(part, FindsSimilar):
        return {}
    ranking = top(part.similar(position)[0], settings.candidates)
    near = ranking.scores > 0
    ids = model.bundle.products.ids[ranking.positions[near]].tolist()
    return dict(zip(ids, ranking.scores[near].tolist(), strict=True))


def _alike_by_texts(product: Product, model: LiveModel, settings: Conf) -> dict[int, float]:
    """By what the shop says of the products: for one nobody has touched yet, and one like nobody else's."""
    content = model.bundle.content
    position = model.bundle.products.positions(np.array([product.pk]))
    if position[0] != UNKNOWN:
        return _nearest(content.model, position, model, settings) if content else {}
    news = newcomers.newcomers_of(model, settings)
    return newcomers.similar_to_newcomer(product.pk, news, most=settings.candidates) if news else {}


def _plain(
    scores: dict[int, float],
    strategy: Strategy,
    reason: Reason | None,
    *,
    now: datetime,
    limit: int,
    filters: Filters = EVERYTHING,
    model: LiveModel | None = None,
) -> Recommendations:
    """A list that is the same for everybody; without one `reason` for all, each product has its own."""
    settings = conf()
    shown = shelf.places(scores, filters, rules_in_force(now=now).without_pins(), ())
    products = products_of(shown[:limit])
    items = tuple(
        Item(
            products[place.product_id],
            place.score,
            reason or reasons.everybodys(products[place.product_id], strategy, settings),
        )
        for place in shown[:limit]
    )
    return Recommendations(items, len(shown), strategy, model.version if model else None, now)


def items_of(
    page: list[Place],
    history: ShopperHistory,
    model: LiveModel | None,
    strategy: Strategy,
    products: Mapping[int, Product] | None = None,
    *,
    explored: frozenset[int] = frozenset(),
) -> tuple[Item, ...]:
    """A personal or fallback page's items; `products` when they were read for several lists."""
    products = products_of(page) if products is None else products
    ids = [place.product_id for place in page]
    if model and strategy == Strategy.PERSONAL and page:
        why = reasons.personal_reasons(ids, history, model, products)
        why |= newcomers.reasons_for(ids, history, model, explored)
    else:
        settings = conf()
        why = {pk: reasons.everybodys(products[pk], strategy, settings) for pk in ids}
    stars = _predicted(ids, history, model)
    return tuple(
        Item(
            products[place.product_id],
            place.score,
            why[place.product_id],
            stars.get(place.product_id),
            place.product_id in explored,
        )
        for place in page
    )


def _predicted(ids: list[int], history: ShopperHistory, model: LiveModel | None) -> dict[int, float]:
    """product id -> stars expected, of the products the rating predictor knows."""
    if not model or model.bundle.ratings is None or not ids:
        return {}
    expected = model.bundle.ratings.model.predict([history.history])[0]
    positions = model.bundle.products.positions(np.array(ids, np.int64)).tolist()
    return {pk: float(expected[place]) for pk, place in zip(ids, positions, strict=True) if place != UNKNOWN}


def products_of(page: list[Place]) -> dict[int, Product]:
    return Product.objects.for_cards().in_bulk([place.product_id for place in page])


def similar_reason(product: Product, strategy: Strategy) -> Reason:
    return Reason(SIMILAR_BECAUSE.get(strategy, "From the same department"), product)


def together_reason(product: Product, orders: int) -> Reason:
    return Reason(f"Bought together in {orders} orders", product)
