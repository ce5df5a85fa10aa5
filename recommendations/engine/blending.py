"""How much each part of a blend should count, by what the sums rank best on a validation part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.evaluation import metrics
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Recommender
from recommendations.engine.types import Floats

STEPS = (0.25, 0.1, 0.05)
DEPTH = 5
"""A part proposes so many times k products for every shopper; only what some part proposes is weighed."""
BATCH, RANKED = 256, 1_024
Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Proposals:
    """What each part of a blend says of the products that at least one of them puts near the top.

    scores: one (shoppers, width) table a part, in its spreads; a row holds the proposals of all parts, each
    as often as it is made, with -inf for repeats. wanted: (shoppers, width) whether it was liked later.
    sizes: (shoppers,) how many products were.
    """

    scores: list[Floats]
    wanted: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    k: int

    def ndcg(self, weights: Weights) -> NDArray[np.float64]:
        """(shoppers,) NDCG@k of the weighted sum."""
        hits = np.zeros((len(self.sizes), self.k), bool)
        for start in range(0, len(hits), RANKED):
            rows = slice(start, start + RANKED)
            total = np.zeros_like(self.scores[0][rows])
            for weight, part in zip(weights, self.scores, strict=True):
                if weight:
                    total += np.float32(weight) * part[rows]
            places = np.argpartition(-total, min(self.k, total.shape[1]) - 1, axis=1)[:, : self.k]
            ranked = np.argsort(-np.take_along_axis(total, places, 1), axis=1, kind="stable")
            order = np.take_along_axis(places, ranked, 1)
            hits[rows, : order.shape[1]] = np.take_along_axis(self.wanted[rows], order, 1)
        return metrics.ndcg(hits, self.sizes)

    def of(self, chosen: NDArray[np.int64]) -> Proposals:
        """Those to some of the shoppers."""
        return Proposals(
            [part[chosen] for part in self.scores], self.wanted[chosen], self.sizes[chosen], self.k
        )


def proposals(parts: Sequence[Recommender], spreads: Weights, asked: Holdout, *, k: int) -> Proposals:
    """The parts must share their products. Every part is asked about every shopper once."""
    products = parts[0].products
    own = products.positions(asked.products.ids)
    deep = min(DEPTH * k, len(products))
    width = deep * len(parts)
    scores = [np.zeros((len(asked), width), np.float32) for _ in parts]
    wanted = np.zeros((len(asked), width), bool)
    for start in range(0, len(asked), BATCH):
        histories = asked.histories[start : start + BATCH]
        tables = [
            part.score(histories) / np.float32(spread) for part, spread in zip(parts, spreads, strict=True)
        ]
        for row in range(len(histories)):
            left_out = asked.left_out(start + row, products)
            for table in tables:
                table[row, left_out[left_out >= 0]] = -np.inf
        near = np.concatenate(
            [np.argpartition(-table, deep - 1, axis=1)[:, :deep] for table in tables], axis=1
        )
        near.sort(axis=1)
        repeated = np.zeros(near.shape, bool)
        repeated[:, 1:] = near[:, 1:] == near[:, :-1]
        for part, table in zip(scores, tables, strict=True):
            part[start : start + len(histories)] = np.where(
                repeated, -np.inf, np.take_along_axis(table, near, 1)
            )
        for row in range(len(histories)):
            liked = own[asked.relevant[start + row]]
            wanted[start + row] = np.isin(near[row], liked[liked >= 0]) & ~repeated[row]
    sizes = np.array([len(liked) for liked in asked.relevant], np.int64)
    return Proposals(scores, wanted, sizes, k)


def joined(tables: Sequence[Proposals]) -> Proposals:
    """Those to the shoppers of all the tables, which have the same parts and k."""
    width = max(table.wanted.shape[1] for table in tables)

    def padded(rows: NDArray[np.generic], value: float) -> NDArray[np.generic]:
        missing = ((0, 0), (0, width - rows.shape[1]))
        return np.pad(rows, missing, constant_values=value)

    return Proposals(
        [
            np.asarray(np.concatenate([padded(part, -np.inf) for part in parts]), np.float32)
            for parts in zip(*(table.scores for table in tables), strict=True)
        ],
        np.asarray(np.concatenate([padded(table.wanted, False) for table in tables]), bool),
        np.concatenate([table.sizes for table in tables]),
        tables[0].k,
    )


def best_weights(table: Proposals) -> Weights:
    """(parts,) weights, 0 or more, of sum 1: steps from one part to another while mean NDCG@k rises.

    Starts from the best single part; the step becomes smaller where none of its size helps.
    """
    weights: Weights = max(np.eye(len(table.scores)), key=lambda alone: metrics.mean(table.ndcg(alone)))
    value = metrics.mean(table.ndcg(weights))
    known = {_key(weights)}
    for step in STEPS:
        improved = True
        while improved:
            improved = False
            for moved in _moves(weights, step):
                if _key(moved) in known:
                    continue
                known.add(_key(moved))
                reached = metrics.mean(table.ndcg(moved))
                if reached > value:
                    weights, value, improved = moved, reached, True
                    break
    return weights


def gain(table: Proposals) -> float:
    """What the best weights add to NDCG@k beside the best single part, on shoppers they were not chosen on.

    Every half of the shoppers is ranked by the weights, and by the single part, that are best on the other.
    """
    halves = [np.arange(first, len(table.sizes), 2) for first in (0, 1)]
    if not all(map(len, halves)):
        return 0.0
    gains = []
    for own, other in (halves, halves[::-1]):
        learned, tried = table.of(other), table.of(own)
        alone: Weights = max(np.eye(len(table.scores)), key=lambda each: metrics.mean(learned.ndcg(each)))
        gains.append(tried.ndcg(best_weights(learned)) - tried.ndcg(alone))
    return metrics.mean(np.concatenate(gains))


def _moves(weights: Weights, step: float) -> Iterator[Weights]:
    """The weights after moving a step from one part to another, as far as there is something to move."""
    for giver in range(len(weights)):
        for taker in range(len(weights)):
            if giver != taker and weights[giver] > 0:
                moved = weights.copy()
                amount = min(step, weights[giver])
                moved[giver] -= amount
                moved[taker] += amount
                yield np.where(moved < 1e-9, 0.0, moved)


def _key(weights: Weights) -> tuple[float, ...]:
    return tuple(np.round(weights, 6).tolist())
