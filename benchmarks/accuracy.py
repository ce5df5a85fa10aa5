"""How good the lists and the predicted ratings are on public data, beside published figures.

`python -m benchmarks.accuracy DATA [--budget 600] [--seed 0]`; DATA is a folder with the files named in
`RANKINGS` and `RATINGS` (they may not be redistributed). Every row is one run of the project's own commands:
settings are chosen on parts of the training data, and the test part is measured once. Writes
benchmarks/accuracy.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.shop import PROJECT, manage

TABLE = PROJECT / "benchmarks" / "accuracy.md"
RATINGS = "movielens-100k/u.data"
PUBLISHED_RATINGS = "SVD .934 / .737, SVD++ .919 / .721, KNNBaseline .931 / .733 (Surprise)"


@dataclass(frozen=True)
class Ranking:
    """One data set and protocol. arguments: file options of `evaluate_models`, paths inside DATA."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    split: str | None
    k: int
    figures: tuple[str, ...]
    published: str


RANKINGS = (
    Ranking(
        "movielens1m-m1",
        (
            ("--train", "evaluation/movielens1m-m1/train.csv.gz"),
            ("--test", "evaluation/movielens1m-m1/test.csv.gz"),
        ),
        None,
        20,
        ("recall@20", "ndcg@20"),
        "LightGCN .2576 / .2427, UltraGCN .2787 / .2642, SimpleX .2802 / .2670",
    ),
    Ranking(
        "beauty-5core",
        (("--events", "evaluation/beauty-5core/sequences.csv.gz"),),
        "last",
        10,
        ("hit_rate@10", "ndcg@10"),
        "SASRec .0605 / .0318, S3-Rec .0647 / .0327",
    ),
    Ranking(
        "online-retail",
        (("--events", "online-retail/events.csv.gz"),),
        "time:2011-11-09",
        10,
        ("recall@10", "ndcg@10"),
        "none; plain EASE .0636 / .0975",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds for each ranking")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data: Path = options.data.resolve()
    with tempfile.TemporaryDirectory(prefix="shopreco-accuracy-") as folder:
        tables = [
            (ranking, _measured(ranking, data, Path(folder), options.budget, options.seed))
            for ranking in RANKINGS
        ]
        ratings = manage(Path(folder), "evaluate_ratings", str(data / RATINGS), "--seed", str(options.seed))
    report = _report(tables, ratings, options.budget, options.seed)
    TABLE.write_text(report, encoding="utf-8")
    print(report)


def _measured(ranking: Ranking, data: Path, folder: Path, budget: float, seed: int) -> Any:
    out = folder / f"{ranking.name}.json"
    arguments = [part for option, path in ranking.arguments for part in (option, str(data / path))]
    if ranking.split is not None:
        arguments += ["--split", ranking.split]
    print(
        manage(
            folder, "evaluate_models", *arguments, "--k", str(ranking.k), "--budget", str(budget),
            "--seed", str(seed), "--json", str(out),
        )
    )  # fmt: skip
    return json.loads(out.read_text())


def _report(tables: list[tuple[Ranking, Any]], ratings: str, budget: float, seed: int) -> str:
    lines = [
        "# Accuracy on public data",
        "",
        f"By `make accuracy DATA=...`, `--algorithms auto`, seed {seed}, a budget of {budget:.0f} s for each",
        f"data set, choosing included; {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}. Every product the shopper has no training feedback on is ranked.",
        "Brackets are 95 % intervals of resampled shoppers. Settings were chosen on a part of the training",
        "data, in the manner of the test part, which was measured once.",
        "",
    ]
    for ranking, table in tables:
        lines += _section(ranking, table)
    lines += ["## movielens-100k: predicted ratings", "", f"Published RMSE / MAE: {PUBLISHED_RATINGS}.", ""]
    lines += ["```", ratings.strip(), "```", ""]
    return "\n".join(lines)


def _section(ranking: Ranking, table: Any) -> list[str]:
    protocol = table["protocol"]
    chosen = next(result for result in table["results"] if result["chosen"])
    rows = [_row(result, ranking.figures) for result in table["results"]]
    return [
        f"## {ranking.name}",
        "",
        f"{protocol['split']}: {protocol['train_rows']:,} training rows, {protocol['products']:,} products, "
        f"{protocol['test_shoppers']:,} shoppers asked.",
        f"Published: {ranking.published}.",
        "",
        f"| | {' | '.join(ranking.figures)} | fit s | score s | MB |",
        "|---|" + "---|" * (len(ranking.figures) + 3),
        *rows,
        "",
        f"- Chosen: {chosen['algorithm']}, `{json.dumps(chosen['config'])}`.",
        f"- How: {chosen['chosen_by']}; {protocol['trials']} trials of all algorithms.",
        f"- All in all {protocol['seconds']} s, {protocol['peak_mb']:.0f} MB at the most.",
        "",
    ]


def _row(result: Any, figures: tuple[str, ...]) -> str:
    name = f"**{result['algorithm']}** (chosen)" if result["chosen"] else result["algorithm"]
    values = " | ".join(_shown(result["metrics"][figure]) for figure in figures)
    return (
        f"| {name} | {values} | {result['fit_seconds']:.1f} | {result['score_seconds']:.1f} "
        f"| {result['peak_mb']:.0f} |"
    )


def _shown(estimate: Any) -> str:
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"


if __name__ == "__main__":
    main()
