"""Serving over HTTP on the production stack, each figure beside its baseline in the same run.

`python -m benchmarks.serving [--only NAME ...] [--rounds N]` starts PostgreSQL, Redis and gunicorn by
deploy/gunicorn.conf.py with made-up shops, measures, and writes benchmarks/serving.md. What was measured is
kept in benchmarks/serving.json after each row: a run that was broken off, or of some rows, leaves the others.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import django

from benchmarks import asking, busy, growth
from benchmarks.figures import Figure, Kept, table
from benchmarks.load import CONNECTIONS, wrk_program
from benchmarks.stack import PROJECT, CannotMeasureError, Size, Stack, running_stack

TABLE = PROJECT / "benchmarks" / "serving.md"
KEPT = PROJECT / "benchmarks" / "serving.json"
ROUNDS = 5
# A model of fewer epochs than a shop's costs as much to serve from.
SMALL = Size(products=3_706, shoppers=6_040, rows=360_000, epochs=5)
LARGE = Size(products=100_000, shoppers=10_000, rows=600_000, epochs=1)


@dataclass(frozen=True)
class Row:
    """One measurement: on which shop, and what does it."""

    name: str
    size: Size
    measure: Callable[[Stack, int], list[Figure]]


ROWS = (
    Row("cached", SMALL, asking.cached),
    Row("uncached", SMALL, asking.uncached),
    Row("naive", SMALL, asking.naive),
    Row("training", SMALL, busy.during_training),
    Row("large", LARGE, asking.uncached_large),
    Row("naive_large", LARGE, asking.naive_large),
    Row("rating", LARGE, busy.rating_to_list),
    Row("memory", LARGE, busy.memory),
)


def main() -> int:
    names = [row.name for row in ROWS] + [growth.NAME]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of runs, 5 by default")
    asked = parser.parse_args()
    wanted = set(asked.only or names)
    try:
        wrk_program()
        failed: list[str] = []
        for size in (SMALL, LARGE):
            rows = [row for row in ROWS if row.size == size and row.name in wanted]
            failed += _measure(rows, size, asked.rounds)
        if growth.NAME in wanted:
            growth.measure(_say)
    except CannotMeasureError as lack:
        print(lack, file=sys.stderr)
        return 1
    _write()
    print(TABLE.read_text())
    if failed:
        print(f"Not measured: {' '.join(failed)}. Again: --only {' '.join(failed)}", file=sys.stderr)
    return bool(failed)


def _measure(rows: Sequence[Row], size: Size, rounds: int) -> list[str]:
    """The names of those that failed: one that does stops none of the others."""
    failed: list[str] = []
    if not rows:
        return failed
    _say(f"making a shop of {size.products:,} products and {size.shoppers:,} shoppers")
    with running_stack(size) as stack:
        _say(f"made: {stack.made['ratings']:,} ratings, a model fitted in {stack.made['fit_seconds']} s")
        for row in rows:
            _say(f"measuring {row.name}, {rounds} rounds")
            try:
                figures = row.measure(stack, rounds)
            except CannotMeasureError:
                raise
            except Exception:
                traceback.print_exc()
                failed.append(row.name)
                continue
            Kept(KEPT).put(row.name, figures)
            _write()
            for figure in figures:
                _say(f"  {figure.what}: {figure.median:.3g}{figure.unit}, {figure.verdict}; {figure.told}")
    return failed


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _write() -> None:
    known = Kept(KEPT).all()
    figures = [figure for row in ROWS for figure in known.get(row.name, ())]
    TABLE.write_text("\n".join([*_preamble(), "", *table(figures), "", *growth.section(), ""]))


def _preamble() -> list[str]:
    return [
        "# Serving over HTTP",
        "",
        "`make bench` writes this file. Both sides of a ratio run in turn within the same minute; a figure",
        "is the median of the rounds, with the lowest and the highest beside it.",
        "",
        "The stack: PostgreSQL (commits wait for the disk), Redis, `shopreco.settings.prod`, gunicorn by",
        "`deploy/gunicorn.conf.py`, an API key with every request, throttles that count, a JSON log line for",
        "each request. Where requests per second are compared, one web process has a core for itself;",
        f"database, Redis and who asks (wrk, {CONNECTIONS} kept connections, as for the other side) have",
        "the rest. The bare view is Django without middleware that returns the bytes of one of our answers",
        "from memory, by the same gunicorn on the same core. *Not cached*: Redis is emptied before each",
        "round, and no shopper is asked for twice in one.",
        "",
        f"The shops are made up (benchmarks/synthetic.py): {_shop(SMALL)};",
        f"{_shop(LARGE)}. Shoppers have 20 to 160 ratings. The live model is an",
        "SVD of 96 factors, of fewer epochs than a shop would train: that changes what is in the lists, not",
        "what they cost.",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},",
        f"Django {django.__version__}. Not all rows are of one run, nor of one machine: only the sides of",
        "the same row can be compared.",
    ]


def _shop(size: Size) -> str:
    return f"{size.products:,} products and {size.shoppers:,} shoppers"


if __name__ == "__main__":
    sys.exit(main())
