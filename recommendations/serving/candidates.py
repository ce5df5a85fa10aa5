"""The best-scored products of a history, by the live model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.conf import Conf
from recommendations.engine.finding import top_of, top_of_batch
from recommendations.engine.fit import LEAN
from recommendations.engine.leaning import prior_of
from recommendations.engine.types import UNKNOWN, Floats, Positions, Prior, Ranking
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.newcomers import Newcomers, merged, newcomers_of
from recommendations.serving.results import Strategy
from recommendations.serving.snapshot import Mask, Snapshot


class Candidates(NamedTuple):
    """Products best first. products: (k,) ids. scores: (k,), higher is better. beyond: how many more there
    are that nobody asked for."""

    products: NDArray[np.int64]
    scores: Floats
    strategy: Strategy
    beyond: int = 0


def strategy_for(history: ShopperHistory, model: LiveModel) -> tuple[Strategy, int]:
    """(how the list comes about, how many products of the history the model knows)."""
    # For so few a list is quicker than columns.
    known = len(history) - history.history.positions_in(model.bundle.products).tolist().count(UNKNOWN)
    return (Strategy.PERSONAL if known and model.has_taste else Strategy.POPULAR), known


def candidates_for(
    history: ShopperHistory,
    snapshot: Snapshot,
    settings: Conf,
    *,
    allowed: Mask | None = None,
    min_predicted: float | None = None,
    with_newcomers: bool = True,
    first: int | None = None,
) -> Candidates:
    """The `settings.candidates` best products that may be shown, without those the shopper has settled.

    The snapshot must have a model. allowed: (catalogue,) what the list is narrowed to, None for all that may
    be recommended. min_predicted: stars the model must expect at least. with_newcomers: whether products the
    model has not learned are ranked with its own, where there is a taste to rank them by. first: how many are
    enough, None for all.
    """
    model = _model_of(snapshot)
    strategy, known = strategy_for(history, model)
    news = newcomers_of(snapshot, settings)
    count = settings.candidates
    if allowed is None and min_predicted is None:
        count = _enough(first, history, snapshot, news, settings)
    mask = snapshot.recommendable if allowed is None else snapshot.among_models(allowed)
    if min_predicted is not None and model.bundle.ratings is not None:
        mask = mask & (model.bundle.ratings.model.predict([history.history])[0] >= min_predicted)
    personal = strategy == Strategy.PERSONAL
    ranking = top_of(
        (model.bundle.ranker if personal else model.bundle.popularity).model,
        history.history, count,
        exclude=_settled(history, model), allowed=mask, prior=_prior(model, known) if personal else None,
    )  # fmt: skip
    # What nobody has rated has no stars to expect.
    if not with_newcomers or min_predicted is not None:
        news = None
    return _found(ranking, strategy, history, snapshot, settings, allowed, news, count=count)


def _enough(
    first: int | None,
    history: ShopperHistory,
    snapshot: Snapshot,
    news: Newcomers | None,
    settings: Conf,
) -> int:
    """How many candidates are worth finding for the first places of a list.

    All of them where there may be fewer than a list is made of, and where newcomers have to be placed among
    them.
    """
    if first is None or snapshot.recommendable_count - len(history.settled_ids) < settings.candidates:
        return settings.candidates
    return settings.candidates if news and len(news.ids) else min(first, settings.candidates)


def candidates_for_many(
    histories: Sequence[ShopperHistory], snapshot: Snapshot, settings: Conf, *, first: int | None = None
) -> list[Candidates]:
    """`candidates_for` of each, each exactly as alone, through one matrix product for all with a taste."""
    model = _model_of(snapshot)
    news = newcomers_of(snapshot, settings)
    count = max((_enough(first, history, snapshot, news, settings) for history in histories), default=0)
    made_by = [strategy_for(history, model) for history in histories]
    rankings: dict[int, Ranking] = {}
    for wanted, part in (
        (Strategy.PERSONAL, model.bundle.ranker), (Strategy.POPULAR, model.bundle.popularity),
    ):  # fmt: skip
        own = [place for place, (strategy, _) in enumerate(made_by) if strategy == wanted]
        priors = [_prior(model, made_by[place][1]) if wanted == Strategy.PERSONAL else None for place in own]
        found = top_of_batch(
            part.model, [histories[place].history for place in own], count,
            exclude=[_settled(histories[place], model) for place in own],
            allowed=snapshot.recommendable, priors=priors,
        )  # fmt: skip
        rankings |= dict(zip(own, found, strict=True))
    return [
        _found(rankings[place], made_by[place][0], history, snapshot, settings, None, news, count=count)
        for place, history in enumerate(histories)
    ]


def _model_of(snapshot: Snapshot) -> LiveModel:
    assert snapshot.model is not None, "candidates come from a model"
    return snapshot.model


def _found(
    ranking: Ranking,
    strategy: Strategy,
    history: ShopperHistory,
    snapshot: Snapshot,
    settings: Conf,
    allowed: Mask | None,
    news: Newcomers | None,
    *,
    count: int,
) -> Candidates:
    """The ranking by product ids, with newcomers in it, if there are to be any. count: how many products were
    looked for."""
    ids = _model_of(snapshot).bundle.products.ids[ranking.positions].astype(np.int64, copy=False)
    scores = ranking.scores
    if news is not None and len(news.ids) and strategy == Strategy.PERSONAL:
        may = snapshot.catalogue.recommendable if allowed is None else allowed
        ids, scores = merged(ids, scores, history, news, settings, allowed=may)
    beyond = settings.candidates - count if len(ids) >= count else 0
    return Candidates(ids, scores, strategy, beyond)


def _settled(history: ShopperHistory, model: LiveModel) -> Positions | None:
    return model.bundle.products.positions(history.settled_ids) if len(history.settled_ids) else None


def _prior(model: LiveModel, known: int) -> Prior | None:
    """What the ranker's scores lean on while there is little history."""
    lean = float(model.bundle.metadata.get(LEAN, 0.0))
    if not lean:
        return None
    return prior_of(model.popularity, lean=lean, known=known, width=model.popularity_width)
