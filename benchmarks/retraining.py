"""From the database to a live SVD model, beside Surprise's fit alone; the same errors; and how it grows.

`python -m benchmarks.retraining [--data FOLDER]` starts a PostgreSQL of its own, fills it with made-up shops,
trains on them and writes benchmarks/retraining.md and retraining.svg. FOLDER is that of the data sets, for
the errors on MovieLens (it may not be redistributed). `--runs` and `--largest` make it shorter;
`--keep FILE` lets an interrupted one go on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Figure, ratios, table
from benchmarks.plot import Growth, growth, slope
from benchmarks.shop import PROJECT
from benchmarks.training_cost import Cost
from tests.flows.postgres import programs, running_postgres

TABLE, PLOT = PROJECT / "benchmarks" / "retraining.md", PROJECT / "benchmarks" / "retraining.svg"
ROWS, SIZES = 1_000_000, (10_000, 100_000, 1_000_000, 10_000_000)
AT_LEAST, AIM = 2.0, 0.5
PAIRS = (
    ("rating SVD, the shop's settings: database to live / Surprise's fit alone", "ratings", "surprise"),
    ("the same with Surprise's settings", "ratings-plain", "surprise-plain"),
    (
        "whole version with SVD as ranker: database to live / Surprise's fit of the ranker alone",
        "version", "surprise-labels",
    ),
    ("the loop alone: rating SVD / Surprise's fit of the same rows", "own", "surprise"),
    ("the loop alone: SVD as ranker / Surprise's fit of the same labels", "own-labels", "surprise-labels"),
)  # fmt: skip
GROWING = {
    "ratings": "rating SVD, to live",
    "version": "whole version, to live",
    "surprise": "Surprise's fit alone",
    "read": "reading alone",
}
# Of more ratings one measurement takes a quarter of an hour.
LARGEST = {"version": 1_000_000}
Costs = dict[str, list[Cost]]


def main() -> None:
    options = _parser().parse_args()
    bin_dir = programs()
    if bin_dir is None:
        sys.exit("There is no PostgreSQL: apt-get install postgresql")
    paired: Costs = {}
    once: dict[str, Cost] = {}
    grown: dict[int, dict[str, Cost]] = {}
    for size in [size for size in SIZES if size <= options.largest]:
        with _Measuring(bin_dir, size, options.keep) as shop:
            if size == ROWS:
                paired = _paired(shop, options.runs)
                once = {"training": shop.cost("training")}
                grown[size] = {name: _middle(paired[name]) for name in GROWING}
            else:
                names = [name for name in GROWING if size <= LARGEST.get(name, size)]
                grown[size] = {name: shop.cost(name) for name in names}
    _write(options, paired, once, grown, errors=_errors(options.data))
    print(f"Written to {TABLE.relative_to(PROJECT)} and {PLOT.relative_to(PROJECT)}.")


class _Measuring:
    """A made-up shop of so many ratings on a PostgreSQL of its own, started when first something is measured.

    What was measured before and kept in a file is not measured again.
    """

    def __init__(self, bin_dir: Path, rows: int, keep: Path | None) -> None:
        self._bin_dir = bin_dir
        self._rows = rows
        self._keep = keep
        self._kept: dict[str, dict[str, Any]] = json.loads(keep.read_text()) if keep and keep.exists() else {}
        self._open = ExitStack()
        self._environment: Mapping[str, str] | None = None

    def __enter__(self) -> _Measuring:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._open.close()

    def cost(self, name: str, number: int = 0) -> Cost:
        """What is measured by that name, the number-th time."""
        key = f"{self._rows} {name} {number}"
        if key in self._kept:
            return Cost(**self._kept[key])
        cost = Cost(**json.loads(_do([name], self._shop()).splitlines()[-1]))
        print(
            f"{name:<16} {cost.rows:>10,} rows {cost.seconds:8.2f} s ({cost.cpu:.2f} CPU)"
            f" {cost.peak_mb:6.0f} MB",
            flush=True,
        )
        self._kept[key] = asdict(cost)
        if self._keep:
            self._keep.write_text(json.dumps(self._kept))
        return cost

    def _shop(self) -> Mapping[str, str]:
        """The environment of a process that trains in the shop."""
        if self._environment is None:
            url = self._open.enter_context(running_postgres(self._bin_dir))
            folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="shopreco-retraining-"))
            self._environment = os.environ | {
                "DATABASE_URL": url, "SHOPRECO_VAR_DIR": folder, "MODEL_DIR": f"{folder}/models",
                "RECOMMENDATION_ALGORITHM": "svd", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            }  # fmt: skip
            _do(["fill", str(self._rows)], self._environment)
        return self._environment


def _paired(shop: _Measuring, runs: int) -> Costs:
    """Every measurement once a round, so that both sides of a ratio are of the same minutes."""
    names = [*dict.fromkeys(name for _, *sides in PAIRS for name in sides), "read"]
    costs: Costs = {name: [] for name in names}
    for number in range(runs):
        for name in names if number % 2 == 0 else reversed(names):
            costs[name].append(shop.cost(name, number))
    return costs


def _do(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "benchmarks.training_costs", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, check=True
    )
    return done.stdout


def _errors(data: Path | None) -> list[dict[str, float | str]]:
    """RMSE of both solvers on the data sets that are there; none without a folder."""
    if data is None:
        return []
    files = ("movielens-100k/u.data", "movielens-1m-part/ratings.dat.gz")
    found = [str(data / name) for name in files if (data / name).exists()]
    with tempfile.TemporaryDirectory() as folder:
        answer = _do(["errors", *found], os.environ | {"SHOPRECO_VAR_DIR": folder})
    rows: list[dict[str, float | str]] = json.loads(answer.splitlines()[-1])
    return rows


def _middle(costs: Sequence[Cost]) -> Cost:
    """The run of the median."""
    return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]


def _write(
    options: argparse.Namespace, paired: Costs, once: Mapping[str, Cost],
    grown: Mapping[int, Mapping[str, Cost]], errors: Sequence[Mapping[str, float | str]],
) -> None:  # fmt: skip
    lines = _head(options.runs)
    if paired:
        lines += _ratios(paired) + _parts(paired, once)
    lines += _told_errors(errors) + _growing(grown)
    TABLE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    if len(grown) > 1:
        PLOT.write_text(_plot(grown), encoding="utf-8")


def _head(runs: int) -> list[str]:
    return [
        "# Retraining: from the database to a live SVD model",
        "",
        *_prose(
            f"""`python -m benchmarks.retraining --data FOLDER` writes this file. The shops are made up
            (benchmarks/rated_shop.py, seed 0: power laws, 50 ratings a shopper, 5,000 products for a million
            ratings) and lie in a PostgreSQL on the same machine. Every measurement is a process of its own,
            with one thread; rounds: {runs}, both sides of a ratio in each; medians, with the lowest and the
            highest. "Database to live" is reading, fitting all that the version holds, writing and signing it
            and the row that makes it live, by the same steps as a training but for the gate's evaluation;
            "Surprise's fit alone" is its `fit` on arrays that are in memory already."""
        ),
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" numpy {np.__version__}.",
    ]


def _prose(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 126)


def _ratios(paired: Costs) -> list[str]:
    figures = []
    for what, own, theirs in PAIRS:
        sides = paired[own], paired[theirs]
        told = " to ".join(f"{statistics.median(one.seconds for one in side):.2f} s" for side in sides)
        cpu = statistics.median(ratios(*([one.cpu for one in side] for side in sides)))
        figures.append(
            Figure(
                what, "x", ratios(*([one.seconds for one in side] for side in sides)), AT_LEAST, AIM,
                more=False, told=f"{told}; CPU of the process {cpu:.2f}x",
            )
        )  # fmt: skip
    return ["", f"## {_middle(paired['own']).rows:,} ratings", "", *table(figures)]


def _parts(paired: Costs, once: Mapping[str, Cost]) -> list[str]:
    lines = [
        "",
        *_prose(
            """Where the seconds go, by medians. "Arrays" is one row a shopper and product with its weight;
            the fit of the rating SVD includes popularity, content, the questions to new shoppers and how far
            short histories lean on popularity."""
        ),
        "",
        "| | load | arrays | fit | publish | together | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("ratings", "ratings-plain", "version"):
        costs = paired[name]
        each = [
            statistics.median(cost.parts[part] for cost in costs)
            for part in ("load", "arrays", "fit", "publish")
        ]
        told = " | ".join(f"{seconds:.2f} s" for seconds in each)
        peak = statistics.median(cost.peak_mb for cost in costs)
        whole = statistics.median(cost.seconds for cost in costs)
        lines.append(f"| {LABELS[name]} | {told} | {whole:.2f} s | {peak:.0f} MB |")
    if "training" in once:
        gated = once["training"]
        lines += [
            "",
            *_prose(
                f"""A whole run of the worker, with the gate's evaluation (the candidate and the baselines
                fitted before a cut and measured on all that came after it), once: {gated.seconds:.0f} s
                ({gated.cpu:.0f} s CPU), {gated.peak_mb:.0f} MB."""
            ),
        ]
    return lines


LABELS = {
    "ratings": "rating SVD, the shop's settings",
    "ratings-plain": "rating SVD, Surprise's settings",
    "version": "whole version: SVD as ranker, Bayesian factors for ratings",
}


def _told_errors(errors: Sequence[Mapping[str, float | str]]) -> list[str]:
    if not errors:
        return ["", "The errors on MovieLens were not measured: it takes `--data FOLDER`."]
    lines = [
        "",
        "## The same model",
        "",
        *_prose(
            """Surprise's `SVD()` with its own settings, and the loop with the same, on a random four fifths
            of the ratings; the last fifth predicted as Surprise does. Tests hold every factor to 1e-9."""
        ),
        "",
        "| data | ratings | RMSE Surprise | RMSE own | difference | largest difference of a prediction |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row['data']} | {row['rows']:,} | {row['theirs']:.6f} | {row['own']:.6f} |"
        f" {abs(float(row['own']) - float(row['theirs'])):.1e} | {row['apart']:.1e} |"
        for row in errors
    ]


def _growing(grown: Mapping[int, Mapping[str, Cost]]) -> list[str]:
    lines = [
        "",
        "## How it grows",
        "",
        "![Seconds and memory against ratings](retraining.svg)",
        "",
        *_prose(
            """Seconds, and the peak memory of the process, of which some 140 MB are Python, Django and the
            libraries, and another 110 numba. The slope is that of the line through the logarithms: 1 is
            proportional."""
        ),
        "",
        "| | " + " | ".join(f"{size:,}" for size in grown) + " | slope |",
        "|---|" + "---|" * (len(grown) + 1),
    ]
    for name, label in GROWING.items():
        costs = [each[name] for each in grown.values() if name in each]
        told = " | ".join(
            f"{each[name].seconds:.2f} s, {each[name].peak_mb:.0f} MB" if name in each else "not measured"
            for each in grown.values()
        )
        lines.append(f"| {label} | {told} | {_slopes(costs)} |")
    return lines


def _slopes(costs: Sequence[Cost]) -> str:
    if len(costs) < 2:
        return ""
    seconds, memory = (
        slope({cost.rows: value for cost, value in zip(costs, values, strict=True)})
        for values in ([cost.seconds for cost in costs], [cost.peak_mb for cost in costs])
    )
    return f"{seconds:.2f}, {memory:.2f}"


def _plot(grown: Mapping[int, Mapping[str, Cost]]) -> str:
    def lines(figure: str) -> dict[str, dict[float, float]]:
        return {
            label: {
                costs[name].rows: getattr(costs[name], figure) for costs in grown.values() if name in costs
            }
            for name, label in GROWING.items()
        }

    return growth(
        "Seconds and peak memory of a retraining against ratings",
        [
            Growth("Seconds", "ratings", "seconds", lines("seconds")),
            Growth("Peak memory", "ratings", "MB", lines("peak_mb")),
        ],
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = os.environ.get("DATA")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", default=Path(data) if data else None,
        help="the folder of the data sets; DATA of the environment if not given",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=5, help="rounds of the paired measurements")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep what was measured, to go on from there"
    )
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="the most ratings to try")
    return parser


if __name__ == "__main__":
    main()
