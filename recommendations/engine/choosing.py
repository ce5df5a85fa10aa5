"""The best algorithm and its settings for a shop's own data, found on a validation part within a budget.

What is asked about later (a test file, tomorrow) is never an argument here. The way: the default settings of
every algorithm on growing shares of the shoppers, which tells what is worth its time; successive halving of
other settings of those (Jamieson, Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", AISTATS 2016); steps to neighbouring settings while they help; and a blend of the best.
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
from recommendations.engine.trials import REFIT, Now, Runner, Tell, Trial
from recommendations.engine.types import Interactions

PROBE_ROWS, RUNG_ROWS = 4_000, 20_000
CONFIGS = 8
BLEND, MOST_PARTS = "blend", 4
KEPT = 3
"""One of so many goes on to all shoppers."""
HOPELESS = 0.7
"""A share of the leader's value: what is below is not tried further, unless it costs next to nothing."""
CHEAP = 0.01
RACING = 0.85
"""The same for a place in the later stages and in the blend."""
HALVING, REFINING = 0.4, 0.85
"""Shares of the time at which the stages end; the rest is for blends."""
FEWEST_ASKED, MOST_ASKED, CELLS_ASKED = 1_000, 4_000, 50_000_000


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
    singles = [name for name in names if name != BLEND]
    affordable = {
        name: ALGORITHMS[name] for name in singles if ALGORITHMS[name].affordable(shoppers, products, rows)
    }
    most = min(MOST_ASKED, max(FEWEST_ASKED, CELLS_ASKED // max(1, products)))
    asked = some_of(validation, most, random=np.random.default_rng(seed))
    runner = Runner(
        train, asked, affordable, k=k, seed=seed, now=now, deadline=now() + budget, tell=tell
    )  # fmt: skip
    search = _Search(runner, budget, np.random.default_rng(seed))
    search.be_prepared()
    search.climb()
    search.halve()
    search.refine(until_blend=BLEND in names)
    if BLEND in names:
        search.blend(ALGORITHMS[BLEND])
    search.settle()
    by_algorithm = {name: trial for name in names if (trial := search.best_of(name)) is not None}
    reasons = {name: _reason(name, affordable, runner) for name in names if name not in by_algorithm}
    return Outcome(runner.best, by_algorithm, reasons, tuple(runner.trials), runner.criterion, len(asked))


def _reason(name: str, affordable: Mapping[str, Algorithm], runner: Runner) -> str:
    """Why there is no trial of the algorithm on all shoppers."""
    if name == BLEND:
        return "no two algorithms were better together than alone, or there was no time to see"
    if name not in affordable:
        return "too large for it"
    if not len(runner.validation):
        return "nobody to ask on the validation part"
    if any(trial.algorithm == name and not math.isnan(trial.value) for trial in runner.trials):
        return "on a sample of the shoppers it fell behind or was too slow for all of them"
    return "no fit could be finished in time"


class _Search:
    """The stages of `choose`, in order."""

    def __init__(self, runner: Runner, budget: float, random: np.random.Generator) -> None:
        self._runner = runner
        self._budget = budget
        self._rungs = rungs(len(runner.sample(1.0).interactions))
        self._configs = {
            name: list(itertools.islice(configurations(algorithm, random), CONFIGS))
            for name, algorithm in runner.algorithms.items()
        }

    def best_of(self, name: str, share: float = 1.0) -> Trial | None:
        """The best trial of an algorithm on a share of the shoppers."""
        return max(self._finished(name, share), key=lambda trial: trial.value, default=None)

    def be_prepared(self) -> None:
        """Have something to choose, however short the time."""
        for name in ("popularity", *self._configs):
            if name in self._configs:
                self._runner.run(name, self._configs[name][0], 1.0)
                return

    def climb(self) -> None:
        """The default of each algorithm on ever more shoppers, as long as it keeps up with the others."""
        for share in self._rungs[:1]:
            for name, configs in self._configs.items():
                self._runner.run(name, configs[0], share)
        # First those that leave time for others, then the others as far as it goes.
        for part in (0.5, 1.0):
            for name in self._by_cost(1.0):
                for share in [*self._rungs[1:], 1.0]:
                    tried = self._is_tried(name, self._configs[name][0], share)
                    if not tried and not self._climbed(name, share, part):
                        break

    def _climbed(self, name: str, share: float, part: float) -> bool:
        config = self._configs[name][0]
        if self._is_hopeless(name):
            return False
        in_the_end = self._runner.expected_seconds(name, config, 1.0, hopeful=True)
        left = part * self._left_until(HALVING if part < 1 else REFINING)
        if in_the_end > left:
            return False
        end = self._runner.left - left
        return self._try_one(name, config, share, end=end)

    def halve(self) -> None:
        """Other settings of the algorithms in the race, on as many shoppers as time allows."""
        racing = [name for name in self._by_cost(1.0) if self._is_contender(name) or self._is_cheap(name)]
        for done, name in enumerate(racing):
            seconds = self._left_until(HALVING) / (len(racing) - done)
            configs = self._configs[name]
            share = self._affordable_share(name, seconds / len(configs))
            end = self._runner.left - seconds
            self._try_all(name, configs, share, end)
            if share < 1.0:
                best = sorted(self._finished(name, share), key=lambda trial: -trial.value)
                kept = [trial.config for trial in best[: math.ceil(len(best) / KEPT)]]
                self._try_all(name, kept, 1.0, end)

    def refine(self, *, until_blend: bool) -> None:
        """Step to neighbouring settings while that helps: the leader gets as much time as all others."""
        spent = {name: 0.0 for name in self._runner.algorithms if self._is_contender(name)}
        places = dict.fromkeys(spent, 0)
        end = self._end_of(REFINING)
        if until_blend and self._blend_seconds() < 0.6 * self._runner.left:
            end = max(end, self._blend_seconds())
        while spent and self._runner.best is not None:
            name = min(spent, key=lambda each: self._turn(each, spent[each], rivals=len(spent) - 1))
            place, config = self._next_step(name, places[name])
            if config is None or not self._try_one(name, config, 1.0, end=end):
                del spent[name]
                continue
            places[name] = place
            spent[name] += self._tried(name, 1.0)[-1].fit_seconds

    def _turn(self, name: str, spent: float, *, rivals: int) -> float:
        """The lower, the sooner it is its turn: by its time after one more step, so small models go first."""
        after = spent + self._runner.expected_seconds(name, self._configs[name][0], 1.0)
        leads = self._runner.best is not None and self._runner.best.algorithm == name
        return after / max(1, rivals) if leads else after

    def blend(self, blend: Algorithm) -> None:
        """The best of every algorithm in the race as one, and if there is no time for that, the best two."""
        parts = self._parts()
        for count in (len(parts), 2):
            if 2 <= count <= len(parts) and self._runner.run_blend(blend, parts[:count]) is not None:
                return

    def settle(self) -> None:
        """What was best on a sample, but too slow to be tried on all shoppers, may still be fitted once."""
        for trial in self._runner.trials:
            name, best = trial.algorithm, self._runner.best
            enough = trial.share in self._rungs[1:] and self.best_of(name) is None
            if enough and trial.value > (best.value if best is not None else 0.0):
                self._runner.take_unseen(trial)

    def _parts(self) -> list[Trial]:
        """The best of each algorithm in the race, the best first."""
        best = [trial for name in self._runner.algorithms if (trial := self.best_of(name)) is not None]
        racing = [trial for trial in best if self._is_contender(trial.algorithm)]
        return sorted(racing, key=lambda trial: -trial.value)[:MOST_PARTS]

    def _blend_seconds(self) -> float:
        """For fitting the parts of a blend, for that once more in the end, and for asking all shoppers."""
        parts = self._parts()
        shoppers = 2 * len(self._runner.sample(1.0).interactions.shoppers)
        return sum((1 + REFIT) * part.fit_seconds + part.score_seconds * shoppers for part in parts)

    def _try_all(self, name: str, configs: list[Any], share: float, end: float) -> None:
        for config in configs:
            if not self._is_tried(name, config, share) and not self._try_one(name, config, share, end=end):
                return

    def _try_one(self, name: str, config: Any, share: float, *, end: float) -> bool:
        """Whether it was tried; it is not if it would not end before so many seconds are left."""
        if self._runner.left - self._runner.expected_seconds(name, config, share) < end:
            return False
        return self._runner.run(name, config, share) is not None

    def _affordable_share(self, name: str, seconds: float) -> float:
        """The largest share of the shoppers on which a trial takes less than that."""
        config = self._configs[name][0]
        shares = [1.0, *reversed(self._rungs[1:])]
        expected = self._runner.expected_seconds
        return next((share for share in shares if expected(name, config, share) <= seconds), shares[-1])

    def _end_of(self, stage: float) -> float:
        """Seconds that are left when the stage of that share of the time ends."""
        return (1 - stage) * self._budget

    def _left_until(self, stage: float) -> float:
        return self._runner.left - self._end_of(stage)

    def _by_cost(self, share: float) -> list[str]:
        """The algorithms, the one with the quickest default first."""
        costs = {
            name: self._runner.expected_seconds(name, configs[0], share)
            for name, configs in self._configs.items()
        }
        return sorted(costs, key=lambda name: costs[name])

    def _is_tried(self, name: str, config: Any, share: float) -> bool:
        return any(trial.config == config for trial in self._tried(name, share))

    def _tried(self, name: str, share: float) -> list[Trial]:
        return [trial for trial in self._runner.trials if (trial.algorithm, trial.share) == (name, share)]

    def _finished(self, name: str, share: float) -> list[Trial]:
        return [trial for trial in self._tried(name, share) if not math.isnan(trial.value)]

    def _is_hopeless(self, name: str) -> bool:
        """Far behind on the largest share it was tried on, and not cheap either."""
        shares = [trial.share for trial in self._runner.trials if trial.algorithm == name]
        own = self.best_of(name, max(shares)) if shares else None
        if own is None:
            return bool(shares)
        rivals = [self.best_of(other, own.share) for other in self._runner.algorithms]
        leading = max(rival.value for rival in rivals if rival is not None)
        return own.value < HOPELESS * leading and not self._is_cheap(name)

    def _is_cheap(self, name: str) -> bool:
        """Whether trying its other settings costs so little that they need no promise."""
        seconds = self._runner.expected_seconds(name, self._configs[name][0], 1.0)
        return 0 < seconds < CHEAP * self._budget

    def _is_contender(self, name: str) -> bool:
        own, best = self.best_of(name), self._runner.best
        return own is not None and best is not None and own.value >= RACING * best.value

    def _next_step(self, name: str, place: int) -> tuple[int, Any | None]:
        """(number of the setting, configuration) of the next untried step from the best one so far.

        It begins with the setting that was changed last: a step that helped is followed by another like it.
        """
        best = self.best_of(name)
        settings = list(self._runner.algorithms[name].search)
        if best is None:
            return place, None
        for number in range(len(settings)):
            turn = (place + number) % len(settings)
            for config in neighbours(self._runner.algorithms[name], best.config, settings[turn]):
                if not self._is_tried(name, config, 1.0):
                    return turn, config
        return place, None


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


def neighbours(algorithm: Algorithm, config: Any, setting: str) -> Iterator[Any]:
    """The configurations that differ in one setting by one step, or in any way from an unlisted value."""
    values, current = algorithm.search[setting], getattr(config, setting)
    if current in values:
        place = values.index(current)
        near = [*values[place + 1 : place + 2], *values[max(0, place - 1) : place]]
    else:
        near = list(values)
    for value in near:
        changed = _valid(config, {setting: value})
        if changed is not None:
            yield changed


def _valid(config: Any, values: Mapping[str, Any]) -> Any | None:
    """The changed configuration; None where the values do not go together."""
    try:
        return replace(config, **values)
    except ValueError:
        return None
