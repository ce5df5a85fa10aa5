"""The best algorithm and its settings for a shop's own data, found on a validation part within a budget.

What is asked about later (a test file, tomorrow) is never an argument here. The way: successive halving of
random configurations on growing shares of the shoppers (Jamieson, Talwalkar, "Non-stochastic best arm
identification and hyperparameter optimization", AISTATS 2016), the best of each algorithm on all of them,
steps to neighbouring settings while they help, and then blends of the best.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.evaluation.cuts import some_of
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Algorithm
from recommendations.engine.trials import Now, Runner, Tell, Trial
from recommendations.engine.types import Interactions

PROBE_ROWS, RUNG_ROWS = 4_000, 20_000
CONFIGS = 12
KEPT = 3
"""One of so many goes on to the next rung."""
HOPELESS = 0.7
"""A share of the leader's value; what is below is neither fitted on everything nor refined."""
HALVING, WHOLE, REFINING = 0.25, 0.5, 0.8
"""Shares of the time at which the stages end; the rest is for blends."""
VALIDATION_CELLS = 60_000_000


@dataclass(frozen=True)
class Outcome:
    """best: what to use; None where nothing could be fitted in time. by_algorithm: the best trial of each on
    all training shoppers. left_out: algorithm -> why it has none. criterion: what was compared."""

    best: Trial | None
    by_algorithm: dict[str, Trial]
    left_out: dict[str, str]
    trials: tuple[Trial, ...]
    criterion: str
    shoppers: int


