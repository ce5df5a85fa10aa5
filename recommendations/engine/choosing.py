"""The best algorithm and its settings for a shop's own data, found on a validation part within a budget.

What is asked about later (a test file, tomorrow) is never an argument here. `choose` sets out from every
algorithm's `starts`, or, `around` an earlier winner, from that. The stages are in `searching`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommendations.engine.algorithms.blend import BlendConfig
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.evaluation.cuts import some_of
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Algorithm
from recommendations.engine.searching import BASELINES, BLEND, Search
from recommendations.engine.starting import applicable, told_by
from recommendations.engine.trials import Cut, Now, Runner, Tell, Trial
from recommendations.engine.types import Interactions

FEWEST_ASKED, MOST_ASKED, CELLS_ASKED = 1_000, 10_000, 200_000_000


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
    around: tuple[str, Any] | None = None,
    further: Sequence[Cut] = (),
) -> Outcome:
    """The best of the named algorithms by NDCG@k of the validation part, in `budget` seconds of `now`.

    The time for fitting the winner on everything and using it once on all shoppers is kept free. size:
    (shoppers, products, interactions) of what the winner will be fitted on; default: those of `train`.
    around: (algorithm, config) of an earlier winner, for a short search when a shop has somewhat more
    feedback: that very configuration, the plain baselines beside it (`searching.BASELINES`), and steps from
    it to neighbouring settings while they help; of a blend its parts, each with steps of its own, and then
    their weights anew. Nothing else is tried. A tenth of the budget of a whole search is plenty.
    further: more (training, validation) cuts of the same feedback, for data so small that one says little: a
    trial on all shoppers is one of every cut.
    The same trials with the same values and times lead to the same choice; how many there are depends on
    how fast the machine is.
    """
    shoppers, products, rows = size or (len(train.shoppers), len(train.products), len(train))
    told = told_by(train)
    wanted = [name for name in names if name != BLEND and (around is None or name in _near(*around))]
    possible = {
        name: ALGORITHMS[name] for name in wanted if ALGORITHMS[name].affordable(shoppers, products, rows)
    }
    suited = {name: algorithm for name, algorithm in possible.items() if applicable(algorithm, told)}
    most = min(MOST_ASKED, max(FEWEST_ASKED, CELLS_ASKED // max(1, products)))
    asked = some_of(validation, most, random=np.random.default_rng(seed))
    runner = Runner(
        train, asked, suited, k=k, seed=seed, now=now, deadline=now() + budget, tell=tell, further=further
    )  # fmt: skip
    search = Search(runner, budget, told, np.random.default_rng(seed))
    blend = ALGORITHMS[BLEND] if BLEND in names else None
    if around is None:
        search.everywhere(blend)
    else:
        search.around(_configured(*around), blend if around[0] == BLEND else None)
    by_algorithm = {name: trial for name in names if (trial := runner.best_of(name)) is not None}
    reasons = {name: _reason(name, wanted, possible, runner) for name in names if name not in by_algorithm}
    return Outcome(runner.best, by_algorithm, reasons, tuple(runner.trials), runner.criterion, len(asked))


def _near(name: str, config: Any) -> set[str]:
    """The algorithms that a search around an earlier winner tries."""
    return {*BASELINES, *(part for part, _ in _configured(name, config))}


def _configured(name: str, config: Any) -> list[tuple[str, Any]]:
    """(algorithm, configuration) of what the winner consists of, the weightiest part of a blend first."""
    if not isinstance(config, BlendConfig):
        return [(name, config)]
    weights = config.weights or (1.0,) * len(config.parts)
    heaviest_first = sorted(range(len(weights)), key=lambda part: -weights[part])
    parts = [config.parts[part] for part in heaviest_first]
    return [(part, ALGORITHMS[part].config_class(**dict(settings))) for part, settings in parts]


def _reason(name: str, wanted: list[str], possible: Mapping[str, Algorithm], runner: Runner) -> str:
    """Why there is no trial of the algorithm on all shoppers."""
    if name == BLEND:
        return "no two algorithms were better together than alone, or there was no time to see"
    if name not in wanted:
        return "the earlier winner was of another kind"
    if name not in possible:
        return "too large for it"
    if name not in runner.algorithms:
        return "the data has nothing that it learns from"
    if not len(runner.validation):
        return "nobody to ask on the validation part"
    if any(trial.algorithm == name and not math.isnan(trial.value) for trial in runner.trials):
        return "on a sample of the shoppers it fell behind or was too slow for all of them"
    return "no fit could be finished in time"
