"""Choose without the test part, fit on all there is to learn from, and measure on the test part."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.choosing import Outcome, choose
from recommendations.engine.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate
from recommendations.engine.evaluation.figures import SEGMENTS, Figures, measure
from recommendations.engine.protocols import Recommender
from recommendations.engine.trials import REFIT, Now, OutOfTimeError, Tell, Trial
from recommendations.model_table.memory import Peak
from recommendations.model_table.task import Task

AUTO, ALL = "auto", "all"
NEW_RANKED = "all products of the training data the shopper has no training feedback on"
REPEATS_RANKED = "all products of the training data but the shopper's dislikes; repeats count"
BASELINES = ("popularity", "item_knn")
CHOOSING, CHOOSING_OF_MANY = 0.9, 0.65
"""Share of the budget for choosing: with `auto` only the winner and the baselines are fitted afterwards."""

Json = dict[str, Any]


class NothingToMeasureError(Exception):
    """There is nothing to learn from or nobody to ask; the message says which."""


@dataclass(frozen=True)
class Request:
    """algorithms: `auto`, `all` or names. budget: seconds for everything from now on."""

    algorithms: tuple[str, ...]
    ks: tuple[int, ...]
    budget: float
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """The algorithms to choose from."""
        return tuple(ALGORITHMS) if self.algorithms in {(AUTO,), (ALL,)} else self.algorithms


def table_of(task: Task, request: Request, *, now: Now, tell: Tell) -> Json:
    """The protocol and a result per algorithm, exactly one of them chosen, as JSON values."""
    if not len(task.train):
        raise NothingToMeasureError("There is no feedback to learn from.")
    if not len(task.test):
        raise NothingToMeasureError(
            "Nobody to ask: no shopper has later feedback on a product that is new to them."
        )
    started, peak = now(), Peak()
    alone = request.algorithms == (AUTO,) or len(request.names) == 1
    outcome = choose(
        task.learned, task.validation,
        names=request.names, k=max(request.ks), seed=request.seed, now=now,
        budget=request.budget * (CHOOSING if alone else CHOOSING_OF_MANY), tell=tell, size=_size(task),
        further=task.further,
    )  # fmt: skip
    chosen = outcome.best or _fallback(request.names)
    bench = _Bench(task, request, now=now, end=started + request.budget, tell=tell, peak=peak)
    results = [_result(bench.measured(chosen, must=True), chosen=True, by=_words(outcome, chosen, task))]
    left_out = dict(outcome.left_out)
    for trial in _others(request, outcome, chosen):
        made = bench.measured(trial, must=False)
        if made is None:
            left_out[trial.algorithm] = "no time left to fit it on all training data"
        else:
            results.append(_result(made, chosen=False, by=_words(outcome, trial, task)))
            left_out.pop(trial.algorithm, None)
    protocol = _protocol(task, request, outcome) | {
        "left_out": left_out, "seconds": round(now() - started, 1), "peak_mb": peak.overall,
    }  # fmt: skip
    return {"protocol": protocol, "results": results}


@dataclass(frozen=True)
class _Made:
    trial: Trial
    fit_seconds: float
    score_seconds: float
    peak_mb: float
    overall: Figures
    segments: dict[str, Figures]


class _Bench:
    """Fits on all training data and measures on the test part, as time allows."""

    def __init__(self, task: Task, request: Request, *, now: Now, end: float, tell: Tell, peak: Peak) -> None:
        self._task = task
        self._request = request
        self._now = now
        self._start = now()
        self._end = end
        self._tell = tell
        self._peak = peak

    def measured(self, trial: Trial, *, must: bool) -> Any:
        """The figures of the trial's configuration; None where that would not end in time and need not."""
        expected = REFIT * trial.fit_seconds + trial.score_seconds * len(self._task.test)
        if not must and self._now() + expected > self._end:
            return None
        self._peak.reset()
        started = self._now()
        try:
            model = self._fit(trial, must=must)
        except OutOfTimeError:
            return None
        fitted = self._now()
        measured = measure(
            model, self._task.test, self._task.train, ks=self._request.ks, seed=self._request.seed,
            progress=self._watch(f"asking {trial.algorithm}", must=True),
        )  # fmt: skip
        scored = self._now() - fitted
        return _Made(
            trial, fitted - started, scored, self._peak.megabytes, measured.overall, measured.segments
        )

    def _fit(self, trial: Trial, *, must: bool) -> Recommender:
        return ALGORITHMS[trial.algorithm].fit(
            self._task.train, trial.config, seed=self._request.seed,
            progress=self._watch(f"fitting {trial.algorithm}", must=must),
        )  # fmt: skip

    def _watch(self, label: str, *, must: bool) -> Callable[[float], None]:
        def watch(share: float) -> None:
            self._tell(label, share)
            if not must and self._now() > self._end:
                raise OutOfTimeError

        return watch


