"""How much each part of a blend should count, by what the sums rank best on a validation part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.algorithms.blend import BlendModel
from recommendations.engine.evaluation import metrics
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.topk import top_batch
from recommendations.engine.types import Positions

STEPS = (0.25, 0.1)
CELLS = 40_000_000
BATCH = 256
Weights = NDArray[np.float64]


def weighed(model: BlendModel, weights: Weights) -> BlendModel:
    """The blend with its parts, of equal weights so far, counting as much as that."""
    factors = np.asarray(model.factors * weights * len(weights), np.float32)
    return BlendModel(model.products, model.parts, factors)


def best_weights(model: BlendModel, validation: Holdout, *, k: int) -> Weights:
    """(parts,) weights, 0 or more, of sum 1: steps from one part to another while NDCG@k rises.

    Starts from the best single part. model: fitted with equal weights. Of the validation part so many
    shoppers are asked as the memory for every part's scores allows.
    """
    table = _Scores(model, validation, k)
    count = len(model.parts)
    weights = max(np.eye(count), key=table.ndcg)
    value = table.ndcg(weights)
    for step in STEPS:
        improved = True
        while improved:
            improved = False
            for moved in _moves(weights, step):
                reached = table.ndcg(moved)
                if reached > value:
                    weights, value, improved = moved, reached, True
                    break
    return weights


def _moves(weights: Weights, step: float) -> list[Weights]:
    """The weights after moving a step from one part to another, as far as there is something to move."""
    moves = []
    for giver in range(len(weights)):
        for taker in range(len(weights)):
            if giver != taker and weights[giver] > 0:
                moved = weights.copy()
                amount = min(step, weights[giver])
                moved[giver] -= amount
                moved[taker] += amount
                moves.append(np.where(moved < 1e-9, 0.0, moved))
    return moves


class _Scores:
    """Every part's scores of the shoppers asked, computed once."""

    def __init__(self, model: BlendModel, validation: Holdout, k: int) -> None:
        rows = min(len(validation), max(BATCH, CELLS // max(1, len(model.products))))
        self._k = k
        self._histories = validation.histories[:rows]
        own = model.products.positions(validation.products.ids)
        relevant = [own[wanted] for wanted in validation.relevant[:rows]]
        self._sizes = np.array([len(wanted) for wanted in relevant], np.int64)
        self._relevant = [wanted[wanted >= 0] for wanted in relevant]
        self._seen: Sequence[Positions] = [
            model.products.positions(history.products) for history in self._histories
        ]
        self._parts = [
            np.concatenate(
                [
                    factor * part.score(self._histories[start : start + BATCH])
                    for start in range(0, rows, BATCH)
                ]
            )
            for factor, part in zip(model.factors, model.parts, strict=True)
            if part is not None
        ]
        self._known: dict[tuple[float, ...], float] = {}

    def ndcg(self, weights: Weights) -> float:
        """The mean over the shoppers asked."""
        key = tuple(np.round(weights, 6).tolist())
        if key not in self._known:
            self._known[key] = self._measured(weights)
        return self._known[key]

    def _measured(self, weights: Weights) -> float:
        values = []
        for start in range(0, len(self._histories), BATCH):
            rows = slice(start, start + BATCH)
            scores = sum(
                np.float32(weight) * part[rows]
                for weight, part in zip(weights, self._parts, strict=True)
                if weight
            )
            shown = top_batch(np.asarray(scores, np.float32), self._k, exclude=self._seen[rows])
            hits = metrics.hits_of(shown, self._relevant[rows], self._k)
            values.append(metrics.ndcg(hits, self._sizes[rows]))
        return metrics.mean(np.concatenate(values))
