"""What fitting and scoring cost on large made-up catalogues, and what the lists are worth there.

`python -m benchmarks.large_catalogue` measures every algorithm at the sizes of `SIZES`, each in a process of
its own, and writes benchmarks/large_catalogue.md; `--only NAME ...` limits it to some algorithms.
`python -m benchmarks.large_catalogue --write FOLDER --shoppers N --products N --rows N [--popularity X]`
writes such a catalogue as train.csv.gz and test.csv.gz (user,item), for `manage.py evaluate_models`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic import Shop, write
from recommendations.engine.algorithms.catalogue import ALGORITHMS, config_from
from recommendations.engine.evaluation.cuts import ask, latest, some_of
from recommendations.engine.evaluation.report import evaluate
from recommendations.model_table.files import read_feedback, with_numbers
from recommendations.model_table.memory import Peak

PROJECT = Path(__file__).resolve().parent.parent
TABLE = PROJECT / "benchmarks" / "large_catalogue.md"
TEST_SHARE, SEED, K, ASKED = 0.2, 0, 20, 5_000
TOO_LONG = 1_200

SIZES = {
    "1,500 x 1,500": Shop(1_500, 1_500, 75_000),
    "30,000 x 41,000": Shop(30_000, 41_000, 1_010_000),
    "43,000 x 36,000": Shop(43_000, 36_000, 975_000, popularity=0.9),
}
SETTINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("popularity", {}),
    ("item_knn", {}),
    ("graph_filter", {}),
    ("als", {}),
    ("sparse_ease", {}),
    ("ease", {}),
)
"""Algorithm and what differs from its defaults."""


@dataclass(frozen=True)
class Cost:
    """Of one fit and of a list of K for ASKED shoppers. cpu: seconds of all threads together."""

    fit_seconds: float
    fit_cpu: float
    list_seconds: float
    list_cpu: float
    peak_mb: float
    recall: float
    ndcg: float


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.write:
        shop = Shop(arguments.shoppers, arguments.products, arguments.rows, popularity=arguments.popularity)
        for path in write(shop, arguments.write, share=TEST_SHARE, seed=arguments.seed):
            print(path)
    elif arguments.one:
        folder, algorithm, settings = arguments.one
        cost = cost_of(Path(folder), algorithm, json.loads(settings))
        print(json.dumps(dataclasses.asdict(cost)))
    else:
        _measure_all(arguments.only)


def cost_of(folder: Path, algorithm: str, settings: dict[str, Any]) -> Cost:
    """Fits on train.csv.gz of the folder and asks for test.csv.gz, in this process."""
    parts = [read_feedback(folder / name)[0] for name in ("train.csv.gz", "test.csv.gz")]
    learned, later = with_numbers(*parts)
    train = latest(learned)
    test = some_of(ask(train, later, newcomers=True), ASKED, random=np.random.default_rng(SEED))
    chosen = ALGORITHMS[algorithm]
    peak = Peak()
    peak.reset()
    clock, cpu = time.perf_counter(), time.process_time()
    model = chosen.fit(train, config_from(chosen.config_class, settings), seed=SEED, progress=lambda _: None)
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    report = evaluate(model, test, ks=(K,))
    return Cost(
        fitted - clock, fitted_cpu - cpu,
        (time.perf_counter() - fitted) / len(test), (time.process_time() - fitted_cpu) / len(test),
        peak.megabytes, report.values[f"recall@{K}"], report.values[f"ndcg@{K}"],
    )  # fmt: skip


def _measure_all(only: list[str] | None) -> None:
    lines = _preamble()
    with tempfile.TemporaryDirectory() as scratch:
        for name, shop in SIZES.items():
            folder = Path(scratch) / name.replace(" ", "")
            write(shop, folder, share=TEST_SHARE, seed=SEED)
            lines += _heading(name, folder)
            for algorithm, settings in SETTINGS:
                affordable = ALGORITHMS[algorithm].affordable(shop.shoppers, shop.products, shop.rows)
                if affordable and (not only or algorithm in only):
                    row = _row(algorithm, settings, _apart(folder, algorithm, settings))
                    print(row, flush=True)
                    lines.append(row)
                    TABLE.write_text("\n".join(lines) + "\n")
    print(f"Written to {TABLE.relative_to(PROJECT)}.")


def _apart(folder: Path, algorithm: str, settings: dict[str, Any]) -> Cost | str:
    """The cost in a process of its own, so that one fit's memory is not another's; or why there is none."""
    command = [sys.executable, "-m", "benchmarks.large_catalogue", "--one", str(folder), algorithm]
    try:
        done = subprocess.run(
            [*command, json.dumps(settings)], cwd=PROJECT, capture_output=True, text=True, timeout=TOO_LONG
        )
    except subprocess.TimeoutExpired:
        return f"given up after {TOO_LONG} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return Cost(**json.loads(done.stdout))


def _preamble() -> list[str]:
    threads = os.environ.get("OMP_NUM_THREADS") or "as many as cores"
    return [
        "# Large catalogues: seconds, memory and lists",
        "",
        "`make bench-large` writes this file. The shops are made up (benchmarks/synthetic.py, seed 0):",
        "power laws in popularity and activity, tastes for niches in two hierarchies. The seconds and the",
        "memory are telling; the order of the algorithms is that of this kind of data, not of yours.",
        "",
        f"Test: a random {TEST_SHARE:.0%} of each shopper's products; every product a shopper has no",
        f"training row of is ranked for {ASKED:,} of the shoppers. Settings: the defaults but for those",
        "named. Peak memory is that of the whole process, data included.",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy",
        f"{np.__version__}, BLAS threads: {threads}. CPU seconds are those of all threads; where others use",
        "the machine too, they are steadier than the clock's.",
    ]  # fmt: skip


def _heading(name: str, folder: Path) -> list[str]:
    rows = {part: len(read_feedback(folder / f"{part}.csv.gz")[0]) for part in ("train", "test")}
    return [
        "",
        f"## {name}, {rows['train']:,} training rows, {rows['test']:,} test rows",
        "",
        f"| algorithm | fit s (CPU) | ms a list (CPU) | peak MB | Recall@{K} | NDCG@{K} |",
        "|---|---|---|---|---|---|",
    ]


def _row(algorithm: str, settings: dict[str, Any], cost: Cost | str) -> str:
    label = " ".join([algorithm, *(f"{name}={value}" for name, value in settings.items())])
    if isinstance(cost, str):
        return f"| {label} | {cost} | | | | |"
    return (
        f"| {label} | {cost.fit_seconds:.0f} ({cost.fit_cpu:.0f}) | {cost.list_seconds * 1000:.1f} "
        f"({cost.list_cpu * 1000:.1f}) | {cost.peak_mb:,.0f} | {cost.recall:.4f} | {cost.ndcg:.4f} |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(ALGORITHMS))
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--shoppers", type=int, default=30_000)
    parser.add_argument("--products", type=int, default=41_000)
    parser.add_argument("--rows", type=int, default=1_010_000, help="training and test rows together")
    parser.add_argument("--popularity", type=float, default=Shop.popularity, help="exponent of the power law")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
