"""One algorithm fitted before a cut and asked about what came after it, for the gate and the admin."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommendations.engine.algorithms.catalogue import algorithm_named, rating_algorithm_named
from recommendations.engine.evaluation.bootstrap import Estimate, paired
from recommendations.engine.evaluation.figures import measure
from recommendations.engine.evaluation.metrics import Values
from recommendations.engine.evaluation.report import evaluate_ratings
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.fit import MINIMUM_RATINGS, RATINGS_BY
from recommendations.engine.types import Interactions, Progress, silent

K = 10
DECIDES = f"ndcg@{K}"
SHOWN = tuple(f"{name}@{K}" for name in ("recall", "ndcg", "hit_rate", "mrr", "coverage"))
OF_SEGMENTS = tuple(f"{name}@{K}" for name in ("ndcg", "recall", "hit_rate"))
Figures = dict[str, float | int | None]
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Measured:
    """figures: "ndcg@10" ... of all test shoppers. intervals: the same names -> [low, high].

    segments: "cold" ... -> shoppers and figures with their intervals. by_shopper: the deciding figure of each
    test shopper, for paired comparisons.
    """

    figures: Figures
    intervals: Json
    segments: dict[str, Json]
    by_shopper: Values
    seconds: dict[str, float]


def measured(
    train: Interactions,
    holdout: Holdout,
    algorithm: str,
    config: Any,
    *,
    seed: int,
    progress: Progress = silent,
) -> Measured:
    """Fits and measures one algorithm. Raises ValueError for unknown names and what `fit` itself raises."""
    started = time.perf_counter()
    model = algorithm_named(algorithm).fit(train, config, seed=seed, progress=progress)
    fitted = time.perf_counter()
    found = measure(model, holdout, train, ks=(K,), seed=seed)
    seconds = {"fit": fitted - started, "evaluate": time.perf_counter() - fitted}
    return Measured(
        figures=rounded({name: found.overall.values[name].value for name in SHOWN}),
        intervals=_intervals(found.overall.values, SHOWN),
        segments={
            name: {
                "shoppers": own.shoppers,
                "figures": rounded({each: own.values[each].value for each in OF_SEGMENTS}),
                "intervals": _intervals(own.values, OF_SEGMENTS),
            }
            for name, own in found.segments.items()
        },
        by_shopper=found.by_shopper[DECIDES],
        seconds={name: round(value, 3) for name, value in seconds.items()},
    )


def difference(own: Measured, rival: Measured | None, *, seed: int) -> Figures | None:
    """How much better the first is, with the interval; None without a rival or anybody to ask."""
    if rival is None or not len(own.by_shopper):
        return None
    return rounded(dataclasses.asdict(paired(own.by_shopper, rival.by_shopper, seed=seed)))


def rating_figures(train: Interactions, holdout: Holdout, *, seed: int) -> Figures:
    """RMSE and MAE of the predicted ratings; empty where the shop has too few ratings to predict any."""
    if np.isfinite(train.ratings).sum() < MINIMUM_RATINGS:
        return {}
    predictor = rating_algorithm_named(RATINGS_BY)
    model = predictor.fit(train, predictor.config_class(), seed=seed, progress=silent)
    report = evaluate_ratings(model, holdout)
    return rounded({"rmse": report.rmse, "mae": report.mae})


def rounded(values: Mapping[str, float]) -> Figures:
    """Five places; None for undefined, as JSON has no NaN."""
    return {name: None if math.isnan(value) else round(value, 5) for name, value in values.items()}


def _intervals(values: Mapping[str, Estimate], names: tuple[str, ...]) -> Json:
    """name -> [low, high] of those that have bounds."""
    bounds = {name: (values[name].low, values[name].high) for name in names}
    return {
        name: [round(low, 5), round(high, 5)]
        for name, (low, high) in bounds.items()
        if math.isfinite(low) and math.isfinite(high)
    }
