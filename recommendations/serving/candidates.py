"""The best-scored products of a history, by the live model; unfiltered lists are cached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray

from recommendations.conf import Conf
from recommendations.engine.fit import LEAN
from recommendations.engine.leaning import leaned
from recommendations.engine.topk import top
from recommendations.engine.types import Floats
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.newcomers import Newcomers, merged
from recommendations.serving.results import Strategy


@dataclass(frozen=True, eq=False)
class Candidates:
    """Products best first. products: (k,) ids. scores: (k,), higher is better."""

    products: NDArray[np.int64]
    scores: Floats
    strategy: Strategy


def candidates_for(
    history: ShopperHistory,
    model: LiveModel,
    settings: Conf,
    *,
    shopper_key: str,
    allowed: NDArray[np.int64] | None = None,
    min_predicted: float | None = None,
    newcomers: Newcomers | None = None,
) -> Candidates:
    """The `settings.candidates` best products, without those the shopper has settled.

    shopper_key: names the history's owner and version; "" for the history of nobody.
    allowed: ids the list is narrowed to. min_predicted: stars the model must expect at least. newcomers:
    products to rank with the model's own, where there is a taste to rank them by.
    """
    known, _ = history.history.known_to(model.bundle.products)
    # A shop whose live model is popularity itself has no personal lists, and says so.
    has_taste = model.bundle.ranker.algorithm != model.bundle.popularity.algorithm
    strategy = Strategy.PERSONAL if has_taste and len(known) else Strategy.POPULAR
    if allowed is not None or min_predicted is not None:
        return _score(history, model, settings, strategy, allowed, min_predicted, newcomers)
    # The version is in the key and so is the history's: an entry is never stale and needs no deleting.
    key = f"candidates:{shopper_key}:{model.version}:{newcomers.key if newcomers else ''}"
    found = cache.get(key)
    if found is not None:
        products, scores, named = found
        return Candidates(np.array(products, np.int64), np.array(scores, np.float32), Strategy(named))
    made = _score(history, model, settings, strategy, None, None, newcomers)
    value = [made.products.tolist(), [float(score) for score in made.scores], made.strategy.value]
    cache.set(key, value, settings.list_cache_seconds)
    return made


def _score(
    history: ShopperHistory,
    model: LiveModel,
    settings: Conf,
    strategy: Strategy,
    allowed: NDArray[np.int64] | None,
    min_predicted: float | None,
    newcomers: Newcomers | None,
) -> Candidates:
    products = model.bundle.products
    scores = _scores(model, strategy, history)
    mask = np.ones(len(products), dtype=bool)
    if allowed is not None:
        mask &= np.isin(products.ids, allowed)
    if min_predicted is not None and model.bundle.ratings is not None:
        mask &= model.bundle.ratings.model.predict([history.history])[0] >= min_predicted
    settled = products.positions(np.array(sorted(history.settled), np.int64))
    ranking = top(scores, settings.candidates, exclude=settled, allowed=mask)
    ids, found = products.ids[ranking.positions].astype(np.int64), ranking.scores
    # What nobody has rated has no stars to expect.
    if newcomers is not None and strategy == Strategy.PERSONAL and min_predicted is None:
        ids, found = merged(ids, found, history, newcomers, settings, allowed=allowed)
    return Candidates(ids, found, strategy)


def _scores(model: LiveModel, strategy: Strategy, history: ShopperHistory) -> Floats:
    """The ranker's scores, which lean on popularity while there is little history; else popularity alone."""
    popular: Floats = model.bundle.popularity.model.score([history.history])[0]
    if strategy != Strategy.PERSONAL:
        return popular
    scores: Floats = model.bundle.ranker.model.score([history.history])[0]
    lean = float(model.bundle.metadata.get(LEAN, 0.0))
    known, _ = history.history.known_to(model.bundle.products)
    return leaned(scores, popular, lean=lean, known=len(known))
