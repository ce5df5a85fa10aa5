"""One measurement of `benchmarks.retraining`, in a process of its own: its seconds and its memory as JSON.

`python -m benchmarks.training_costs fill ROWS` writes the made-up shop into DATABASE_URL's empty database;
`python -m benchmarks.training_costs errors FILE ...` tells RMSEs on ratings as MovieLens ships them;
`python -m benchmarks.training_costs NAME` measures what `MEASURED` calls so.
"""

# ruff: noqa: I001 - Django is set up before the shop's modules are imported
from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import benchmarks.with_django  # noqa: F401
import numpy as np

from benchmarks.questions import movielens
from benchmarks.rated_shop import fill, made_up, size_for
from benchmarks.training_cost import Cost
from recommendations import dataset, registry, runs, training
from recommendations.conf import conf
from recommendations.dataset import Dataset
from recommendations.engine import sgd
from recommendations.engine.algorithms import svd
from recommendations.engine.algorithms.svd import SvdConfig, SvdRatings, SvdRatingsConfig
from recommendations.engine.fit import fit_bundle
from recommendations.engine.types import Interactions, RatingColumns, silent
from recommendations.model_table.memory import Peak
from recommendations.models import TrainingRun
from recommendations.registry import Facts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 0
SHOPS = SvdRatingsConfig()
PLAIN = SvdRatingsConfig(epochs=20, learning_rate=0.005, regularization=0.02)
"""Surprise's own defaults."""


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


def errors(path: Path) -> dict[str, float | str]:
    """RMSE of Surprise's SVD with its own settings, and of the loop with the same, on a random fifth."""
    read = movielens(path)
    columns = RatingColumns(read.shoppers, read.products, read.values)
    order = np.random.default_rng(SEED).permutation(len(columns))
    cut = len(order) * 4 // 5
    train, test = columns.rows(order[:cut]), columns.rows(order[cut:])
    theirs = svd.native_ratings("svd", train, test, seed=SEED)
    own = _own_ratings(train, test)
    found = {"own": own, "theirs": theirs}
    return {
        "data": path.parent.name,
        "rows": len(columns),
        "apart": float(np.abs(own - theirs).max()),
        **{name: float(np.sqrt(np.mean((each - test.ratings) ** 2))) for name, each in found.items()},
    }


def _own_ratings(train: RatingColumns, test: RatingColumns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What Surprise's SVD() would predict for the rows of `test`, by the loop: (n,) in 1..5."""
    shoppers, products = _numbered(train.shoppers), _numbered(train.products)
    shopper = np.array([shoppers[each] for each in train.shoppers.tolist()], np.int32)
    product = np.array([products[each] for each in train.products.tolist()], np.int32)
    # Surprise learns shopper by shopper, in the order of their first ratings.
    order = np.argsort(shopper, kind="stable")
    columns = shopper[order], product[order], train.ratings[order]
    mean = float(train.ratings.mean(dtype=np.float64))
    loops = sgd.kernels()
    if loops is None:
        raise RuntimeError("There is nothing to compare: numba is not usable.")
    found = sgd.descent(
        loops, lambda: columns, shoppers=len(shoppers), products=len(products), factors=PLAIN.factors,
        mean=mean, epochs=PLAIN.epochs, seed=SEED, progress=silent,
        steps=sgd.Steps(PLAIN.learning_rate, PLAIN.learning_rate, PLAIN.learning_rate, PLAIN.regularization),
    )  # fmt: skip
    predicted = []
    for shopper_id, product_id in zip(test.shoppers.tolist(), test.products.tolist(), strict=True):
        one, other = shoppers.get(shopper_id), products.get(product_id)
        rating = mean
        rating += 0.0 if one is None else found.shopper_bias[one]
        rating += 0.0 if other is None else found.product_bias[other]
        if one is not None and other is not None:
            rating += found.products[other] @ found.shoppers[one]
        predicted.append(rating)
    return np.clip(predicted, 1, 5)


def _numbered(ids: Any) -> dict[Any, int]:
    """Every id by its first appearance."""
    return {each: number for number, each in enumerate(dict.fromkeys(ids.tolist()))}


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


WITHOUT_LOOPS = {name for name in MEASURED if name == "read" or name.startswith("surprise")}


def main() -> None:
    name = sys.argv[1]
    if name == "fill":
        shop = size_for(int(sys.argv[2]))
        fill(shop, made_up(shop, seed=SEED), until=NOW)
        return
    if name == "errors":
        print(json.dumps([errors(Path(path)) for path in sys.argv[2:]]))
        return
    watch = Watch()
    if name not in WITHOUT_LOOPS:
        # As in a worker that has trained before: what is compiled is loaded already.
        sgd.kernels()
    MEASURED[name](watch)
    print(json.dumps(asdict(watch.cost)))


if __name__ == "__main__":
    main()
