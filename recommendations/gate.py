"""Whether a candidate may go live: measured on the shop's own last feedback, beside the baselines."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import Any

from recommendations.conf import Conf
from recommendations.dataset import Dataset
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from
from recommendations.engine.evaluation.split import hold_out
from recommendations.engine.types import Progress, silent
from recommendations.measuring import (
    DECIDES,
    Figures,
    Json,
    K,
    Measured,
    difference,
    measured,
    rating_figures,
)
from recommendations.models import ModelVersion

__all__ = ["BASELINES", "DECIDES", "Figures", "K", "Plan", "Verdict", "decide", "judge"]

BASELINES = ("popularity", "item_knn")
NEW_RANKED = "all products without earlier feedback"
REPEATS_RANKED = "all products the shopper did not dislike, those they have included"
OUTGROWN = 2.0
"""So many times the feedback it learned from, and what a version measured then is no yardstick any more."""


@dataclass(frozen=True)
class Plan:
    """What is to be fitted: an algorithm and its settings."""

    algorithm: str
    config: Any


@dataclass(frozen=True)
class Verdict:
    """publish: whether a model goes live. words: why. metrics: what ModelVersion.metrics holds.

    alarm: whether someone should look: the shop's new feedback makes a much worse model than it used to.
    keeps_settings: what goes live is the live model's algorithm and settings, fitted to the new feedback.
    """

    publish: bool
    words: str
    metrics: dict[str, Any]
    alarm: bool = False
    keeps_settings: bool = False


def judge(
    data: Dataset,
    algorithm: str,
    config: Any = None,
    *,
    live: ModelVersion | None,
    settings: Conf,
    refreshes: bool = False,
    progress: Progress = silent,
) -> Verdict:
    """Fit the candidate, the live model's configuration and the baselines before a cut; compare after it.

    The live artefact itself has learned from the time after the cut, so its configuration is fitted anew.
    Of the same configuration the two are one: then the candidate is a refresh, held against what the live
    version measured when it was published. refreshes: a candidate that is not better leaves the live settings
    in place, but these learn the new feedback.
    """
    parts = data.split(settings.holdout_fraction)
    if parts is None:
        return Verdict(publish=True, words="Nothing to measure on.", metrics={})
    train, later = parts
    repeats, seed = settings.repeat_purchases, settings.seed
    holdout = hold_out(train, later, repeats=repeats)
    plan = Plan(algorithm, algorithm_named(algorithm).config_class() if config is None else config)
    rivals = _rivals(plan, live)
    steps = 1 + len(rivals)
    own = measured(
        train, holdout, plan.algorithm, plan.config, seed=seed,
        progress=lambda share: progress(share / steps),
    )  # fmt: skip
    others: dict[str, Measured] = {}
    for done, (name, rival) in enumerate(rivals.items(), start=1):
        progress(done / steps)
        others[name] = measured(train, holdout, rival.algorithm, rival.config, seed=seed)
    against = others.pop("live", None)
    protocol = {
        "split": "time", "fraction": settings.holdout_fraction, "shoppers": len(holdout),
        "train_interactions": len(train), "k": K, "ranked": REPEATS_RANKED if repeats else NEW_RANKED,
    }  # fmt: skip
    metrics = _beside(plan.algorithm, own, others, against) | {
        "protocol": protocol, "difference": difference(own, against, seed=seed),
    }  # fmt: skip
    stars = rating_figures(train, holdout, seed=seed)
    metrics["candidate"] |= stars
    verdict = decide(
        metrics, live=live, same_kind="live" not in rivals, tolerated_loss=settings.tolerated_loss,
        refreshes=refreshes, outgrown=_outgrown(live, len(train)),
    )  # fmt: skip
    if verdict.keeps_settings and live is not None and against is not None:
        _make_the_live_one_the_subject(verdict.metrics, live, plan.algorithm, own, against, others)
        verdict.metrics["candidate"] |= stars
    return verdict


def decide(
    metrics: dict[str, Any],
    *,
    live: ModelVersion | None,
    same_kind: bool,
    tolerated_loss: float,
    refreshes: bool = False,
    outgrown: bool = False,
) -> Verdict:
    """The rule itself: a tie between kinds keeps the live one, a refresh of its kind is published.

    Two kinds tie where the interval of their difference, shopper by shopper, holds zero. A live model that
    nothing has chosen yet (the quick first one) only stays if it is the better one. outgrown: what the live
    version measured once is not held against it.
    """
    figure = metrics["candidate"].get(DECIDES)
    shown = (
        f"NDCG@{K} {figure:.4f}" if figure is not None else "not measurable yet: too little later feedback"
    )
    if live is None:
        return Verdict(True, f"First model. {shown}.", metrics)
    before = None if outgrown else (live.metrics.get("candidate") or {}).get(DECIDES)
    if same_kind:
        if _much_worse(figure, before, tolerated_loss):
            words = f"{shown} is much worse than the {before:.4f} of the live model: kept the live one."
            return Verdict(False, words, metrics, alarm=True)
        return Verdict(True, f"Refreshed. {shown}.", metrics)
    rival, gap = (metrics["live"] or {}).get(DECIDES), metrics["difference"]
    if rival is None or gap is None:
        publish = rival is None
        beside = f"there is no figure of the live {live.algorithm} to hold it against"
    else:
        publish = gap["low"] > 0 or (bool(live.metrics.get("provisional")) and gap["value"] >= 0)
        beside = (
            f"{gap['value']:+.4f} ({gap['low']:+.4f} to {gap['high']:+.4f}) against the live {live.algorithm}"
        )
    if publish:
        return Verdict(True, f"{shown}, {beside}.", metrics)
    if refreshes and rival is not None:
        if _much_worse(rival, before, tolerated_loss):
            words = f"{shown}, {beside}, which is much worse than its {before:.4f} once: kept the live one."
            return Verdict(False, words, metrics, alarm=True)
        words = f"{shown}, {beside}: kept its settings, which have learned the new feedback."
        return Verdict(True, words, metrics, keeps_settings=True)
    return Verdict(False, f"{shown}, {beside}: kept the live one.", metrics)


def _much_worse(figure: float | None, before: float | None, tolerated_loss: float) -> bool:
    return figure is not None and before is not None and figure < before * (1 - tolerated_loss)


def _outgrown(live: ModelVersion | None, train_rows: int) -> bool:
    """Whether there is so much more feedback (an import) that old figures are of another question."""
    return live is not None and train_rows > OUTGROWN * live.interaction_count


def _rivals(plan: Plan, live: ModelVersion | None) -> dict[str, Plan]:
    """name -> what the candidate is measured beside; "live" only where it differs from the candidate."""
    rivals = {
        name: Plan(name, algorithm_named(name).config_class()) for name in BASELINES if name != plan.algorithm
    }
    if live is not None and not same_settings(live, plan):
        # A version made by code that is gone can be neither fitted nor loaded: nothing to compare with.
        with contextlib.suppress(ValueError):
            known = algorithm_named(live.algorithm)
            rivals["live"] = Plan(live.algorithm, config_from(known.config_class, live.config))
    return rivals


def same_settings(live: ModelVersion, plan: Plan) -> bool:
    """Whether the live version was fitted by the same algorithm and settings, whatever JSON made of them."""
    if live.algorithm != plan.algorithm:
        return False
    with contextlib.suppress(ValueError):
        return asdict(config_from(type(plan.config), live.config)) == asdict(plan.config)
    return False


def _beside(algorithm: str, own: Measured, others: dict[str, Measured], live: Measured | None) -> Json:
    """Everything measured, by who it is of."""
    everybody = {"candidate": own, **({"live": live} if live is not None else {}), **others}
    return {
        "algorithm": algorithm,
        "candidate": dict(own.figures),
        "live": live.figures if live else None,
        "baselines": {name: rival.figures for name, rival in others.items()},
        "intervals": {name: each.intervals for name, each in everybody.items()},
        "segments": {
            segment: {
                "shoppers": whole["shoppers"],
                "figures": {name: each.segments[segment]["figures"] for name, each in everybody.items()},
                "intervals": {name: each.segments[segment]["intervals"] for name, each in everybody.items()},
            }
            for segment, whole in own.segments.items()
        },
        "seconds": own.seconds,
    }


def _make_the_live_one_the_subject(
    metrics: Json, live: ModelVersion, challenger: str, own: Measured, against: Measured,
    others: dict[str, Measured],
) -> None:  # fmt: skip
    """The metrics are of what goes live: the live settings; what did not win is the challenger."""
    gap = metrics["difference"]
    metrics |= _beside(live.algorithm, against, others, None)
    metrics["difference"] = None
    metrics["challenger"] = {"algorithm": challenger, "figures": own.figures, "difference": gap}
