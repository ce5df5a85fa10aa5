"""The best-scored products of a history, by the live model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.conf import Conf
from recommendations.engine.finding import top_of
from recommendations.engine.fit import LEAN
from recommendations.engine.leaning import prior_of
from recommendations.engine.types import Floats, Positions, Prior
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.newcomers import merged, newcomers_of
from recommendations.serving.results import Strategy
from recommendations.serving.snapshot import Mask, Snapshot


@dataclass(frozen=True, eq=False)
class Candidates:
    """Products best first. products: (k,) ids. scores: (k,), higher is better."""

    products: NDArray[np.int64]
    scores: Floats
    strategy: Strategy


def strategy_for(history: ShopperHistory, model: LiveModel) -> tuple[Strategy, int]:
    """(how the list comes about, how many products of the history the model knows)."""
    known = len(history.history.known_to(model.bundle.products)[0]) if len(history) else 0
    return (Strategy.PERSONAL if known and model.has_taste else Strategy.POPULAR), known


def candidates_for(
    history: ShopperHistory,
    snapshot: Snapshot,
    settings: Conf,
    *,
    allowed: Mask | None = None,
    min_predicted: float | None = None,
    with_newcomers: bool = True,
) -> Candidates:
    """The `settings.candidates` best products that may be shown, without those the shopper has settled.

    The snapshot must have a model. allowed: (catalogue,) what the list is narrowed to, None for all that may
    be recommended. min_predicted: stars the model must expect at least. with_newcomers: whether products the
    model has not learned are ranked with its own, where there is a taste to rank them by.
    """
    model = snapshot.model
    assert model is not None, "candidates come from a model"
    products = model.bundle.products
    strategy, known = strategy_for(history, model)
    mask = snapshot.recommendable if allowed is None else snapshot.among_models(allowed)
    if min_predicted is not None and model.bundle.ratings is not None:
        mask = mask & (model.bundle.ratings.model.predict([history.history])[0] >= min_predicted)
    personal = strategy == Strategy.PERSONAL
    ranking = top_of(
        (model.bundle.ranker if personal else model.bundle.popularity).model,
        history.history, settings.candidates,
        exclude=_settled(history, products.positions), allowed=mask,
        prior=_prior(model, known) if personal else None,
    )  # fmt: skip
    ids, scores = products.ids[ranking.positions].astype(np.int64), ranking.scores
    # What nobody has rated has no stars to expect.
    if with_newcomers and personal and min_predicted is None:
        news = newcomers_of(snapshot, settings)
        if news is not None and len(news.ids):
            may = snapshot.catalogue.recommendable if allowed is None else allowed
            ids, scores = merged(ids, scores, history, news, settings, allowed=may)
    return Candidates(ids, scores, strategy)


def _settled(history: ShopperHistory, positions: object) -> Positions | None:
    if not history.settled:
        return None
    found: Positions = positions(np.array(list(history.settled), np.int64))  # type: ignore[operator]
    return found


def _prior(model: LiveModel, known: int) -> Prior | None:
    """What the ranker's scores lean on while there is little history."""
    lean = float(model.bundle.metadata.get(LEAN, 0.0))
    if not lean:
        return None
    return prior_of(model.popularity, lean=lean, known=known, width=model.popularity_width)
