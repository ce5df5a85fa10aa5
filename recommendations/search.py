"""What to train: the algorithm that is set, or with "auto" what suits the shop's own feedback best.

With "auto" a shop's first model is a quick one, so that it serves at once. Then a search compares all
algorithms in the background; until the next search is due, trainings stay with its winner, which is cheap.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from recommendations.conf import AUTO, Conf
from recommendations.dataset import Dataset
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from
from recommendations.engine.choosing import Outcome, choose
from recommendations.engine.evaluation.split import hold_out
from recommendations.models import ModelVersion
from recommendations.plain_words import settings_in_words

K = 10
QUICK = "svd"
CUT_SHORT = 0.5
"""A search that had less than this share of its time is made up for soon."""
NEARBY = 0.1
"""The share of a search's time that a training between two searches may take to move settings."""
Tell = Callable[[float], None]
Hurry = Callable[[], bool]


@dataclass(frozen=True)
class Candidate:
    """chosen_by: how it was found, as JSON; None where it was simply asked for. automatic: "auto" chose it.

    searched: a search was made just now. provisional: a quick first model that nothing has chosen.
    """

    algorithm: str
    config: Any
    chosen_by: dict[str, Any] | None = None
    automatic: bool = False
    searched: bool = False
    provisional: bool = False


def without_search(asked: str, *, live: ModelVersion | None, settings: Conf) -> Candidate:
    """The algorithm asked for by name or by the setting; with "auto" the live settings or the quick ones."""
    wanted = asked or settings.algorithm
    if wanted != AUTO:
        return Candidate(wanted, algorithm_named(wanted).config_class())
    known = _settings_of(live)
    if live is None or known is None:
        return Candidate(QUICK, algorithm_named(QUICK).config_class(), automatic=True, provisional=True)
    metrics = live.metrics or {}
    return Candidate(
        live.algorithm, known, metrics.get("chosen_by"), automatic=True,
        provisional=bool(metrics.get("provisional")),
    )  # fmt: skip


def by_search(
    data: Dataset, *, live: ModelVersion | None, settings: Conf, now: datetime, tell: Tell, hurry: Hurry
) -> Candidate:
    """What suits the data best of all there is.

    hurry: asked now and then; once true, the search ends with what it has. With too little to compare on, or
    too little time, it is what `without_search` says.
    """
    instead = replace(without_search(AUTO, live=live, settings=settings), searched=True)
    clock = _HurriedClock(settings.search_seconds, hurry)
    started = time.monotonic()
    outcome = _compared(data, settings, budget=settings.search_seconds, clock=clock, tell=tell)
    if outcome is None:
        return instead
    seconds = time.monotonic() - started
    told = _told(outcome, now=now, seconds=seconds) | {
        "cut_short": clock.hurried and seconds < CUT_SHORT * settings.search_seconds
    }
    if outcome.best is None:
        return replace(instead, chosen_by=told)
    return Candidate(outcome.best.algorithm, outcome.best.config, told, automatic=True, searched=True)


def nearby(data: Dataset, known: Candidate, *, settings: Conf, now: datetime, tell: Tell) -> Candidate:
    """The known winner of a search with its settings moved a step where the newer feedback asks for it.

    Takes a tenth of a search's time at the most. Settings that no search has chosen are left as they are.
    """
    if known.chosen_by is None or known.provisional:
        return known
    outcome = _compared(
        data, settings, budget=NEARBY * settings.search_seconds, clock=time.monotonic, tell=tell,
        around=(known.algorithm, known.config),
    )  # fmt: skip
    if outcome is None or outcome.best is None or outcome.best.algorithm != known.algorithm:
        return known
    best = outcome.best
    if best.config == known.config:
        return known
    moved = {
        "at": now.isoformat(), "trials": len(outcome.trials), "value": round(best.value, 5),
        "settings": settings_in_words(best.algorithm, asdict(best.config)),
    }  # fmt: skip
    return replace(known, config=best.config, chosen_by=known.chosen_by | {"moved": moved})


def _compared(
    data: Dataset,
    settings: Conf,
    *,
    budget: float,
    clock: Callable[[], float],
    tell: Tell,
    around: tuple[str, Any] | None = None,
) -> Outcome | None:
    """A comparison on a validation part cut from what came before the gate's own cut; None without one.

    So the gate stays a blind test.
    """
    parts = data.cut(settings.holdout_fraction)
    inner = parts[0].cut(settings.holdout_fraction) if parts else None
    if inner is None:
        return None
    train = inner[0].interactions()
    validation = hold_out(train, inner[1].interactions(), repeats=settings.repeat_purchases)
    if not len(train) or not len(validation):
        return None
    return choose(
        train, validation, k=K, seed=settings.seed, now=clock, budget=budget, around=around,
        tell=lambda _trial, share: tell(min(1.0, share)),
    )  # fmt: skip


class _HurriedClock:
    """Seconds that pass as they do, until somebody is in a hurry: then the whole budget is over."""

    def __init__(self, budget: float, hurry: Hurry) -> None:
        self._budget = budget
        self._hurry = hurry
        self._asked = False
        self.hurried = False

    def __call__(self) -> float:
        # The first reading is what the others are held against.
        self.hurried = self.hurried or (self._asked and self._hurry())
        self._asked = True
        return time.monotonic() + (self._budget if self.hurried else 0.0)


def _told(outcome: Outcome, *, now: datetime, seconds: float) -> dict[str, Any]:
    """What the admin shows of a search: a row per algorithm, the best first, and why others have none."""
    return {
        "at": now.isoformat(),
        "criterion": f"{outcome.criterion} on a part cut from the feedback before the test's",
        "trials": len(outcome.trials),
        "shoppers": outcome.shoppers,
        "seconds": round(seconds, 1),
        "table": sorted(
            (
                {
                    "algorithm": name,
                    "settings": settings_in_words(name, asdict(trial.config)),
                    "config": asdict(trial.config),
                    "value": round(trial.value, 5),
                    "fit_seconds": round(trial.fit_seconds, 2),
                    "trials": sum(each.algorithm == name for each in outcome.trials),
                    "chosen": outcome.best is not None and name == outcome.best.algorithm,
                }
                for name, trial in outcome.by_algorithm.items()
                if not math.isnan(trial.value)
            ),
            key=lambda row: -row["value"],
        ),
        "left_out": dict(outcome.left_out),
    }


def _settings_of(live: ModelVersion | None) -> Any | None:
    """The live version's settings; None without one, or when its code is gone."""
    if live is None:
        return None
    try:
        return config_from(algorithm_named(live.algorithm).config_class, live.config)
    except ValueError:
        return None
