"""Weights by which the sum of several models' scores ranks best what shoppers did next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.evaluation import metrics
from recommendations.engine.protocols import Recommender
from recommendations.engine.topk import top_batch
from recommendations.engine.types import Floats, History, Interactions, Positions

HELD_OUT = 0.1
MOST_ASKED = 2_000
CELLS = 20_000_000
"""Scores kept of each model while the weights are searched."""
STEPS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
ROUNDS = 3
Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Asked:
    """Shoppers' histories, and the positions of what each went on to like."""

    histories: Sequence[History]
    relevant: Sequence[Positions]

    def __len__(self) -> int:
        return len(self.histories)


def hold_out_last(interactions: Interactions, *, random: np.random.Generator) -> tuple[Interactions, Asked]:
    """(the rest, the last tenth of what each of some shoppers has, one product at least).

    Of shoppers with two or more products. Equal times are in random order: a file without times is cut at
    random.
    """
    sizes = np.diff(interactions.starts)
    eligible = np.flatnonzero(sizes >= 2)
    most = min(MOST_ASKED, max(1, CELLS // max(1, len(interactions.products))))
    chosen = np.sort(random.permutation(eligible)[:most])
    order = np.lexsort((random.random(len(interactions)), interactions.times, interactions.shopper))
    held = np.zeros(len(interactions), bool)
    for shopper in chosen:
        end = interactions.starts[shopper + 1]
        held[order[end - max(1, round(HELD_OUT * sizes[shopper])) : end]] = True
    rest, wanted = interactions.rows(~held), interactions.rows(held & (interactions.weights > 0))
    asked = [shopper for shopper in chosen if wanted.starts[shopper] < wanted.starts[shopper + 1]]
    return rest, Asked(
        [rest.history(shopper) for shopper in asked],
        [wanted.product[wanted.starts[shopper] : wanted.starts[shopper + 1]] for shopper in asked],
    )


def spread(model: Recommender, histories: Sequence[History]) -> float:
    """The standard deviation of a row of the model's scores, on average; 1 where all scores are equal."""
    if not len(histories) or not len(model.products):
        return 1.0
    most = max(1, CELLS // len(model.products))
    return float(model.score(histories[:most]).std(axis=1, dtype=np.float64).mean()) or 1.0


def learned_weights(models: Sequence[Recommender], asked: Asked, *, places: int) -> Weights:
    """(models,) weights of the scores in spreads, summing to 1: those with the best NDCG at `places`.

    Starts from the best single model; then moves some of the weight to one model after the other, as far as
    it helps, for a few rounds. The models must not have seen what is asked.
    """
    tables = [model.score(asked.histories) / np.float32(spread(model, asked.histories)) for model in models]
    seen = [history.known_to(models[0].products)[0] for history in asked.histories]

    def value(weights: Weights) -> float:
        return ranked(tables, weights, seen, asked.relevant, places)

    alone = np.eye(len(models))
    values = [value(row) for row in alone]
    best: Weights = alone[int(np.argmax(values))]
    highest = max(values)
    for _ in range(ROUNDS):
        before = highest
        for favoured in alone:
            for moved in [(1 - step) * best + step * favoured for step in STEPS]:
                reached = value(moved)
                if reached > highest:
                    best, highest = moved, reached
        if highest == before:
            break
    return best


def ranked(
    tables: Sequence[Floats],
    weights: Weights,
    seen: Sequence[Positions],
    relevant: Sequence[Positions],
    places: int,
) -> float:
    """NDCG of the weighted sum of tables of scores, without what was seen."""
    pairs = zip(tables, weights, strict=True)
    total = sum((np.float32(weight) * table for table, weight in pairs if weight), np.zeros_like(tables[0]))
    hits = metrics.hits_of(top_batch(total, places, exclude=seen), relevant, places)
    return metrics.mean(metrics.ndcg(hits, np.array([len(wanted) for wanted in relevant])))
