"""The stages of a search for the best algorithm and settings, each within its share of the time.

The default settings of every algorithm on growing shares of the shoppers tell what fits cost and who keeps
up; then come the other `starts` of those who do, on as many shoppers as time allows and the best of them on
all (successive halving: Jamieson, Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", AISTATS 2016); steps to neighbouring settings while they help; a look around the leader; and a
blend of the best.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recommendations.engine.protocols import Algorithm, Starts
from recommendations.engine.starting import configurations, draws, neighbours, searched, starts
from recommendations.engine.trials import Runner, Trial

PROBE_ROWS, RUNG_ROWS = 4_000, 50_000
CONFIGS = 8
"""So many settings are tried of an algorithm that has no `starts` of its own."""
BLEND, MOST_PARTS, FEW_PARTS = "blend", 5, 3
"""A blend has so many parts at the most; time is kept free for one of a few."""
BASELINES, IMPERSONAL = ("popularity", "item_knn"), {"popularity"}
KEPT = 3
"""One of so many goes on to all shoppers."""
HOPELESS = 0.7
"""A share of the leader's value: what is below is not tried further, unless it costs next to nothing."""
PROMISING = 0.93
"""The same for what is dear and has no other starts."""
CHEAP, DEAR = 0.01, 0.03
"""Shares of the time: a trial that takes less than the first needs no promise, one that takes more than the
second a good one."""
RACING, RACING_IF_DEAR, BLENDING = 0.85, 0.9, 0.75
"""The same as HOPELESS for a place among those whose settings are refined, and in the blend."""
CLIMBING, STARTING, REFINING = 0.35, 0.7, 0.9
"""Shares of the time at which the stages end; the rest is for blends."""
WIDE, WIDE_FROM = 2, 6
"""First steps are so many places long in a setting with at least so many values."""
ROAMING = 10
"""The look around the leader ends when so many in a row were no better."""


