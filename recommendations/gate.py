"""Whether a candidate may go live: measured on the shop's own last feedback, beside the baselines."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommendations.conf import Conf
from recommendations.dataset import Dataset
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from, rating_algorithm_named
from recommendations.engine.evaluation.report import evaluate, evaluate_ratings
from recommendations.engine.evaluation.split import Holdout, hold_out
from recommendations.engine.fit import MINIMUM_RATINGS
from recommendations.engine.types import Interactions, Progress, silent
from recommendations.models import ModelVersion

BASELINES = ("popularity", "item_knn")
RATINGS_BY = "svd"
K = 10
DECIDES = f"ndcg@{K}"
Figures = dict[str, float | int | None]


@dataclass(frozen=True)
class Verdict:
    """publish: whether the candidate may go live. words: why. metrics: what ModelVersion.metrics holds."""

    publish: bool
    words: str
    metrics: dict[str, Any]


def judge(
    data: Dataset, algorithm: str, *, live: ModelVersion | None, settings: Conf, progress: Progress = silent
) -> Verdict:
    """Fit the candidate, the live model's configuration and the baselines before a cut; compare after it.

    The live artefact itself has learned from the time after the cut, so its configuration is fitted anew.
    Of the same configuration the two are one: then the candidate is a refresh, held against what the live
    version measured when it was published.
    """
    parts = data.split(settings.holdout_fraction)
    if parts is None:
        return Verdict(publish=True, words="Nothing to measure on.", metrics={})
    train, later = parts
    holdout = hold_out(train, later)
    config = algorithm_named(algorithm).config_class()
    rivals = _rivals(algorithm, config, live)
    steps = 1 + len(rivals)
    candidate, seconds = _measure(
        train, holdout, algorithm, config, settings.seed, lambda share: progress(share / steps)
    )
    candidate |= _rating_figures(train, holdout, settings.seed)
    others: dict[str, Figures] = {}
    for done, (name, (rival, rival_config)) in enumerate(rivals.items(), start=1):
        progress(done / steps)
        others[name] = _measure(train, holdout, rival, rival_config, settings.seed, silent)[0]
    metrics = {
        "protocol": {
            "split": "time", "fraction": settings.holdout_fraction, "shoppers": len(holdout),
            "train_interactions": len(train), "k": K, "ranked": "all products without earlier feedback",
        },
        "algorithm": algorithm, "candidate": candidate, "live": others.pop("live", None),
        "baselines": others, "seconds": seconds,
    }  # fmt: skip
    return decide(metrics, live=live, same_kind="live" not in rivals, tolerated_loss=settings.tolerated_loss)


def decide(
    metrics: dict[str, Any], *, live: ModelVersion | None, same_kind: bool, tolerated_loss: float
) -> Verdict:
    """The rule itself: a tie between kinds keeps the live one, a refresh of its kind is published."""
    figure = metrics["candidate"].get(DECIDES)
    shown = (
        f"NDCG@{K} {figure:.4f}" if figure is not None else "not measurable yet: too little later feedback"
    )
    if live is None:
        return Verdict(True, f"First model. {shown}.", metrics)
    if same_kind:
        before = (live.metrics.get("candidate") or {}).get(DECIDES)
        if figure is not None and before is not None and figure < before * (1 - tolerated_loss):
            words = f"{shown} is much worse than the {before:.4f} of the live model: kept the live one."
            return Verdict(False, words, metrics)
        return Verdict(True, f"Refreshed. {shown}.", metrics)
    rival = (metrics["live"] or {}).get(DECIDES)
    if rival is not None and (figure is None or figure <= rival):
        return Verdict(
            False, f"{shown}; the live {live.algorithm} has {rival:.4f}: kept the live one.", metrics
        )
    return Verdict(True, f"{shown}, better than the live {live.algorithm}.", metrics)


def _rivals(algorithm: str, config: Any, live: ModelVersion | None) -> dict[str, tuple[str, Any]]:
    """name -> (algorithm, config) of what the candidate is measured beside; "live" only where it differs."""
    rivals = {name: (name, algorithm_named(name).config_class()) for name in BASELINES if name != algorithm}
    if live is not None and (live.algorithm, live.config) != (algorithm, asdict(config)):
        # A version made by code that is gone can be neither fitted nor loaded: nothing to compare with.
        with contextlib.suppress(ValueError):
            known = algorithm_named(live.algorithm)
            rivals["live"] = (live.algorithm, config_from(known.config_class, live.config))
    return rivals


def _measure(
    train: Interactions, holdout: Holdout, algorithm: str, config: Any, seed: int, progress: Progress
) -> tuple[Figures, dict[str, float]]:
    """(ranking figures, seconds) of one algorithm fitted before the cut."""
    started = time.perf_counter()
    model = algorithm_named(algorithm).fit(train, config, seed=seed, progress=progress)
    fitted = time.perf_counter()
    figures = _rounded(evaluate(model, holdout, ks=(K,)).values)
    seconds = {"fit": fitted - started, "evaluate": time.perf_counter() - fitted}
    return figures, {name: round(value, 3) for name, value in seconds.items()}


def _rating_figures(train: Interactions, holdout: Holdout, seed: int) -> Figures:
    """RMSE and MAE of the predicted ratings; empty where the shop has too few ratings to predict any."""
    if np.isfinite(train.ratings).sum() < MINIMUM_RATINGS:
        return {}
    predictor = rating_algorithm_named(RATINGS_BY)
    model = predictor.fit(train, predictor.config_class(), seed=seed, progress=silent)
    report = evaluate_ratings(model, holdout)
    return _rounded({"rmse": report.rmse, "mae": report.mae})


def _rounded(values: dict[str, float]) -> Figures:
    """Five places; None for undefined, as JSON has no NaN."""
    return {name: None if math.isnan(value) else round(value, 5) for name, value in values.items()}
