"""Products the live model has not learned: scored by what the shop says of them, from their first minute."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max, Sum
from numpy.typing import NDArray

from catalog.models import Product
from recommendations.conf import Conf
from recommendations.engine.protocols import Explains, FindsSimilar, Recommender, TakesNewProducts
from recommendations.engine.topk import top
from recommendations.engine.types import UNKNOWN, Floats, Vocabulary
from recommendations.features import features_of
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Reason
from recommendations.signals import RATING

DEEDS = {
    "purchase": "you bought",
    "wishlist": "is on your wishlist",
    "basket": "you put in your basket",
    "click": "you looked at",
    "view": "you looked at",
    "dismiss": "you were not interested in",
}
Ids = NDArray[np.int64]
# Newest product, how many there are, and the sum of their ids: changes whenever the shop shows another set.
Stand = tuple[int, int, int]
STAND = "catalogue-stand"


@dataclass(frozen=True, eq=False)
class Newcomers:
    """What there is besides the model's products.

    ids: (n,) products the model does not know, newest first. content: scores those and the model's own.
    little_seen: id -> when it came to the shop, of the newest products with few interactions, those included.
    stand: what the catalogue was like when this was read.
    """

    ids: Ids
    content: Recommender
    little_seen: Mapping[int, datetime]
    stand: Stand

    @property
    def key(self) -> str:
        """Names these newcomers in a cache's key; the same in every process."""
        return "-".join(map(str, self.stand)) if len(self.ids) else ""


_lock = threading.Lock()
_read: WeakKeyDictionary[LiveModel, Newcomers] = WeakKeyDictionary()


def newcomers_of(model: LiveModel, settings: Conf) -> Newcomers | None:
    """The newcomers at this moment; None where the model has no content part to reach them by.

    The catalogue is counted once in `settings.newcomers_every`, whatever the process: no query, one to
    count, and three when products came or went since this process last looked.
    """
    if model.bundle.content is None:
        return None
    stand = _stand(settings)
    found = _read.get(model)
    if found is None or found.stand != stand:
        with _lock:
            found = _read[model] = _look(model, model.bundle.content.model, stand, settings)
    return found


def last_seen(model: LiveModel) -> Newcomers | None:
    """The newcomers this process has read last, without asking the database."""
    return _read.get(model)


def merged(
    products: Ids,
    scores: Floats,
    history: ShopperHistory,
    newcomers: Newcomers,
    settings: Conf,
    *,
    allowed: Ids | None,
) -> tuple[Ids, Floats]:
    """The ranker's products (best first, with scores) with the newcomers that suit the history among them.

    Scores of texts and of the ranker are of different kinds, so a newcomer gets a place, not a score: if r of
    the ranker's eligible products suit the history better by their texts, it comes in after the
    (r + 1) x newcomer_pace best, one newcomer to so many places, and takes the score of the product it
    follows. Texts say less than shoppers do: what is learned stays ahead.
    """
    found = _suiting(history, newcomers, settings, allowed=allowed)
    if not found:
        return products, scores
    pace = settings.newcomer_pace
    wanted = [max(better + 1, number + 1) * pace for number, (_, better) in enumerate(found)]
    room = [min(place, len(products)) for place in wanted]
    # Where the list is full, what would come in after its end does not.
    is_full = len(products) >= settings.candidates
    kept = [n for n, place in enumerate(wanted) if place <= len(products) or not is_full]
    lowest = float(scores[-1]) if len(scores) else 0.0
    score = [float(scores[room[n] - 1]) if room[n] else lowest for n in kept]
    at = [room[n] for n in kept]
    return (
        np.insert(products, at, [found[n][0] for n in kept])[: settings.candidates],
        np.insert(scores, at, score).astype(np.float32)[: settings.candidates],
    )


def content_scores(history: ShopperHistory, newcomers: Newcomers, products: Ids) -> Floats:
    """(k,) how well the texts of these products suit the history; 0 for products without texts."""
    vocabulary = newcomers.content.products
    positions = vocabulary.positions(products)
    scores = newcomers.content.score([history.history])[0]
    return np.where(positions == UNKNOWN, np.float32(0), scores[positions]).astype(np.float32)


def similar_to_newcomer(product_id: int, newcomers: Newcomers, *, most: int) -> dict[int, float]:
    """product id -> likeness of the texts, most alike first; empty where the product has no texts."""
    model: object = newcomers.content
    vocabulary: Vocabulary = newcomers.content.products
    position = vocabulary.positions(np.array([product_id]))
    if position[0] == UNKNOWN or not isinstance(model, FindsSimilar):
        return {}
    ranking = top(model.similar(position)[0], most)
    near = ranking.scores > 0
    ids = vocabulary.ids[ranking.positions[near]].tolist()
    return dict(zip(ids, ranking.scores[near].tolist(), strict=True))