def _fallback(names: Sequence[str]) -> Trial:
    """What is chosen where nothing could be compared: what needs the least data."""
    name = "popularity" if "popularity" in names else names[0]
    return Trial(name, ALGORITHMS[name].config_class(), 1.0, float("nan"), 0.0, 0.0)


def _others(request: Request, outcome: Outcome, chosen: Trial) -> list[Trial]:
    """The baselines first, then by what they reached on the validation part."""
    found = [trial for name, trial in outcome.by_algorithm.items() if name != chosen.algorithm]
    if request.algorithms == (AUTO,):
        found = [trial for trial in found if trial.algorithm in BASELINES]
    return sorted(found, key=lambda trial: (trial.algorithm not in BASELINES, -trial.value))


def _words(outcome: Outcome, trial: Trial, task: Task) -> str:
    if math.isnan(trial.value):
        return "default settings: nothing could be compared on a validation part of the training data"
    own = sum(each.algorithm == trial.algorithm for each in outcome.trials)
    return (
        f"{outcome.criterion} {trial.value:.4f} on a validation part of the training data "
        f"({task.validated_on}), learning from {trial.share:.0%} of the shoppers; "
        f"{own} of {len(outcome.trials)} trials"
    )


def _result(made: Any, *, chosen: bool, by: str) -> Json:
    return {
        "algorithm": made.trial.algorithm,
        "chosen": chosen,
        "config": dataclasses.asdict(made.trial.config),
        "chosen_by": by,
        "fit_seconds": round(made.fit_seconds, 3),
        "score_seconds": round(made.score_seconds, 3),
        "peak_mb": made.peak_mb,
        "metrics": _metrics(made.overall),
        "segments": {
            name: {"shoppers": figures.shoppers, "metrics": _metrics(figures)}
            for name, figures in made.segments.items()
        },
    }


def _metrics(figures: Figures) -> Json:
    return {name: _estimate(estimate) for name, estimate in sorted(figures.values.items())}


def _estimate(estimate: Estimate) -> Json:
    """Six places; None for undefined, as JSON has no NaN."""
    return {
        name: None if math.isnan(value) else round(value, 6)
        for name, value in dataclasses.asdict(estimate).items()
    }


def _protocol(task: Task, request: Request, outcome: Outcome) -> Json:
    shoppers, products, rows = _size(task)
    return {
        "split": task.split,
        "train_rows": rows,
        "train_shoppers": shoppers,
        "products": products,
        "test_shoppers": len(task.test),
        "test_rows": sum(len(wanted) for wanted in task.test.relevant),
        "ranked": REPEATS_RANKED if task.test.repeats else NEW_RANKED,
        "k": list(request.ks),
        "algorithms": list(request.algorithms),
        "chosen_on": task.validated_on,
        "criterion": outcome.criterion,
        "validation_shoppers": outcome.shoppers,
        "trials": len(outcome.trials),
        "intervals": f"{LEVEL:.0%}, {RESAMPLES} bootstrap resamples of the test shoppers",
        "segments": {
            name: f"{fewest} or more products in the history"
            + ("" if math.isinf(below) else f", fewer than {below}")
            for name, (fewest, below) in SEGMENTS.items()
        },
        "seed": request.seed,
        "budget_seconds": request.budget,
    }


def _size(task: Task) -> tuple[int, int, int]:
    return len(task.train.shoppers), len(task.train.products), len(task.train)
