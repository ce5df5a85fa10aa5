"""The best products of a history, by whatever way of finding them the model has."""

from __future__ import annotations

from collections.abc import Sequence

from recommendations.engine.protocols import FindsTop, Recommender, ScoresRoughly, can
from recommendations.engine.topk import few_of, left_out, penalty, settled, top, without
from recommendations.engine.types import Allowed, History, Positions, Prior, Ranking, Roughly

CELLS_AT_A_TIME = 8_000_000
"""Scores in memory at once in a batch: 32 MB."""


def top_of(
    model: Recommender,
    history: History,
    k: int,
    *,
    exclude: Positions | None = None,
    allowed: Allowed | None = None,
    prior: Prior | None = None,
) -> Ranking:
    """The k best products of the history, with their scores: `protocols.FindsTop`, for every model."""
    if can(model, FindsTop):
        return model.top_of(history, k, exclude=exclude, allowed=allowed, prior=prior)
    if prior is None and can(model, ScoresRoughly):
        return _settled(model.roughly(history), k, exclude, allowed)
    scores = model.score([history])[0]
    return top(scores if prior is None else prior.added(scores), k, exclude=exclude, allowed=allowed)


def _settled(found: Roughly, k: int, exclude: Positions | None, allowed: Allowed | None) -> Ranking:
    if (few := few_of(allowed, len(found.scores))) is not None:
        places = without(few, exclude)
        return settled(found.scores[places], found.margin, found.exact, k, places)
    rough, hidden = found.scores, penalty(allowed)
    if hidden is not None:
        rough += hidden
    return settled(left_out(rough, exclude), found.margin, found.exact, k)


def top_of_batch(
    model: Recommender,
    histories: Sequence[History],
    k: int,
    *,
    exclude: Sequence[Positions | None] | None = None,
    allowed: Allowed | None = None,
    priors: Sequence[Prior | None] | None = None,
) -> list[Ranking]:
    """`top_of` of every history, each exactly as alone, with the scores of a part of them in memory at once.

    exclude, priors: one entry a history. allowed: for all of them.
    """
    if can(model, FindsTop):
        return model.top_of_batch(histories, k, exclude=exclude, allowed=allowed, priors=priors)
    excluded = [None] * len(histories) if exclude is None else exclude
    leaning = [None] * len(histories) if priors is None else priors
    step = max(1, CELLS_AT_A_TIME // max(1, len(model.products)))
    found: list[Ranking] = []
    for start in range(0, len(histories), step):
        part = slice(start, start + step)
        rows = model.score(histories[part])
        for scores, own, prior in zip(rows, excluded[part], leaning[part], strict=True):
            leant = scores if prior is None else prior.added(scores)
            found.append(top(leant, k, exclude=own, allowed=allowed))
    return found