def choose(
    train: Interactions,
    validation: Holdout,
    *,
    names: tuple[str, ...] = tuple(ALGORITHMS),
    k: int,
    seed: int,
    now: Now,
    budget: float,
    tell: Tell,
    size: tuple[int, int, int] | None = None,
) -> Outcome:
    """The best of the named algorithms by NDCG@k of the validation part, in `budget` seconds of `now`.

    The time for fitting the winner on everything and using it once on all shoppers is kept free. size:
    (shoppers, products, interactions) of what the winner will be fitted on; default: those of `train`.
    """
    shoppers, products, rows = size or (len(train.shoppers), len(train.products), len(train))
    affordable = {
        name: ALGORITHMS[name] for name in names if ALGORITHMS[name].affordable(shoppers, products, rows)
    }
    most = min(10_000, max(1_000, VALIDATION_CELLS // max(1, products)))
    asked = some_of(validation, most, random=np.random.default_rng(seed))
    runner = Runner(
        train, asked, affordable, k=k, seed=seed, now=now, deadline=now() + budget, tell=tell
    )  # fmt: skip
    search = _Search(runner, budget, np.random.default_rng(seed))
    search.halve()
    search.fit_whole()
    search.refine()
    by_algorithm = {name: trial for name in affordable if (trial := search.best_of(name)) is not None}
    reasons = {
        name: "no fit could be finished in time" if name in affordable else "too large for it"
        for name in names
        if name not in by_algorithm
    }
    return Outcome(runner.best, by_algorithm, reasons, tuple(runner.trials), runner.criterion, len(asked))


class _Search:
    """The stages of `choose`, in order."""

    def __init__(self, runner: Runner, budget: float, random: np.random.Generator) -> None:
        self._runner = runner
        self._budget = budget
        self._start = runner.left
        self._configs = {
            name: list(itertools.islice(configurations(algorithm, random), CONFIGS))
            for name, algorithm in runner.algorithms.items()
        }

    def best_of(self, name: str, share: float = 1.0) -> Trial | None:
        """The best trial of an algorithm on a share of the shoppers."""
        return max(self._finished(name, share), key=lambda trial: trial.value, default=None)

    def halve(self) -> None:
        """On ever more of the shoppers, try ever fewer configurations of every algorithm."""
        rows = len(self._runner.sample(1.0).interactions)
        shares = rungs(rows)
        for done, share in enumerate(shares):
            probing = share * rows < RUNG_ROWS
            for left, name in self._by_cost(share):
                seconds = self._left_until(HALVING) / left / (len(shares) - done)
                candidates = self._configs[name][:1] if probing else self._configs[name]
                self._try_all(name, candidates, share, seconds)
                if not probing:
                    self._keep_best(name, share)

    def fit_whole(self) -> None:
        """The best configurations of each algorithm that has a chance, on everybody."""
        for left, name in self._by_cost(1.0):
            if self._is_hopeless(name):
                continue
            self._try_all(name, self._configs[name], 1.0, self._left_until(WHOLE) / left)

    def refine(self) -> None:
        """Step to neighbouring settings while that helps: the leader gets as much time as all others."""
        spent = {name: 0.0 for name in self._runner.algorithms if self._is_contender(name)}
        while spent and self._left_until(REFINING) > 0:
            leader = self._runner.best.algorithm if self._runner.best else ""
            name = min(
                spent, key=lambda each: spent[each] / (max(1, len(spent) - 1) if each == leader else 1)
            )
            config = next(self._untried_neighbours(name), None)
            before = self._runner.left
            if config is None or not self._try_one(name, config, 1.0, until=REFINING):
                del spent[name]
            else:
                spent[name] += before - self._runner.left

    def _try_all(self, name: str, configs: list[Any], share: float, seconds: float) -> None:
        """The first even if it takes longer, the others while they fit into the seconds."""
        end = self._runner.left - max(0.0, seconds)
        for number, config in enumerate(configs):
            expected = self._runner.expected_seconds(name, config, share)
            if number and self._runner.left - expected < end:
                break
            if self._runner.run(name, config, share) is None:
                break

    def _try_one(self, name: str, config: Any, share: float, *, until: float) -> bool:
        if self._runner.expected_seconds(name, config, share) > self._left_until(until):
            return False
        return self._runner.run(name, config, share) is not None

    def _left_until(self, stage: float) -> float:
        """Seconds until the stage of that share of the time ends."""
        return self._runner.left - (1 - stage) * self._budget

    def _by_cost(self, share: float) -> Iterator[tuple[int, str]]:
        """(algorithms left, name), the cheapest at the first configuration first."""
        costs = {
            name: self._runner.expected_seconds(name, configs[0], share)
            for name, configs in self._configs.items()
        }
        ordered = sorted(costs, key=lambda name: costs[name])
        return ((len(ordered) - number, name) for number, name in enumerate(ordered))

    def _keep_best(self, name: str, share: float) -> None:
        finished = sorted(self._finished(name, share), key=lambda trial: -trial.value)
        if finished:
            kept = finished[: max(2, math.ceil(len(finished) / KEPT))]
            self._configs[name] = [trial.config for trial in kept]

    def _finished(self, name: str, share: float) -> list[Trial]:
        return [
            trial
            for trial in self._runner.trials
            if trial.algorithm == name and trial.share == share and not math.isnan(trial.value)
        ]

    def _is_hopeless(self, name: str) -> bool:
        """Far behind on the largest share it was tried on, and not cheap either."""
        shares = [trial.share for trial in self._runner.trials if trial.algorithm == name]
        own = self.best_of(name, max(shares)) if shares else None
        if own is None:
            return bool(shares)
        rivals = [self.best_of(other, own.share) for other in self._runner.algorithms]
        leading = max(rival.value for rival in rivals if rival is not None)
        cheap = self._runner.expected_seconds(name, own.config, 1.0) < 0.02 * self._budget
        return own.value < HOPELESS * leading and not cheap

    def _is_contender(self, name: str) -> bool:
        own, best = self.best_of(name), self._runner.best
        return own is not None and best is not None and own.value >= HOPELESS * best.value

    def _untried_neighbours(self, name: str) -> Iterator[Any]:
        best = self.best_of(name)
        tried = [
            trial.config for trial in self._runner.trials if trial.algorithm == name and trial.share == 1.0
        ]
        if best is not None:
            for config in neighbours(self._runner.algorithms[name], best.config):
                if config not in tried:
                    yield config


def rungs(rows: int) -> list[float]:
    """Shares of the shoppers, growing: one to learn what a fit costs, then fourfold up to a quarter."""
    if rows <= RUNG_ROWS:
        return []
    shares = [0.25]
    while rows * shares[0] / 4 >= RUNG_ROWS:
        shares.insert(0, shares[0] / 4)
    shares = [share for share in shares if rows * share >= RUNG_ROWS]
    return [min(0.25, PROBE_ROWS / rows), *shares]


def configurations(algorithm: Algorithm, random: np.random.Generator) -> Iterator[Any]:
    """The default, then all other combinations of the values worth trying, in random order."""
    default = algorithm.config_class()
    yield default
    grid = list(itertools.product(*algorithm.search.values()))
    for place in random.permutation(len(grid)):
        values: Mapping[str, Any] = dict(zip(algorithm.search, grid[place], strict=True))
        config = _valid(default, values)
        if config is not None and config != default:
            yield config


def neighbours(algorithm: Algorithm, config: Any) -> Iterator[Any]:
    """The configurations that differ in one setting by one step, or in any way from an unlisted value."""
    for name, values in algorithm.search.items():
        current = getattr(config, name)
        if current in values:
            place = values.index(current)
            near = [*values[place + 1 : place + 2], *values[max(0, place - 1) : place]]
        else:
            near = list(values)
        for value in near:
            changed = _valid(config, {name: value})
            if changed is not None:
                yield changed


def _valid(config: Any, values: Mapping[str, Any]) -> Any | None:
    """The changed configuration; None where the values do not go together."""
    try:
        return replace(config, **values)
    except ValueError:
        return None
