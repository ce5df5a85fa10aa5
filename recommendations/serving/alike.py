"""Which products are like another one: by the live model, by what the shop says of them, by department."""

from __future__ import annotations

import numpy as np

from catalog.models import Product
from recommendations.conf import Conf
from recommendations.engine.protocols import FindsSimilar
from recommendations.engine.topk import top
from recommendations.engine.types import UNKNOWN, Positions
from recommendations.serving import newcomers, trends
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Reason, Strategy
from recommendations.serving.snapshot import Snapshot

SIMILAR_BECAUSE = {
    Strategy.SIMILAR: "Liked by the same shoppers",
    Strategy.DESCRIBED_ALIKE: "Described alike",
}


def alike(product: Product, snapshot: Snapshot, settings: Conf) -> tuple[dict[int, float], Strategy]:
    """(product id -> likeness, most alike first, and how that is known)."""
    model = snapshot.model
    if model and (scores := _alike_by_model(product, model, settings)):
        return scores, Strategy.SIMILAR
    if model and (scores := _alike_by_texts(product, model, snapshot, settings)):
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


def _alike_by_texts(
    product: Product, model: LiveModel, snapshot: Snapshot, settings: Conf
) -> dict[int, float]:
    """By what the shop says of the products: for one nobody has touched yet, and one like nobody else's."""
    content = model.bundle.content
    position = model.bundle.products.positions(np.array([product.pk]))
    if position[0] != UNKNOWN:
        return _nearest(content.model, position, model, settings) if content else {}
    news = newcomers.newcomers_of(snapshot, settings)
    return newcomers.similar_to_newcomer(product.pk, news, most=settings.candidates) if news else {}


def similar_reason(product: Product, strategy: Strategy) -> Reason:
    return Reason(SIMILAR_BECAUSE.get(strategy, "From the same department"), product)


def together_reason(product: Product, orders: int) -> Reason:
    return Reason(f"Bought together in {orders} orders", product)
