"""One measurement of `benchmarks.retraining`, in a process of its own: its seconds and its memory as JSON.

`python -m benchmarks.training_costs fill ROWS` writes the made-up shop into DATABASE_URL's empty database;
`python -m benchmarks.training_costs NAME` measures what `MEASURED` calls so.
"""

# ruff: noqa: I001 - Django is set up before the shop's modules are imported
from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import benchmarks.with_django  # noqa: F401
import numpy as np

from benchmarks.rated_shop import fill, made_up, size_for
from recommendations import dataset, registry, runs, training
from recommendations.conf import conf
from recommendations.dataset import Dataset
from recommendations.engine import sgd
from recommendations.engine.algorithms import svd
from recommendations.engine.algorithms.svd import SvdConfig, SvdRatings, SvdRatingsConfig
from recommendations.engine.fit import fit_bundle
from recommendations.engine.types import Interactions, silent
from recommendations.model_table.memory import Peak
from recommendations.models import TrainingRun
from recommendations.registry import Facts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 0
SHOPS = SvdRatingsConfig()
PLAIN = SvdRatingsConfig(epochs=20, learning_rate=0.005, regularization=0.02)
"""Surprise's own defaults."""


@dataclass
class Cost:
    """seconds, cpu: of all parts together. peak_mb: of the whole process. before_mb: before it began."""

    rows: int = 0
    parts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    before_mb: float = 0.0


class Watch:
    """Times parts of work, one after the other."""

    def __init__(self) -> None:
        self.cost = Cost()
        self._peak = Peak()
        self._peak.reset()
        self.cost.before_mb = self._peak.megabytes

    def part(self, name: str, work: Callable[[], Any]) -> Any:
        clock, cpu = time.perf_counter(), time.process_time()
        done = work()
        self.cost.parts[name] = time.perf_counter() - clock
        self.cost.seconds += self.cost.parts[name]
        self.cost.cpu += time.process_time() - cpu
        self.cost.peak_mb = self._peak.overall
        return done


def live(watch: Watch, algorithm: str, ratings: str, config: Any = None) -> None:
    """From the database to a live version without the gate: dataset -> fit -> registry, as in `training`."""
    data: Dataset = watch.part("load", lambda: dataset.load(conf(), now=NOW))
    rows: Interactions = watch.part("arrays", data.interactions)
    bundle = watch.part(
        "fit",
        lambda: fit_bundle(rows, algorithm, seed=SEED, rating_algorithm=ratings, rating_config=config),
    )
    facts = Facts(SEED, NOW, data.change_watermark, {}, len(data.shoppers), len(data.products), len(rows))
    watch.part("publish", lambda: registry.publish(bundle, facts, now=NOW))
    watch.cost.rows = len(rows)


def rows_only() -> Interactions:
    return dataset.load(conf(), now=NOW).interactions()


def fit_ratings(watch: Watch, config: SvdRatingsConfig, solver: str) -> None:
    rows = rows_only()
    watch.cost.rows = len(rows)
    config = replace(config, solver=solver)
    watch.part("fit", lambda: SvdRatings().fit(rows, config, seed=SEED, progress=silent))


def fit_labels(watch: Watch, solver: str) -> None:
    """The ranker's fit alone, on the labels of one epoch drawn beforehand and given to every epoch."""
    rows, config = rows_only(), replace(SvdConfig(), solver=solver)
    labels = np.clip(rows.weights, 0, 1)
    columns = svd.negatives_of(rows, config, seed=SEED).among(labels)
    data = svd.Epochs(
        lambda: columns, shoppers=len(rows.shoppers), products=len(rows.products), epochs=config.epochs,
        progress=silent, mean=float(labels.sum()) / len(labels) / (1 + config.negatives),
    )  # fmt: skip
    watch.cost.rows = len(rows)
    watch.part("fit", lambda: svd.fitted(data, config, seed=SEED, product_bias_rate=0.0))


def through_training(watch: Watch) -> None:
    """A whole training run as the worker makes it, with the gate's evaluation beside the baselines."""
    run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=NOW, algorithm="svd")
    if run is None:
        raise RuntimeError("A training is active in this database.")
    done = watch.part("training", lambda: training.work_on(run.pk, clock=lambda: NOW))
    if done is None or done.version is None:
        raise RuntimeError(f"Nothing was published: {done and done.outcome}")
    watch.cost.rows = done.version.interaction_count
    watch.cost.parts |= {f"gate: {name}": value for name, value in done.version.metrics["seconds"].items()}


def read_only(watch: Watch) -> None:
    data: Dataset = watch.part("load", lambda: dataset.load(conf(), now=NOW))
    watch.cost.rows = len(watch.part("arrays", data.interactions))


MEASURED: dict[str, Callable[[Watch], None]] = {
    "read": read_only,
    "ratings": lambda watch: live(watch, "popularity", "svd", SHOPS),
    "ratings-plain": lambda watch: live(watch, "popularity", "svd", PLAIN),
    "version": lambda watch: live(watch, "svd", "bayes"),
    "training": through_training,
    "surprise": lambda watch: fit_ratings(watch, SHOPS, svd.SURPRISE),
    "surprise-plain": lambda watch: fit_ratings(watch, PLAIN, svd.SURPRISE),
    "surprise-labels": lambda watch: fit_labels(watch, svd.SURPRISE),
    "own": lambda watch: fit_ratings(watch, SHOPS, svd.OWN),
    "own-labels": lambda watch: fit_labels(watch, svd.OWN),
}


def main() -> None:
    name = sys.argv[1]
    if name == "fill":
        shop = size_for(int(sys.argv[2]))
        fill(shop, made_up(shop, seed=SEED), until=NOW)
        return
    watch = Watch()
    # As a worker that has trained before: what is compiled is loaded already.
    sgd.kernels()
    MEASURED[name](watch)
    print(json.dumps(asdict(watch.cost)))


if __name__ == "__main__":
    main()
