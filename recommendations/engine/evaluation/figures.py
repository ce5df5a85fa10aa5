"""All figures of a fitted model: of everybody, and of cold, warm and heavy shoppers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.engine.evaluation import metrics
from recommendations.engine.evaluation.bootstrap import Estimate, estimates
from recommendations.engine.evaluation.lists import Lists
from recommendations.engine.evaluation.report import rank
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Recommender
from recommendations.engine.types import Interactions, Positions, Progress, Ranking, silent

SEGMENTS = {"cold": (0, 5), "warm": (5, 30), "heavy": (30, math.inf)}
"""Name -> fewest products in the history, and the number they stay below."""


@dataclass(frozen=True)
class Figures:
    """values: "ndcg@10", "map@10" ... with their intervals. Coverage has none: it is not a mean."""

    shoppers: int
    values: dict[str, Estimate]


@dataclass(frozen=True, eq=False)
class Measured:
    """by_shopper: (shoppers,) each in the holdout's order, for paired comparisons."""

    overall: Figures
    segments: dict[str, Figures]
    by_shopper: dict[str, metrics.Values]


def measure(
    recommender: Recommender,
    holdout: Holdout,
    train: Interactions,
    *,
    ks: Sequence[int],
    seed: int,
    progress: Progress = silent,
) -> Measured:
    """Ranks the whole catalogue for every test shopper; see `report.evaluate` and docs/evaluation.md.

    train: what the lists' popularity is counted in. seed: of the resampling of the intervals.
    """
    rankings, relevant = rank(recommender, holdout, max(ks), progress=progress)
    lists = Lists(train, recommender.products)
    histories = [recommender.products.positions(history.products) for history in holdout.histories]
    by_shopper = _by_shopper(rankings, relevant, ks) | _of_lists(lists, rankings, histories, ks)
    products = len(recommender.products)
    lengths = np.array([len(history) for history in holdout.histories], np.int64)
    segments = {}
    for name, (fewest, below) in SEGMENTS.items():
        members = np.flatnonzero((lengths >= fewest) & (lengths < below))
        own = {metric: values[members] for metric, values in by_shopper.items()}
        segments[name] = _figures(own, [rankings[each] for each in members], ks, products, seed)
    return Measured(_figures(by_shopper, rankings, ks, products, seed), segments, by_shopper)


def _by_shopper(
    rankings: Sequence[Ranking], relevant: Sequence[Positions], ks: Sequence[int]
) -> dict[str, metrics.Values]:
    sizes = np.array([len(wanted) for wanted in relevant], np.int64)
    known = [wanted[wanted >= 0] for wanted in relevant]
    all_hits = metrics.hits_of(rankings, known, max(ks))
    values: dict[str, metrics.Values] = {}
    for k in ks:
        hits = all_hits[:, :k]
        values[f"recall@{k}"] = metrics.recall(hits, sizes)
        values[f"ndcg@{k}"] = metrics.ndcg(hits, sizes)
        values[f"map@{k}"] = metrics.average_precision(hits, sizes)
        values[f"mrr@{k}"] = metrics.reciprocal_rank(hits)
        values[f"hit_rate@{k}"] = metrics.hit_rate(hits)
    return values


def _of_lists(
    lists: Lists, rankings: Sequence[Ranking], histories: Sequence[Positions], ks: Sequence[int]
) -> dict[str, metrics.Values]:
    values: dict[str, metrics.Values] = {}
    for k in ks:
        values[f"novelty@{k}"] = lists.novelty(rankings, k)
        values[f"diversity@{k}"] = lists.diversity(rankings, k)
        values[f"popularity_bias@{k}"] = lists.popularity_bias(rankings, histories, k)
    return values


def _figures(
    by_shopper: dict[str, metrics.Values],
    rankings: Sequence[Ranking],
    ks: Sequence[int],
    products: int,
    seed: int,
) -> Figures:
    nan = float("nan")
    covered = {f"coverage@{k}": Estimate(metrics.coverage(rankings, k, products), nan, nan) for k in ks}
    return Figures(len(rankings), estimates(by_shopper, seed=seed) | covered)
