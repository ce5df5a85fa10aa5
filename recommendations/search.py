"""What to train: the algorithm that is set, or with "auto" what suits the shop's own feedback best."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from recommendations.conf import AUTO, Conf
from recommendations.dataset import Dataset
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from
from recommendations.engine.choosing import Outcome, choose
from recommendations.engine.evaluation.split import hold_out
from recommendations.models import ModelVersion

K = 10
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Candidate:
    """chosen_by: how it was found, as JSON; None where it was simply asked for."""

    algorithm: str
    config: Any
    chosen_by: dict[str, Any] | None = None


def candidate(
    data: Dataset, asked: str, *, live: ModelVersion | None, settings: Conf, now: datetime, tell: Tell
) -> Candidate:
    """The algorithm asked for by name; else, by the setting, the last search's winner or a new search's.

    A search is rare and takes `search_seconds`; in between the winner is fitted to the new feedback, which
    keeps retraining cheap.
    """
    wanted = asked or settings.algorithm
    if wanted != AUTO:
        return Candidate(wanted, algorithm_named(wanted).config_class())
    last = _last_search(live)
    if live is not None and last is not None and not asked and now - _when(last) < settings.search_every:
        known = algorithm_named(live.algorithm)
        return Candidate(live.algorithm, config_from(known.config_class, live.config), last)
    return _search(data, settings, now=now, tell=tell)


def _search(data: Dataset, settings: Conf, *, now: datetime, tell: Tell) -> Candidate:
    """On a validation part cut from what came before the gate's own cut: the gate stays a blind test."""
    fallback = Candidate("svd", algorithm_named("svd").config_class())
    parts = data.cut(settings.holdout_fraction)
    inner = parts[0].cut(settings.holdout_fraction) if parts else None
    if inner is None:
        return fallback
    train = inner[0].interactions()
    validation = hold_out(train, inner[1].interactions())
    if not len(train) or not len(validation):
        return fallback
    outcome = choose(
        train, validation, k=K, seed=settings.seed, now=time.monotonic, budget=settings.search_seconds,
        tell=lambda _trial, share: tell(share),
    )  # fmt: skip
    if outcome.best is None:
        return fallback
    return Candidate(outcome.best.algorithm, outcome.best.config, _told(outcome, now=now))


def _told(outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    """What the admin shows of a search."""
    return {
        "at": now.isoformat(),
        "criterion": f"{outcome.criterion} on a part cut from the feedback before the test's",
        "trials": len(outcome.trials),
        "shoppers": outcome.shoppers,
        "best": {
            name: {"value": round(trial.value, 5), "config": asdict(trial.config)}
            for name, trial in outcome.by_algorithm.items()
        },
        "left_out": outcome.left_out,
    }


def _last_search(live: ModelVersion | None) -> dict[str, Any] | None:
    return (live.metrics.get("chosen_by") or None) if live is not None else None


def _when(told: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(told["at"])
