"""How good the lists and the predicted ratings are on public data, beside published figures.

`python -m benchmarks.accuracy DATA [--only NAME ...] [--budget 600] [--seed 0]`; DATA is a folder with the
files named in `RANKINGS` and `RATINGS` (they may not be redistributed). Every row is one run of the project's
own commands: settings are chosen on parts of the training data, and the test part is measured once. Writes
benchmarks/accuracy.md; with --only, the sections of other data sets stay as they are there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.shop import PROJECT, manage

TABLE = PROJECT / "benchmarks" / "accuracy.md"
RATINGS, RATINGS_NAME = "movielens-100k/u.data", "movielens-100k"
RATINGS_TITLE = f"{RATINGS_NAME}: predicted ratings"
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

NAMES = [*(ranking.name for ranking in RANKINGS), RATINGS_NAME]
INTRODUCTION = """# Accuracy on public data

By `make accuracy DATA=...`, with `--algorithms auto`. Every product the shopper has no training feedback on
is ranked. Brackets are 95 % intervals of resampled shoppers. Settings were chosen on a part of the training
data, in the manner of the test part, which was measured once.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds for each ranking")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="the data sets to measure")
    options = parser.parse_args()
    data: Path = options.data.resolve()
    sections = sections_of(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    with tempfile.TemporaryDirectory(prefix="shopreco-accuracy-") as folder:
        for ranking in RANKINGS:
            if ranking.name in options.only:
                table = _measured(ranking, data, Path(folder), options.budget, options.seed)
                sections[ranking.name] = _section(ranking, table)
                TABLE.write_text(report(sections), encoding="utf-8")
        if RATINGS_NAME in options.only:
            words = manage(Path(folder), "evaluate_ratings", str(data / RATINGS), "--seed", str(options.seed))
            sections[RATINGS_TITLE] = _ratings(words)
            TABLE.write_text(report(sections), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))


def sections_of(text: str) -> dict[str, str]:
    """Title -> what is under it, of a report; the introduction is left out."""
    parts = f"\n{text}".split("\n## ")[1:]
    titled = (part.partition("\n") for part in parts)
    return {title.strip(): body.strip("\n") for title, _, body in titled}


def report(sections: Mapping[str, str]) -> str:
    """The page of the sections there are, in the order of the data sets."""
    titles = [*(ranking.name for ranking in RANKINGS), RATINGS_TITLE]
    own = [f"## {title}\n\n{sections[title]}\n" for title in titles if title in sections]
    return "\n".join([INTRODUCTION, *own])


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


def _ratings(words: str) -> str:
    return "\n".join([f"Published RMSE / MAE: {PUBLISHED_RATINGS}.", "", "```", words.strip(), "```"])


def _section(ranking: Ranking, table: Any) -> str:
    protocol = table["protocol"]
    chosen = next(result for result in table["results"] if result["chosen"])
    rows = [_row(result, ranking.figures) for result in table["results"]]
    lines = [
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
        f"- All in all {protocol['seconds']} s of {protocol['budget_seconds']:.0f}, choosing included, and "
        f"{protocol['peak_mb']:.0f} MB at the most; seed {protocol['seed']}, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}.",
    ]
    return "\n".join(lines)


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