class Search:
    """The stages, in order, on a runner of trials. told: as by `starting.told_by`."""

    def __init__(
        self, runner: Runner, budget: float, told: frozenset[str], random: np.random.Generator
    ) -> None:
        self._runner = runner
        self._budget = budget
        self._told = told
        self._random = random
        self._blended = False
        self._rungs = rungs(len(runner.sample(1.0).interactions))
        self._configs = {name: self._starting(algorithm) for name, algorithm in runner.algorithms.items()}

    def _starting(self, algorithm: Algorithm) -> list[Any]:
        if isinstance(algorithm, Starts):
            return list(starts(algorithm, self._told))
        return list(itertools.islice(configurations(algorithm, self._told, self._random), CONFIGS))

    def everywhere(self, blend: Algorithm | None) -> None:
        """All algorithms of the runner."""
        self._blended = blend is not None
        self._be_prepared()
        self._climb()
        self._start()
        self._refine(list(self._runner.algorithms))
        self._roam()
        if blend is not None:
            self._blend(blend)
        self._settle()

    def around(self, parts: Sequence[tuple[str, Any]], blend: Algorithm | None) -> None:
        """Only what an earlier winner consists of, and the baselines. blend: where it was one."""
        self._blended = blend is not None
        self._be_prepared()
        known = [(name, config) for name, config in parts if name in self._runner.algorithms]
        for name, config in known:
            self._configs[name].insert(0, config)
            self._runner.run(name, config, 1.0)
        if blend is not None and len(known) > 1:
            self._blend(blend)
        for name in BASELINES:
            if name in self._configs:
                self._try_one(name, self._runner.algorithms[name].config_class(), 1.0, end=0.0)
        self._refine([name for name, _ in known])
        if blend is not None:
            self._blend(blend)

    def _be_prepared(self) -> None:
        """Have something to choose, however short the time."""
        for name in ("popularity", *self._configs):
            if name in self._configs:
                self._runner.run(name, self._configs[name][0], 1.0)
                return

    def _climb(self) -> None:
        """The default of each algorithm on ever more shoppers, as long as it keeps up with the others.

        What is dear stops before all of them: it gets there with the best of its starts.
        """
        for share in self._rungs[:1]:
            for name, configs in self._configs.items():
                self._runner.run(name, configs[0], share)
        # First those that leave time for others, then the others as far as it goes.
        for part in (0.5, 1.0):
            climbing = set(self._configs)
            for share in [*self._rungs[1:], 1.0]:
                for name in self._by_cost(1.0):
                    tried = self._is_tried(name, self._configs[name][0], share)
                    if name in climbing and not tried and not self._climbed(name, share, part):
                        climbing.remove(name)

    def _climbed(self, name: str, share: float, part: float) -> bool:
        """Whether the algorithm may go on to the next share."""
        config = self._configs[name][0]
        if self._is_hopeless(name):
            return False
        if share == 1.0 and self._is_sampled(name) and not self._costs(name, at_most=DEAR):
            return False
        in_the_end = self._runner.expected_seconds(name, config, 1.0, hopeful=True)
        left = part * self._left_until(CLIMBING if part < 1 else REFINING)
        if in_the_end > left:
            return False
        end = self._runner.left - left
        return self._try_one(name, config, share, end=end)

    def _start(self) -> None:
        """The other starts of those that keep up, on as many shoppers as time allows, and the best on all."""
        racing = [name for name in self._by_promise() if self._is_known(name) and not self._is_hopeless(name)]
        for done, name in enumerate(racing):
            left = min(self._left_until(STARTING), self._runner.left - self._end())
            seconds = left / (len(racing) - done)
            configs = [config for config in self._configs[name] if not self._is_tried(name, config, 1.0)]
            end = self._runner.left - seconds
            share = self._affordable_share(name, len(configs), seconds)
            if share == 1.0:
                self._try_all(name, configs, 1.0, end)
                continue
            if share is not None:
                self._try_all(name, self._configs[name], share, end)
            samples = [share] if share is not None else self._rungs[:0:-1]
            known = next(filter(None, (self._finished(name, each) for each in samples)), [])
            best = sorted(known, key=lambda trial: -trial.value)
            kept = [trial.config for trial in best[: math.ceil(len(best) / KEPT)]]
            if not self._is_hopeless(name):
                # Each is tried on all shoppers once, even if its share of the time is used up.
                self._try_all(name, kept[:1], 1.0, self._end())
                self._try_all(name, kept[1:], 1.0, end)

    def _refine(self, names: list[str]) -> None:
        """Step to neighbouring settings while that helps: the leader gets as much time as all others."""
        spent = {name: 0.0 for name in names if self._is_contender(name)}
        places = dict.fromkeys(spent, 0)
        while spent and self._runner.best is not None:
            name = min(spent, key=lambda each: self._turn(each, spent[each], rivals=len(spent) - 1))
            place, config = self._next_step(name, places[name])
            if config is None or not self._try_one(name, config, 1.0, end=self._end()):
                del spent[name]
                continue
            places[name] = place
            spent[name] += self._tried(name, 1.0)[-1].fit_seconds

    def _roam(self) -> None:
        """Two settings of the leader changed at once, and steps from there where that helped."""
        best = self._runner.best
        if best is None or best.algorithm not in self._runner.algorithms:
            return
        name, vain = best.algorithm, 0
        while vain < ROAMING:
            before = self._runner.best_of(name)
            assert before is not None
            around = draws(
                self._runner.algorithms[name], before.config, self._told, reach=2, random=self._random
            )
            fresh = (each for each in itertools.islice(around, 100) if not self._is_tried(name, each, 1.0))
            config = next(fresh, None)
            if config is None or not self._try_one(name, config, 1.0, end=self._end()):
                return
            after = self._runner.best_of(name)
            vain += 1
            if after is not before:
                self._refine([name])
                vain = 0

    def _turn(self, name: str, spent: float, *, rivals: int) -> float:
        """The lower, the sooner it is its turn: by its time after one more step, so small models go first."""
        after = spent + self._runner.expected_seconds(name, self._configs[name][0], 1.0)
        leads = self._runner.best is not None and self._runner.best.algorithm == name
        return after / max(1, rivals) if leads else after

    def _blend(self, blend: Algorithm) -> None:
        """The best of every algorithm as one, or as many of them as there is time for."""
        parts = self._parts()
        while len(parts) >= 2:
            if self._runner.blend_seconds(parts) <= self._runner.left:
                self._runner.run_blend(blend, parts)
                return
            # The dearest of those behind the leader is given up first.
            parts.remove(max(parts[1:], key=lambda part: part.fit_seconds))

    def _settle(self) -> None:
        """What was best on a sample, but too slow to be tried on all shoppers, may still be fitted once."""
        for trial in self._runner.trials:
            name, best = trial.algorithm, self._runner.best
            enough = trial.share in self._rungs[1:] and self._runner.best_of(name) is None
            if enough and trial.value > (best.value if best is not None else 0.0):
                self._runner.take_unseen(trial)

    def _parts(self) -> list[Trial]:
        """The best trial of each algorithm that may add something to the leader, the best first."""
        best = [
            trial for name in self._runner.algorithms if (trial := self._runner.best_of(name)) is not None
        ]
        leading = max((trial.value for trial in best), default=0.0)
        near = [trial for trial in best if trial.value >= BLENDING * leading]
        return sorted(near, key=lambda trial: -trial.value)[:MOST_PARTS]

    def _end(self) -> float:
        """Seconds to leave for what comes last: more where a blend of the leaders needs them."""
        end = self._end_of(REFINING)
        needed = self._runner.blend_seconds(self._parts()[:FEW_PARTS]) if self._blended else 0.0
        return max(end, needed) if needed < 0.6 * self._budget else end

    def _try_all(self, name: str, configs: list[Any], share: float, end: float) -> None:
        for config in configs:
            if not self._is_tried(name, config, share) and not self._try_one(name, config, share, end=end):
                return

    def _try_one(self, name: str, config: Any, share: float, *, end: float) -> bool:
        """Whether it was tried; it is not if it would not end before so many seconds are left."""
        if self._runner.left - self._runner.expected_seconds(name, config, share) < end:
            return False
        return self._runner.run(name, config, share) is not None

    def _affordable_share(self, name: str, count: int, seconds: float) -> float | None:
        """The largest share of the shoppers on which so many trials, and one on all, take less than that.

        1 where there are no samples; None where no share is small enough.
        """
        config = self._configs[name][0]

        def costs(share: float) -> float:
            return self._runner.expected_seconds(name, config, share)

        if not self._rungs[1:] or count * costs(1.0) <= seconds:
            return 1.0
        shares = self._rungs[:0:-1]
        return next((share for share in shares if count * costs(share) + costs(1.0) <= seconds), None)

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

    def _by_promise(self) -> list[str]:
        """Those that cost little, the quickest first; then the others by their values on the same samples."""

        def rank(name: str) -> tuple[float, ...]:
            if self._costs(name, at_most=DEAR):
                return (0.0, self._runner.expected_seconds(name, self._configs[name][0], 1.0))
            shares = self._rungs[:0:-1] or [1.0]
            trials = [self._runner.best_of(name, share) for share in shares]
            return (1.0, *(-trial.value if trial is not None else 0.0 for trial in trials))

        return sorted(self._configs, key=rank)

    def _is_tried(self, name: str, config: Any, share: float) -> bool:
        return any(trial.config == config for trial in self._tried(name, share))

    def _tried(self, name: str, share: float) -> list[Trial]:
        return [trial for trial in self._runner.trials if (trial.algorithm, trial.share) == (name, share)]

    def _finished(self, name: str, share: float) -> list[Trial]:
        return [trial for trial in self._tried(name, share) if not math.isnan(trial.value)]

    def _is_hopeless(self, name: str) -> bool:
        """Far behind on the largest share it was tried on, and not cheap either.

        The smallest share only tells what things cost, and on the others popularity does not count: it needs
        no data, while what knows the shopper gains with every row.
        """
        shares = [trial.share for trial in self._runner.trials if trial.algorithm == name]
        own = self._runner.best_of(name, max(shares)) if shares else None
        if own is None:
            return bool(shares)
        if own.share in self._rungs[:1]:
            return False
        others = [each for each in self._configs if own.share == 1.0 or each not in IMPERSONAL]
        rivals = [self._runner.best_of(other, own.share) for other in others]
        leading = max((rival.value for rival in rivals if rival is not None), default=0.0)
        # Other starts may do better than the default; where there are none, what is seen is what it can do.
        bar = HOPELESS if len(self._configs[name]) > 1 or self._costs(name, at_most=DEAR) else PROMISING
        return own.value < bar * leading and not self._costs(name, at_most=CHEAP)

    def _is_sampled(self, name: str) -> bool:
        """Whether its value on a sample of some size is known."""
        return any(self._runner.best_of(name, share) is not None for share in self._rungs[1:])

    def _is_known(self, name: str) -> bool:
        return self._is_sampled(name) or self._runner.best_of(name) is not None

    def _costs(self, name: str, *, at_most: float) -> bool:
        """Whether a trial of it on all shoppers is known to take no more than that share of the time."""
        seconds = self._runner.expected_seconds(name, self._configs[name][0], 1.0)
        return 0 < seconds <= at_most * self._budget

    def _is_contender(self, name: str) -> bool:
        own, best = self._runner.best_of(name), self._runner.best
        if own is None or best is None:
            return False
        single = max(trial.value for each in self._configs if (trial := self._runner.best_of(each)))
        return own.value >= (RACING if self._costs(name, at_most=DEAR) else RACING_IF_DEAR) * single

    def _next_step(self, name: str, place: int) -> tuple[int, Any | None]:
        """(number of the setting, configuration) of the next untried step from the best one so far.

        It begins with the setting that was changed last: a step that helped is followed by another like it.
        Long steps come before short ones.
        """
        best = self._runner.best_of(name)
        values = searched(self._runner.algorithms[name], self._told)
        settings = list(values)
        if best is None:
            return place, None
        for step in (WIDE, 1):
            for number in range(len(settings)):
                turn = (place + number) % len(settings)
                own = values[settings[turn]]
                if step > 1 and len(own) < WIDE_FROM:
                    continue
                for config in neighbours(best.config, settings[turn], own, step=step):
                    if not self._is_tried(name, config, 1.0):
                        return turn, config
        return place, None


def rungs(rows: int) -> list[float]:
    """Shares of the shoppers, growing: one to learn what a fit costs, then fourfold up to a quarter.

    None for what is small enough to be tried as it is.
    """
    if rows <= RUNG_ROWS:
        return []
    shares = [0.25]
    while rows * shares[0] / 4 >= RUNG_ROWS:
        shares.insert(0, shares[0] / 4)
    shares = [share for share in shares if rows * share >= RUNG_ROWS]
    return [min(0.25, PROBE_ROWS / rows), *shares]