def _suiting(
    history: ShopperHistory, newcomers: Newcomers, settings: Conf, *, allowed: Ids | None
) -> list[tuple[int, int]]:
    """(newcomer, how many of the ranker's eligible products suit better), best first."""
    vocabulary = newcomers.content.products
    scores = newcomers.content.score([history.history])[0]
    news = np.isin(vocabulary.ids, newcomers.ids)
    eligible = ~np.isin(vocabulary.ids, list(history.settled))
    if allowed is not None:
        eligible &= np.isin(vocabulary.ids, allowed)
    known = np.sort(scores[eligible & ~news])
    best = top(scores, settings.candidates, allowed=eligible & news)
    suits = best.scores > 0
    better = len(known) - np.searchsorted(known, best.scores[suits], side="right")
    return list(zip(vocabulary.ids[best.positions[suits]].tolist(), better.tolist(), strict=True))


def _stand(settings: Conf) -> Stand:
    seconds = int(settings.newcomers_every.total_seconds())
    known = cache.get(STAND) if seconds else None
    if known is not None:
        newest, count, total = known
        return newest, count, total
    found = _counted()
    if seconds:
        cache.set(STAND, found, seconds)
    return found


def _counted() -> Stand:
    found = Product.objects.public().order_by().aggregate(newest=Max("pk"), count=Count("pk"), sum=Sum("pk"))
    # PostgreSQL sums to a Decimal, which no cache takes.
    return found["newest"] or 0, found["count"], int(found["sum"] or 0)


def _look(model: LiveModel, content: Recommender, stand: Stand, settings: Conf) -> Newcomers:
    rows = list(Product.objects.public().order_by("-created_at", "-pk").values_list("pk", "created_at"))
    ids = np.array([pk for pk, _ in rows], np.int64)
    positions = model.bundle.products.positions(ids)
    unknown = ids[positions == UNKNOWN][: settings.newcomers]
    seen = _interactions(model)[positions]
    few = (positions == UNKNOWN) | (seen < settings.little_seen)
    newest = np.flatnonzero(few)[: settings.newcomers].tolist()
    little_seen = {int(ids[place]): rows[place][1] for place in newest}
    takes: object = content
    if len(unknown) and isinstance(takes, TakesNewProducts):
        content = takes.extended(features_of(Product.objects.filter(pk__in=unknown.tolist())))
    return Newcomers(unknown, content, little_seen, stand)


def _interactions(model: LiveModel) -> Floats:
    """(products + 1,) summed weight of the feedback on each product; 0 at the end, for those unknown."""
    scores = model.bundle.popularity.model.arrays()["popularity"]
    return np.append(np.asarray(scores, np.float32), np.float32(0))


def reasons_for(
    product_ids: list[int], history: ShopperHistory, model: LiveModel, explored: frozenset[int]
) -> dict[int, Reason]:
    """product id -> why, of the products among these that the model has not learned or that are explored.

    Rests on the row of the history whose texts speak most for it; none where no row does. No query without
    such products, one for the titles of what they rest on with them.
    """
    news = last_seen(model)
    if news is None:
        return {}
    unknown = set(news.ids.tolist())
    ids = [pk for pk in product_ids if pk in unknown or pk in explored]
    content: object = news.content
    if not ids or not isinstance(content, Explains) or not len(history):
        return {}
    positions = news.content.products.positions(np.array(ids, np.int64))
    pushes = np.maximum(content.explain(history.history, positions).contributions, 0)
    best = pushes.argmax(axis=1)
    rows = {row for row, push in zip(best.tolist(), pushes, strict=True) if push[row] > 0}
    causes = {int(history.history.products[row]) for row in rows}
    titles = Product.objects.only("pk", "sku", "title").in_bulk(causes) if causes else {}
    found: dict[int, Reason] = {}
    for pk, row, push in zip(ids, best.tolist(), pushes, strict=True):
        cause = titles.get(int(history.history.products[row]))
        if push[row] > 0 and cause is not None:
            start = "New in the shop" if pk in unknown else "Few have met it yet"
            words = f"{start}, like {cause.title}, which {_deed(history, row)}"
            found[pk] = Reason(words, cause, float(push[row] / push.sum()))
    return found


def _deed(history: ShopperHistory, row: int) -> str:
    deed = history.deeds[row]
    if deed == RATING:
        stars = int(history.history.ratings[row])
        return f"you rated {stars} star{'' if stars == 1 else 's'}"
    return DEEDS[deed]
