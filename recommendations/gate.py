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
from recommendations.engine.evaluation.bootstrap import paired
from recommendations.engine.evaluation.metrics import Values
from recommendations.engine.evaluation.report import evaluate, evaluate_ratings
from recommendations.engine.evaluation.split import Holdout, hold_out
from recommendations.engine.fit import MINIMUM_RATINGS, RATINGS_BY
from recommendations.engine.types import Interactions, Progress, silent
from recommendations.models import ModelVersion

BASELINES = ("popularity", "item_knn")
K = 10
DECIDES = f"ndcg@{K}"
Figures = dict[str, float | int | None]


@dataclass(frozen=True)
class Verdict:
    """publish: whether the candidate may go live. words: why. metrics: what ModelVersion.metrics holds.

    alarm: whether someone should look: the shop's new feedback makes a much worse model than it used to.
    """

    publish: bool
    words: str
    metrics: dict[str, Any]
    alarm: bool = False


@dataclass(frozen=True, eq=False)
class Measured:
    """by_shopper: the deciding figure of each test shopper, for paired comparisons."""

    figures: Figures
    by_shopper: Values
    seconds: dict[str, float]


def judge(
    data: Dataset,
    algorithm: str,
    config: Any = None,
    *,
    live: ModelVersion | None,
    settings: Conf,
    progress: Progress = silent,
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
    config = algorithm_named(algorithm).config_class() if config is None else config
    rivals = _rivals(algorithm, config, live)
    steps = 1 + len(rivals)
    own = _measure(train, holdout, algorithm, config, settings.seed, lambda share: progress(share / steps))
    candidate = own.figures | _rating_figures(train, holdout, settings.seed)
    others: dict[str, Measured] = {}
    for done, (name, (rival, rival_config)) in enumerate(rivals.items(), start=1):
        progress(done / steps)
        others[name] = _measure(train, holdout, rival, rival_config, settings.seed, silent)
    against = others.pop("live", None)
    metrics = {
        "protocol": {
            "split": "time", "fraction": settings.holdout_fraction, "shoppers": len(holdout),
            "train_interactions": len(train), "k": K, "ranked": "all products without earlier feedback",
        },
        "algorithm": algorithm, "candidate": candidate, "live": against.figures if against else None,
        "difference": _difference(own, against, settings.seed),
        "baselines": {name: rival.figures for name, rival in others.items()}, "seconds": own.seconds,
    }  # fmt: skip
    return decide(metrics, live=live, same_kind="live" not in rivals, tolerated_loss=settings.tolerated_loss)


def decide(
    metrics: dict[str, Any], *, live: ModelVersion | None, same_kind: bool, tolerated_loss: float
) -> Verdict:
    """The rule itself: a tie between kinds keeps the live one, a refresh of its kind is published.

    Two kinds tie where the interval of their difference, shopper by shopper, holds zero.
    """
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
            return Verdict(False, words, metrics, alarm=True)
        return Verdict(True, f"Refreshed. {shown}.", metrics)
    rival, difference = (metrics["live"] or {}).get(DECIDES), metrics["difference"]
    if rival is None or difference is None:
        publish = rival is None
        beside = f"there is no figure of the live {live.algorithm} to hold it against"
    else:
        publish = difference["low"] > 0
        beside = (
            f"{difference['value']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f}) against the "
            f"live {live.algorithm}"
        )
    return Verdict(publish, f"{shown}, {beside}{'' if publish else ': kept the live one'}.", metrics)


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
) -> Measured:
    """One algorithm, fitted before the cut."""
    started = time.perf_counter()
    model = algorithm_named(algorithm).fit(train, config, seed=seed, progress=progress)
    fitted = time.perf_counter()
    report = evaluate(model, holdout, ks=(K,))
    seconds = {"fit": fitted - started, "evaluate": time.perf_counter() - fitted}
    return Measured(
        _rounded(report.values),
        report.by_shopper[DECIDES],
        {name: round(value, 3) for name, value in seconds.items()},
    )


def _difference(own: Measured, live: Measured | None, seed: int) -> Figures | None:
    """How much better the candidate is, with the interval; None without a rival or anybody to ask."""
    if live is None or not len(own.by_shopper):
        return None
    return _rounded(asdict(paired(own.by_shopper, live.by_shopper, seed=seed)))


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
